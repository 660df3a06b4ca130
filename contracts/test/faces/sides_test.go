package faces

import (
	"errors"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
)

// bothSides holds what a contract refuses against what package da says of the same.
type bothSides struct {
	*testing.T
	client, blobs *evm.Contract
}

// certificate wants a certificate refused by the light client, and under a set.
func (s *bothSides) certificate(name string, c *da.Certificate, set *da.AttesterSet, onEthereum string, here error) {
	s.Helper()
	_, err := s.client.CallRaw(s.client.Pack(s, "verify", committee.Args(s, c)...))
	s.named(name, s.client, err, onEthereum, c.Verify(committee.ChainID, set), here)
}

// named wants errors of these names.
func (s *bothSides) named(name string, c *evm.Contract, on error, onEthereum string, have, here error) {
	s.Helper()
	if on == nil || errorName(c, on) != onEthereum {
		s.Errorf("%s: Ethereum says %v, want %s", name, on, onEthereum)
	}
	if !errors.Is(have, here) {
		s.Errorf("%s: package da says %v, want %v", name, have, here)
	}
}

// placed is a blob at a height, with everything that may be wrong.
type placed struct {
	height   uint64
	dataRoot [32]byte
	proof    *da.HistoryProof
	tree     da.BlobTreeProof
}

// place wants a blob of a height refused, with one thing wrong.
func (s *bothSides) place(name string, h *history, wrong func(*placed), onEthereum string, here error) {
	s.Helper()
	const height = 12
	id := blockAt(height).infos()[1].ID()
	p := &placed{height: height}
	dataRoot, blobTreeRoot := blockAt(height).roots()
	p.dataRoot = dataRoot
	var err error
	if p.proof, err = da.ProveHistory(h.leaves, height); err != nil {
		s.Fatal(err)
	}
	if p.tree, err = da.ProveBlob(blockAt(height).Square.Index.IDs(), id); err != nil {
		s.Fatal(err)
	}
	wrong(p)
	place := calldata.NewPlace(p.height, p.dataRoot, blobTreeRoot, p.proof)
	_, onChain := s.blobs.CallRaw(s.blobs.Pack(s, "requireBlob", h.root, place, id, [][32]byte(p.tree)))
	have := p.proof.Verify(h.root, h.newest, p.height, da.HistoryLeaf(p.height, p.dataRoot, blobTreeRoot))
	if have == nil {
		have = p.tree.Verify(blobTreeRoot, id)
	}
	if here != nil {
		s.named(name, s.blobs, onChain, onEthereum, have, here)
	} else if onChain != nil || have != nil {
		s.Errorf("%s: Ethereum says %v, package da %v", name, onChain, have)
	}
}

// TestBothSides: a wrong key, a stale set, a height never attested, what is of a fork, and proofs cut short have a name on Ethereum and in
// package da alike.
func TestBothSides(t *testing.T) {
	w := newWorld(t)
	const newest = 13
	h := w.attest(t, newest)
	s := &bothSides{t, w.client, w.deploy(t, "AshlarBlobs", newest)}
	a := h.certificate.Attestation

	others := committee.New(t, 0, w.committee.Time)
	for i := range attesters {
		others.Add(t, 1000+i, 1_000_000)
	}
	s.certificate("wrong keys", others.Certify(t, &a), w.committee.Set, "WrongSignature", da.ErrInvalidSignature)
	fork := a
	fork.DataRoot[0] ^= 1
	s.certificate("a fork that a quarter signed", w.committee.Certify(t, &fork, 1, 2, 3), w.committee.Set, "NoQuorum", da.ErrNoQuorum)
	forked := *h.certificate
	forked.DataRoot[0] ^= 1
	s.certificate("a fork under the chain's signature", &forked, w.committee.Set, "WrongSignature", da.ErrInvalidSignature)

	s.place("valid", h, func(*placed) {}, "", nil)
	s.place("a height not attested yet", h, func(p *placed) { p.height = newest + 1 }, "HeightNotInHistory", da.ErrInvalidProof)
	s.place("a block of a fork", h, func(p *placed) { p.dataRoot[0] ^= 1 }, "NotInHistory", da.ErrInvalidProof)
	s.place("a history cut", h, func(p *placed) { p.proof.Path = p.proof.Path[1:] }, "HistoryProofLength", da.ErrInvalidProof)
	s.place("a tree cut", h, func(p *placed) { p.tree = p.tree[:1] }, "NotInBlobTree", da.ErrInvalidProof)

	first := w.committee
	for range 2 {
		next := w.committee.Next()
		w.Sleep(t, 25*time.Hour)
		w.Commit()
		w.client.Send(t, "rotate", w.committee.RotateArgs(t, next, w.committee.HandOver(t, next))...)
		w.committee = next
	}
	stale := first.Certify(t, first.Attestation(t, newest, w.Now(t)))
	s.certificate("a stale set", stale, w.committee.Set, "WrongEpoch", da.ErrMismatch)
}
