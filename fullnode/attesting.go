package fullnode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
	"github.com/ashlar-da/ashlar/p2p"
)

// AttestationKeyFile is where a node's secret key for attestations is, under its home.
func AttestationKeyFile(home string) string { return filepath.Join(home, "config", "attestation_key") }

// replacedSuffix is what the name of the key that it replaced has beside that.
const replacedSuffix = ".old"

// chainState is what attesting asks of the application.
type chainState struct {
	*app.App
	headers *headers
}

var _ attesting.Chain = chainState{}

// Window implements attesting.Chain.
func (c chainState) Window() (uint64, error) {
	params, err := c.AttestationParams()
	return params.Window, err
}

// Confirm implements attesting.Chain. What a header fixes is held against it, the rest against what the headers' hashes of state
// commit to.
func (c chainState) Confirm(a *da.Attestation) error {
	signed, err := c.headers.signed(a.Height)
	if err != nil {
		return err
	}
	proof, err := c.headers.squares.HeaderProof(context.Background(), a.Height)
	if err != nil {
		return err
	}
	header, err := chain.Bind(signed, *proof)
	if err != nil {
		return err
	}
	if err := confirm(a, header); err != nil {
		return err
	}
	return c.ProveAttestation(a, c.headers.appHash)
}

// ConfirmRotation implements attesting.Chain.
func (c chainState) ConfirmRotation(r *da.Rotation) error {
	return c.ProveRotation(r, c.headers.appHash)
}

// confirm fails unless an attestation is of a header that a commit is for, and of its square.
func confirm(a *da.Attestation, header *chain.Header) error {
	signed := header.Signed()
	if hash := signed.Hash(); !bytes.Equal(hash, signed.Commit.BlockID.Hash) || !bytes.Equal(hash, a.HeaderHash[:]) {
		return fmt.Errorf("%w: height %d: state has the header %x, more than two thirds signed %x, and stored is %x: restore this node's data", da.ErrMismatch, a.Height, a.HeaderHash, signed.Commit.BlockID.Hash, hash)
	}
	if uint64(signed.Height) != a.Height || uint64(signed.Time.Unix()) != a.Time {
		return fmt.Errorf("%w: state has height %d at %d, the header height %d at %d: restore this node's data", da.ErrMismatch, a.Height, a.Time, signed.Height, signed.Time.Unix())
	}
	if a.DataRoot != header.DA().DataRoot() || a.BlobTreeRoot != header.DA().BlobTreeRoot {
		return fmt.Errorf("%w: height %d: state has other roots than the block has: restore this node's data", da.ErrMismatch, a.Height)
	}
	return nil
}

// openAttesting prepares what signs and collects attestations.
func (n *Node) openAttesting(context.Context) error {
	archive, err := attesting.OpenArchive(n.cfg.Comet.DBDir(), n.chainID)
	if err != nil {
		return err
	}
	n.closers = append(n.closers, archive.Close)
	signer, err := n.openSigner()
	if err != nil {
		return err
	}
	n.attesting, err = attesting.New(attesting.Config{
		Chain:    chainState{n.app, n.headers},
		Squares:  n.store,
		Archive:  archive,
		Signer:   signer,
		Syncing:  n.comet.ConsensusReactor().WaitSync,
		Publish:  func(ctx context.Context, a p2p.Attested) error { return n.host.Publish(ctx, a) },
		Evidence: n.convict,
		Log:      n.cfg.Log.With("module", "attest"),
	})
	if err != nil {
		return err
	}
	n.abci.attesting = n.attesting
	n.metrics.MustRegister(n.attesting.Metrics()...)
	return nil
}

