package fullnode

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// newAttester creates the home of a validator of a chain with short epochs.
func newAttester(t *testing.T) Config {
	t.Helper()
	return newValidatorWith(t, encodingOf(t).ShortEpochs)
}

// waitCertificate returns the certificate of a height of a node.
func (n *runningNode) waitCertificate(t *testing.T, height uint64) *da.Certificate {
	t.Helper()
	for deadline := time.After(patience); ; {
		changed := n.attesting.Changed()
		found, err := n.attesting.CertificateOf(height)
		if err == nil {
			return found
		}
		if !errors.Is(err, attesting.ErrNotAttested) && !errors.Is(err, da.ErrFutureHeight) {
			t.Fatal(err)
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("no certificate of height %d: %v; %+v", height, err, n.attesting.Status())
		}
	}
}

// TestOneValidatorAttests: each height gets a certificate that verifies without a node, also at a node
// that is no validator; a posted blob is covered, sets hand over, and a restart changes no signature.
func TestOneValidatorAttests(t *testing.T) {
	cfg := newAttester(t)
	validator := startNode(t, cfg)
	validator.waitStored(t, 1)
	follower := startNode(t, newFollower(t, validator))
	if _, err := follower.host.Connect(t.Context(), validator.Addresses()[0]); err != nil {
		t.Fatal(err)
	}
	c := newTestClient(t, validator)
	posted, err := c.Post(t.Context(), testBlob(t, 1, 500), client.Attested)
	if err != nil {
		t.Fatal(err)
	}
	if posted.Status != string(client.Attested) || posted.CertificateHeight < posted.Height {
		t.Errorf("posted is %+v", posted)
	}
	for height := uint64(1); height <= 25; height++ {
		found := validator.waitCertificate(t, height)
		set, err := validator.app.AttesterSet(found.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		if err := found.Verify(testChain, set); err != nil {
			t.Errorf("height %d: %v", height, err)
		}
	}
	follower.waitCertificate(t, 25)
	if _, err := c.Certificate(t.Context(), 25); err != nil {
		t.Errorf("epoch 1, by way of the rotation of epoch 0: %v", err)
	}
	if block, err := c.Attested(t.Context(), posted.Height); err != nil || uint64(block.Header.Height()) != posted.Height {
		t.Errorf("attested: %v", err)
	}
	before := validator.waitCertificate(t, 25)
	if err := validator.stop(); err != nil {
		t.Fatal(err)
	}
	again := startNode(t, cfg)
	if status, err := (view{again.Node}).Status(t.Context()); err != nil || status.Attestation.Certificate < 25 {
		t.Errorf("after a restart: %+v, %v", status, err)
	}
	if after := again.waitCertificate(t, 25); *after != *before {
		t.Error("the certificate is another after a restart")
	}
	again.waitCertificate(t, again.store.Head()+2)
	if refusal := again.attesting.Status().Refusal; refusal != nil {
		t.Errorf("after a restart it does not attest: %v", refusal)
	}
}

// newTestClient follows the sets from that of epoch 0.
func newTestClient(t *testing.T, n *runningNode) *client.Client {
	t.Helper()
	set, err := n.app.AttesterSet(0)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := set.Hash()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(t.Context(), client.Config{
		URL: "http://" + n.APIAddress(), Sets: client.FollowSets(client.SetAnchor{ChainID: testChain, Hash: hash}), Setup: n.setup,
		HTTP: &http.Client{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestShortRetentionDoesNotAttest: a node that keeps less than the chain's window says so.
func TestShortRetentionDoesNotAttest(t *testing.T) {
	cfg := newAttester(t)
	cfg.Retain = time.Second
	n := startNode(t, cfg)
	n.waitStored(t, 30)
	for n.attesting.Status().Refusal == nil {
		n.waitStored(t, n.store.Head()+1)
	}
	if status := n.attesting.Status(); status.Refusal.Reason != attesting.RetainShort {
		t.Errorf("status %+v", status)
	}
	if _, err := (attestations{n.Node}).Certificate(t.Context(), 20); !errors.Is(err, api.ErrNotAttested) {
		t.Errorf("a certificate: %v", err)
	}
}

// liar is a node's state that answers otherwise than what its hash commits to.
type liar struct {
	chainState
	lie         func(*da.Attestation)
	lieOfTheSet func(*da.Rotation)
}

func (l liar) Attestation(height uint64) (*da.Attestation, error) {
	a, err := l.chainState.Attestation(height)
	if err == nil {
		l.lie(a)
	}
	return a, err
}

func (l liar) Rotation(epoch uint64) (*da.Rotation, error) {
	r, err := l.chainState.Rotation(epoch)
	if err == nil {
		l.lieOfTheSet(r)
	}
	return r, err
}

// TestAStateThatLiesSignsNothing: a signer over a node's real blocks, whose state answers a wrong epoch, set or history, refuses and says
// which, and signs nothing in conflict later: the journal has heard nothing of it.
func TestAStateThatLiesSignsNothing(t *testing.T) {
	cfg := newAttester(t)
	n := startNode(t, cfg)
	n.waitCertificate(t, 23) // of epoch 1: those before and after it have sets, too
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, cfg) // its own journal is in use
	secret, err := attesting.LoadSecret(AttestationKeyFile(cfg.Comet.RootDir))
	if err != nil {
		t.Fatal(err)
	}
	journal, err := attesting.OpenJournal(filepath.Join(t.TempDir(), "attested"), testChain)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = journal.Close() }()
	height, truth := n.store.Contiguous(), chainState{n.app, n.headers}
	sign := func(chain attesting.Chain, epoch func(uint64) uint64) (err error) {
		signer := attesting.NewSigner(chain, n.store, journal, 0, secret)
		if epoch == nil {
			_, err = signer.Height(height)
		} else {
			_, err = signer.Rotation(epoch(height))
		}
		return err
	}
	for name, lie := range map[string]func(*da.Attestation){
		"epoch":   func(a *da.Attestation) { a.Epoch-- },
		"set":     func(a *da.Attestation) { a.SetHash[0]++ },
		"history": func(a *da.Attestation) { a.HistoryRoot[0]++ },
	} {
		requireUnconfirmed(t, name, sign(liar{chainState: truth, lie: lie}, nil))
	}
	first := func(uint64) uint64 { return 0 }
	for name, lie := range map[string]func(*da.Rotation){
		"next set": func(r *da.Rotation) { r.NextHash[0]++ },
		"epoch":    func(r *da.Rotation) { r.SetHash[0]++ },
	} {
		requireUnconfirmed(t, name, sign(liar{chainState: truth, lieOfTheSet: lie}, first))
	}
	if err := errors.Join(sign(truth, nil), sign(truth, first)); err != nil {
		t.Errorf("the truth: %v", err)
	}
}

func requireUnconfirmed(t *testing.T, name string, err error) {
	t.Helper()
	var refusal *attesting.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != attesting.Unconfirmed || !strings.Contains(err.Error(), name) {
		t.Errorf("%s: %v", name, err)
	}
}

// TestAHeaderConfirmsWhatIsSigned corrupts each field of an attestation, of the newest height and of an earlier one.
func TestAHeaderConfirmsWhatIsSigned(t *testing.T) {
	n := startNode(t, newAttester(t))
	n.waitCertificate(t, 3)
	state := chainState{n.app, n.headers}
	for name, corrupt := range map[string]func(*da.Attestation){
		"nothing":        func(*da.Attestation) {},
		"height":         func(a *da.Attestation) { a.Height-- },
		"time":           func(a *da.Attestation) { a.Time++ },
		"header hash":    func(a *da.Attestation) { a.HeaderHash[0]++ },
		"data root":      func(a *da.Attestation) { a.DataRoot[0]++ },
		"blob tree root": func(a *da.Attestation) { a.BlobTreeRoot[0]++ },
		"epoch":          func(a *da.Attestation) { a.Epoch++ },
		"set hash":       func(a *da.Attestation) { a.SetHash[0]++ },
		"history root":   func(a *da.Attestation) { a.HistoryRoot[0]++ },
	} {
		for _, height := range []uint64{3, n.store.Contiguous()} {
			a, err := n.app.Attestation(height)
			if err != nil {
				t.Fatal(err)
			}
			corrupt(a)
			if err := state.Confirm(a); errors.Is(err, da.ErrMismatch) != (name != "nothing") {
				t.Errorf("height %d, %s: %v", height, name, err)
			}
		}
	}
}

// TestEvidenceIsWhatTheChainTakes: a validator's attestation of another chain, as this node submits it, is
// punished; and the node's key sends messages.
func TestEvidenceIsWhatTheChainTakes(t *testing.T) {
	cfg := newAttester(t)
	n := startNode(t, cfg)
	n.waitCertificate(t, 2)
	forged, err := n.app.Attestation(2)
	if err != nil {
		t.Fatal(err)
	}
	forged.DataRoot[0]++
	secret, err := attesting.LoadSecret(AttestationKeyFile(cfg.Comet.RootDir))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := secret.Attest(forged.Digest())
	if err != nil {
		t.Fatal(err)
	}
	set, err := n.app.AttesterSet(0)
	if err != nil {
		t.Fatal(err)
	}
	evidence := attesting.Evidence{Attestation: forged, Operators: [][da.AddressSize]byte{set.Attesters[0].Operator}, Signature: signature}
	evidence.Signers.Add(0)
	state, err := view{n.Node}.state()
	if err != nil {
		t.Fatal(err)
	}
	cached, _ := state.CacheContext() // nothing of it stays
	if err := n.app.Keepers.Attest.Punish(cached, chainEvidence(&evidence)); err != nil {
		t.Fatalf("the chain does not take the evidence: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	own, err := RegistrationOf(cfg.Comet.RootDir, set.Attesters[0].Operator) // harmless: the chain's one validator expelled would end the chain
	if err != nil {
		t.Fatal(err)
	}
	id, err := n.poster.execute(ctx, attest.EvidenceGas(1), &attestpb.MsgRegisterAttestationKey{Operator: n.poster.signer.Address(), Key: own.Key[:], Proof: own.Proof[:]})
	if err != nil {
		t.Fatal(err)
	}
	if height, err := (submitter{n.Node}).WaitIncluded(ctx, id); err != nil || height == 0 {
		t.Errorf("the node's message is in no block: %v", err)
	}
	if status, err := (submitter{n.Node}).TxStatus(ctx, id); err != nil || status.Included == nil || status.Included.Code != 0 {
		t.Errorf("it came to %+v, %v", status, err)
	}
}
