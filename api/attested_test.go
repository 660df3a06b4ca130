package api

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// fakeAttestations knows heights 1 to 5, of which 3 and 5 have certificates, and epochs 0 and 1.
type fakeAttestations struct {
	sets    [2]*da.AttesterSet
	secrets []*da.AttestationSecret

	mu      sync.Mutex
	certs   map[uint64]*da.Certificate // guarded by mu
	changed chan struct{}              // closed with each certificate; guarded by mu
}

func newAttestations() *fakeAttestations {
	f := &fakeAttestations{certs: make(map[uint64]*da.Certificate), changed: make(chan struct{})}
	random := rand.NewChaCha8([32]byte{1})
	var attesters []da.Attester
	for i := range byte(4) {
		f.secrets = append(f.secrets, must(da.NewAttestationSecret(random)))
		attesters = append(attesters, da.Attester{Operator: [da.AddressSize]byte{i + 1}, Key: f.secrets[i].Key(), Power: 10})
	}
	f.sets = [2]*da.AttesterSet{{Epoch: 0, Attesters: attesters, Total: 41}, {Epoch: 1, Attesters: attesters[:3], Total: 30}}
	f.certify(3)
	f.certify(5)
	return f
}

// history is that of heights 1 to 5.
func history() (leaves [][da.HashSize]byte, roots [][da.HashSize]byte) {
	var grown da.History
	for height := uint64(1); height <= 5; height++ {
		leaves = append(leaves, da.HistoryLeaf(height, [32]byte{1, byte(height)}, [32]byte{2, byte(height)}))
		grown = grown.Append(leaves[height-1])
		roots = append(roots, grown.Root())
	}
	return leaves, roots
}

func (f *fakeAttestations) attestation(height uint64) *da.Attestation {
	_, roots := history()
	return &da.Attestation{
		ChainID: "test-1", SetHash: must(f.sets[0].Hash()), Height: height, Time: 1767323045, HeaderHash: [32]byte{3, byte(height)},
		DataRoot: [32]byte{1, byte(height)}, BlobTreeRoot: [32]byte{2, byte(height)}, HistoryRoot: roots[height-1],
	}
}

// sign has the first three of the set sign.
func (f *fakeAttestations) sign(digest [32]byte) (signers da.Signers, _ da.AttestationSignature) {
	var signatures []da.AttestationSignature
	for i := range 3 {
		signers.Add(i)
		signatures = append(signatures, must(f.secrets[i].Attest(digest)))
	}
	return signers, must(da.AggregateSignatures(signatures))
}

func (f *fakeAttestations) certify(height uint64) {
	c := &da.Certificate{Attestation: *f.attestation(height)}
	c.Signers, c.Signature = f.sign(c.Digest())
	f.mu.Lock()
	defer f.mu.Unlock()
	f.certs[height] = c
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeAttestations) Certificate(_ context.Context, height uint64) (*da.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if height == 0 {
		height = 5
	}
	switch {
	case height == 1:
		return nil, fmt.Errorf("%w: certificate of height 1", da.ErrPruned)
	case height > 5:
		return nil, fmt.Errorf("%w: height %d", da.ErrFutureHeight, height)
	case f.certs[height] == nil:
		return nil, fmt.Errorf("%w: height %d", ErrNotAttested, height)
	}
	return f.certs[height], nil
}

func (f *fakeAttestations) Covering(ctx context.Context, height uint64) (*da.Certificate, error) {
	for ; height <= 5; height++ {
		if c, err := f.Certificate(ctx, height); err == nil {
			return c, nil
		}
	}
	return nil, ErrNotAttested
}

func (f *fakeAttestations) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *fakeAttestations) CurrentEpoch(context.Context) (uint64, error) { return 1, nil }

func (f *fakeAttestations) Attesters(_ context.Context, epoch uint64) (*da.AttesterSet, uint64, error) {
	if epoch > 1 {
		return nil, 0, fmt.Errorf("%w: epoch %d", da.ErrFutureHeight, epoch)
	}
	return f.sets[epoch], 1767300000 * epoch, nil
}

