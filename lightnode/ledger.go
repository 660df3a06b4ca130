package lightnode

import (
	"encoding/binary"

	"github.com/ashlar-da/ashlar/sampling"
)

// vouching is how a header came to be verified.
type vouching uint8

const (
	vouchedUnknown  vouching = iota // by a version of this node that did not note how
	vouchedByCommit                 // by the signatures of its commit, from a header trusted before
	vouchedByLink                   // by the header above it, which names its hash
	vouchedByTrust                  // it is what the node was told to begin with
)

var vouchings = [...]string{"unknown", "commit", "hash_link", "trust"}

func (v vouching) String() string { return vouchings[v] }

// voucher is how a header was verified: who delivered it, and who else was found to have the same.
type voucher struct {
	By        vouching
	Source    peerRef
	Witnesses []peerRef
}

// asked is what came of asking a peer for the cells of a height, over all times it was asked.
type asked struct {
	Peer                                 peerRef
	Verified, Refused, TimedOut, Garbled int
}

// maxLedger bounds the peers and the witnesses of one height that are told apart.
const maxLedger = 256

func (a *asked) counts() [4]*int { return [4]*int{&a.Verified, &a.Refused, &a.TimedOut, &a.Garbled} }

// add adds what came of asking a peer again.
func (r *record) add(ref peerRef, tally sampling.Tally) {
	for i := range r.Asked {
		if r.Asked[i].Peer == ref {
			a := &r.Asked[i]
			a.Verified, a.Refused = a.Verified+tally.Verified, a.Refused+tally.Refused
			a.TimedOut, a.Garbled = a.TimedOut+tally.TimedOut, a.Garbled+tally.Garbled
			return
		}
	}
	if len(r.Asked) < maxLedger {
		r.Asked = append(r.Asked, asked{ref, tally.Verified, tally.Refused, tally.TimedOut, tally.Garbled})
	}
}

// appendLedger encodes who vouched for the header and who was asked for cells, numbers as
// variable-length integers.
func (r *record) appendLedger(out []byte) []byte {
	out = append(out, byte(r.Voucher.By))
	out = appendUint(out, r.Voucher.Source)
	out = appendUint(out, len(r.Voucher.Witnesses))
	for _, ref := range r.Voucher.Witnesses {
		out = appendUint(out, ref)
	}
	out = appendUint(out, len(r.Asked))
	for i := range r.Asked {
		out = appendUint(out, r.Asked[i].Peer)
		for _, count := range r.Asked[i].counts() {
			out = appendUint(out, *count)
		}
	}
	return out
}

// decodeLedger reads what appendLedger wrote, and returns what follows it.
func (r *record) decodeLedger(in []byte) ([]byte, error) {
	d := &uints{in: in}
	r.Voucher = voucher{By: vouching(d.next(len(vouchings) - 1)), Source: peerRef(d.next(maxDirectory))}
	for range d.next(maxLedger) {
		r.Voucher.Witnesses = append(r.Voucher.Witnesses, peerRef(d.next(maxDirectory)))
	}
	for range d.next(maxLedger) {
		a := asked{Peer: peerRef(d.next(maxDirectory))}
		for _, count := range a.counts() {
			*count = d.next(1 << 30)
		}
		r.Asked = append(r.Asked, a)
	}
	if d.bad {
		return nil, errRecord
	}
	return d.in, nil
}

// uints reads variable-length integers until one is malformed or too large; then all are 0.
type uints struct {
	in  []byte
	bad bool
}

func (d *uints) next(most int) int {
	v, n := binary.Uvarint(d.in)
	if d.bad || n <= 0 || v > uint64(most) {
		d.bad = true
		return 0
	}
	d.in = d.in[n:]
	return int(v)
}
