package client

import (
	"crypto/sha256"
	"slices"
	"sync/atomic"

	"github.com/ashlar-da/ashlar/da"
)

// signedTx is a transaction that was signed, without its blobs.
type signedTx struct {
	address string // who signed
	account Account
	fees    Fees
	since   uint64 // a height of the chain before it was signed: no block up to there has it
	raw     []byte
}

// id is what users know the transaction by.
func (s *signedTx) id() Hex {
	hash := sha256.Sum256(s.raw)
	return hash[:]
}

// flight is a submission on its way. prepared and what is said to be the lane's is guarded by
// the mutex of its lane, whose goroutine alone changes it.
type flight struct {
	sub      *Submission
	prepared *Prepared

	// since and signer are set before the tracker knows the flight, and stay.
	since  uint64
	signer [da.AddressSize]byte
	// absent is the height up to which no block after since has it, as verified.
	absent atomic.Uint64

	signed    *signedTx // the lane's: the newest transaction, nil before the first
	sent      bool      // the lane's: a node has it, as far as known
	doubtful  bool      // the lane's: a node may have taken it, this transaction or one before it
	checkedAt uint64    // the lane's: height at which it was last known to wait in a mempool
	refusals  int       // the lane's: refusals of its sequence one after another
}

// take goes on from a transaction that was signed before.
func (f *flight) take(signed *signedTx) {
	f.signed, f.since = signed, signed.since
	f.absent.Store(signed.since)
	f.signer, _ = da.ParseAddress(signed.address) // as the signer wrote it
}

// sequence is that of the newest transaction.
func (f *flight) sequence() uint64 { return f.signed.account.Sequence }

// envelope is what a node is handed.
func (f *flight) envelope() []byte {
	e := da.Envelope{Tx: f.signed.raw, Blobs: f.prepared.data, Proofs: f.prepared.proofs}
	return e.Encode()
}

// passed is what is known of an account's sequence: it was beyond below at a height.
type passed struct {
	below, height uint64
}

// isDead tells whether no transaction of the flight can be included any more, so that it may
// be signed at another sequence. It is absent from all blocks up to where either its last
// transaction expires, or its sequence was used up, as the account's final transactions show.
// That it was used up is otherwise a node's word, which counts only where headers are taken on
// it too: where they are not, said is empty.
func (f *flight) isDead(proven, said passed) bool {
	absent := f.absent.Load()
	expires := f.signed.fees.Expires
	return expires > 0 && absent >= expires ||
		f.sequence() < proven.below && absent >= proven.height ||
		f.sequence() < said.below && absent >= said.height
}

// posts returns the transaction whose entries in a namespace are this flight's, no more and
// no fewer, if there is one that is not taken.
func (f *flight) posts(entries []da.Entry, namespace da.Namespace, taken map[uint32]bool) (uint32, bool) {
	for i := range entries {
		tx := entries[i].Transaction
		if entries[i].Signer == f.signer && !taken[tx] && f.matches(entries, namespace, tx) {
			return tx, true
		}
	}
	return 0, false
}

// matches tells whether the entries of a transaction in a namespace are this flight's. Within
// one transaction they are in the order of its blobs.
func (f *flight) matches(entries []da.Entry, namespace da.Namespace, tx uint32) bool {
	var want, have []da.BlobID
	for i := range f.sub.infos {
		if f.sub.infos[i].Namespace == namespace {
			want = append(want, f.sub.infos[i].ID())
		}
	}
	for i := range entries {
		if entries[i].Transaction == tx && entries[i].Signer == f.signer {
			have = append(have, entries[i].ID)
		}
	}
	return slices.Equal(want, have)
}