func (f *fakeAttestations) Rotation(_ context.Context, epoch uint64) (*da.SignedRotation, error) {
	if epoch > 0 {
		return nil, fmt.Errorf("%w: the rotation of epoch %d", ErrNotAttested, epoch)
	}
	r := &da.SignedRotation{Rotation: da.Rotation{ChainID: "test-1", SetHash: must(f.sets[0].Hash()), NextHash: must(f.sets[1].Hash()), Time: 1767300000}}
	r.Signers, r.Signature = f.sign(r.Digest())
	return r, nil
}

func (f *fakeAttestations) History(_ context.Context, height, newest uint64) (of, in *da.Attestation, proof *da.HistoryProof, err error) {
	leaves, _ := history()
	if newest > 5 {
		return nil, nil, nil, fmt.Errorf("%w: height %d", da.ErrFutureHeight, newest)
	}
	proof, err = da.ProveHistory(leaves[:newest], height)
	return f.attestation(height), f.attestation(newest), proof, err
}

func attestedConfig() Config {
	config := fullConfig(newSquares(), new(fakeSubmitter))
	config.Full.Attestations = newAttestations()
	return config
}

func attestedRequests() []request {
	blobs := "/v1/blobs?namespace=" + goodNamespace
	return []request{
		get("/v1/certificates/3", 200, ""),
		get("/v1/certificates/latest", 200, ""),
		get("/v1/certificates/4", 404, CodeNotAttested),
		get("/v1/certificates/4?wait=1ms", 404, CodeNotAttested),
		get("/v1/certificates/1", 410, CodePruned),
		get("/v1/certificates/6", 404, CodeFutureHeight),
		get("/v1/certificates/6?wait=1ms", 404, CodeFutureHeight),
		get("/v1/certificates/0", 400, CodeBadRequest),
		get("/v1/certificates/newest", 400, CodeBadRequest),
		get("/v1/certificates/3?wait=1h", 400, CodeBadRequest),
		get("/v1/certificates/3?wait=-1s", 400, CodeBadRequest),
		get("/v1/certificates/3?wait=soon", 400, CodeBadRequest),
		get("/v1/attesters/0", 200, ""),
		get("/v1/attesters/current", 200, ""),
		get("/v1/attesters/2", 404, CodeFutureHeight),
		get("/v1/attesters/x", 400, CodeBadRequest),
		get("/v1/rotations/0", 200, ""),
		get("/v1/rotations/1", 404, CodeNotAttested),
		get("/v1/rotations/x", 400, CodeBadRequest),
		get("/v1/history/2?newest=3", 200, ""),
		get("/v1/history/3", 200, ""),
		get("/v1/history/4?newest=3", 400, CodeBadRequest),
		get("/v1/history/4?newest=6", 404, CodeFutureHeight),
		get("/v1/history/x", 400, CodeBadRequest),
		post(blobs+"&wait=attested", "a blob", 200, ""),
		post("/v1/txs?wait=attested", "\x0aplain", 200, ""),
		post("/v1/txs?wait=attested", "\x0aknown", 200, ""),
	}
}

func TestAttestedAnswers(t *testing.T) {
	checkTranscript(t, newHandler(t, attestedConfig()), "attested", attestedRequests())
}

// TestCertificatesAreWhatTheySay verifies an answer with nothing but the answers.
func TestCertificatesAreWhatTheySay(t *testing.T) {
	h := newHandler(t, attestedConfig())
	var shown Certificate
	var set AttesterSet
	var proven History
	for path, answer := range map[string]any{"certificates/latest": &shown, "attesters/0": &set, "history/2": &proven} {
		if err := json.Unmarshal(ask(h, "GET", "/v1/"+path, nil).Body.Bytes(), answer); err != nil {
			t.Fatal(err)
		}
	}
	read := &da.AttesterSet{Epoch: set.Epoch, Total: set.Total}
	for _, a := range set.Attesters {
		read.Attesters = append(read.Attesters, da.Attester{Operator: must(da.ParseAddress(a.Operator)), Key: da.AttestationKey(a.Key), Power: a.Power})
	}
	if hash, err := read.Hash(); err != nil || !bytes.Equal(hash[:], set.Hash) {
		t.Fatalf("the set has hash %x: %v", hash, err)
	}
	c := must(da.DecodeCertificate(shown.Certificate))
	if err := c.Verify("test-1", read); err != nil {
		t.Error(err)
	}
	if digest := c.Digest(); !bytes.Equal(shown.Digest, digest[:]) || shown.SignedPower != 30 || shown.TotalPower != 41 || shown.Height != c.Height {
		t.Errorf("the certificate is shown as %+v", shown)
	}
	proof := da.HistoryProof{Right: [32]byte(proven.Right)}
	for _, node := range proven.Path {
		proof.Path = append(proof.Path, [32]byte(node))
	}
	for _, node := range proven.Left {
		proof.Left = append(proof.Left, [32]byte(node))
	}
	leaf := da.HistoryLeaf(proven.Height, [32]byte(proven.DataRoot), [32]byte(proven.BlobTreeRoot))
	if err := proof.Verify(c.HistoryRoot, proven.Newest, proven.Height, leaf); err != nil || proven.Newest != c.Height {
		t.Errorf("newest %d: %v", proven.Newest, err)
	}
}