// openSigner opens the node's attestation key and journal, where it has a key.
func (n *Node) openSigner() (*attesting.Signer, error) {
	secret, err := attesting.LoadSecret(AttestationKeyFile(n.cfg.Comet.RootDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	replaced, err := n.replacedSecrets()
	if err != nil {
		return nil, err
	}
	journal, err := attesting.OpenJournal(n.cfg.path("data", "attested"), n.chainID)
	if err != nil {
		return nil, err
	}
	n.closers = append(n.closers, journal.Close)
	return attesting.NewSigner(chainState{n.app, n.headers}, n.store, journal, n.cfg.Retain, secret, replaced...), nil
}

// replacedSecrets returns the attestation key that the node's replaced, if it is still there: it is the one in the
// sets of the epoch at hand and of the next, which nobody else can sign for.
func (n *Node) replacedSecrets() ([]*da.AttestationSecret, error) {
	secret, err := attesting.LoadSecret(AttestationKeyFile(n.cfg.Comet.RootDir) + replacedSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return []*da.AttestationSecret{secret}, err
}

// certificates gives the proposer what the node has collected.
type certificates struct {
	node *Node
}

var _ app.CertificateSource = certificates{}

// Certificate implements app.CertificateSource.
func (c certificates) Certificate(after, until uint64) *da.Certificate {
	if c.node.attesting == nil { // the application is open, and the rest is not
		return nil
	}
	return c.node.attesting.Certificate(after, until)
}

// attestations answers the API's questions about certificates.
type attestations struct {
	node *Node
}

var _ api.Attestations = attestations{}

// attestedError translates to what the API knows.
func attestedError(err error) error {
	if errors.Is(err, attesting.ErrNotAttested) {
		return fmt.Errorf("%w: %w", api.ErrNotAttested, err)
	}
	return err
}

// Certificate implements api.Attestations.
func (a attestations) Certificate(_ context.Context, height uint64) (*da.Certificate, error) {
	found, err := a.node.attesting.CertificateOf(height)
	return found, attestedError(err)
}

// Covering implements api.Attestations.
func (a attestations) Covering(_ context.Context, height uint64) (*da.Certificate, error) {
	found, err := a.node.attesting.Covering(height)
	return found, attestedError(err)
}

// Changed implements api.Attestations.
func (a attestations) Changed() <-chan struct{} { return a.node.attesting.Changed() }

// CurrentEpoch implements api.Attestations.
func (a attestations) CurrentEpoch(context.Context) (uint64, error) {
	schedule, err := a.node.app.AttestationEpoch()
	return schedule.Epoch, err
}

// Attesters implements api.Attestations.
func (a attestations) Attesters(_ context.Context, epoch uint64) (*da.AttesterSet, uint64, error) {
	set, taken, err := a.node.attesting.Attesters(epoch)
	return set, taken, attestedError(err)
}

// Rotation implements api.Attestations.
func (a attestations) Rotation(_ context.Context, epoch uint64) (*da.SignedRotation, error) {
	found, err := a.node.attesting.SignedRotation(epoch)
	return found, attestedError(err)
}

// History implements api.Attestations.
func (a attestations) History(_ context.Context, height, newest uint64) (of, in *da.Attestation, proof *da.HistoryProof, err error) {
	if of, err = a.node.app.Attestation(height); err != nil {
		return nil, nil, nil, err
	}
	if in, err = a.node.app.Attestation(newest); err != nil {
		return nil, nil, nil, err
	}
	proof, err = a.node.app.HistoryProof(height, newest)
	return of, in, proof, err
}

// addAttestation says how the node attests.
func (v view) addAttestation(status *api.Status) error {
	own := v.node.attesting.Status()
	shown := api.AttestationStatus{
		Attesting: own.Refusal == nil && own.Signed > 0, Signed: own.Signed, Certificate: own.Certificate,
		SignedPower: own.Power, TotalPower: own.Total, Key: api.Hex{},
	}
	if own.Key != nil {
		shown.Key = append(shown.Key, own.Key[:]...)
	}
	if own.Refusal != nil {
		shown.Reason = fmt.Sprintf("%s: %s", own.Refusal.Reason, own.Refusal)
	}
	params, err := v.node.app.AttestationParams()
	if err != nil {
		return err
	}
	schedule, err := v.node.app.AttestationEpoch()
	if err != nil {
		return err
	}
	shown.Epoch, shown.EpochBlocks, shown.Window = schedule.Epoch, schedule.Blocks, params.Window
	status.Attestation = shown
	return nil
}