// TestCertificatesAreWaitedFor: a request that waits is answered once there is a certificate, and
// one that waited in vain says what is missing.
func TestCertificatesAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := attestedConfig()
		attested := config.Full.Attestations.(*fakeAttestations)
		h := newHandler(t, config)
		started := time.Now()
		go func() {
			time.Sleep(3 * time.Second)
			attested.certify(5) // another, which does not help
			time.Sleep(time.Second)
			attested.certify(4)
		}()
		if w := ask(h, "GET", "/v1/certificates/4?wait=9s", nil); w.Code != http.StatusOK || time.Since(started) != 4*time.Second {
			t.Errorf("after %v: %d %s", time.Since(started), w.Code, w.Body)
		}
	})
}

// TestWaitingLeavesRoomForReads: of the reads in flight a quarter may wait for certificates; the next is told at once that
// there is none, and other reads are answered.
func TestWaitingLeavesRoomForReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := attestedConfig()
		config.MaxRequests = 8
		h := newHandler(t, config)
		var waiting sync.WaitGroup
		for range 2 {
			waiting.Go(func() { ask(h, "GET", "/v1/certificates/4?wait=9s", nil) })
		}
		synctest.Wait()
		started := time.Now()
		for range 20 {
			if w := ask(h, "GET", "/v1/certificates/4?wait=9s", nil); w.Code != http.StatusNotFound || !bytes.Contains(w.Body.Bytes(), []byte(CodeNotAttested)) {
				t.Errorf("one too many that waits: %d %s", w.Code, w.Body)
			}
			if w := ask(h, "GET", "/v1/status", nil); w.Code != http.StatusOK {
				t.Errorf("another read: %d %s", w.Code, w.Body)
			}
		}
		if took := time.Since(started); took != 0 {
			t.Errorf("they took %v", took)
		}
		waiting.Wait()
		started = time.Now()
		ask(h, "GET", "/v1/certificates/4?wait=9s", nil)
		if took := time.Since(started); took != 9*time.Second {
			t.Errorf("after the others one waits %v", took)
		}
	})
}

// TestPostsWaitForCertificates: a post that waits for attested ends when its block is covered, or
// names the height that is not.
func TestPostsWaitForCertificates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := attestedConfig()
		attested := config.Full.Attestations.(*fakeAttestations)
		delete(attested.certs, 5)
		config.WriteTimeout = 20 * time.Second
		h := newHandler(t, config)
		path := "/v1/blobs?namespace=" + goodNamespace + "&wait=attested"
		w := ask(h, "POST", path, []byte("a blob"))
		checkError(t, post(path, "a blob", 404, CodeNotAttested), w.Body.Bytes(), w.Header().Get("X-Request-Id"))
		go func() {
			time.Sleep(time.Second)
			attested.certify(5)
		}()
		var receipt BlobReceipt
		if err := json.Unmarshal(ask(h, "POST", path, []byte("a blob")).Body.Bytes(), &receipt); err != nil {
			t.Fatal(err)
		}
		if receipt.Status != StatusAttested || receipt.Height != 5 || receipt.CertificateHeight != 5 {
			t.Errorf("receipt %+v of %s", receipt, hex.EncodeToString(receipt.Tx))
		}
	})
}
