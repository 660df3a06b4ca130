package lightnode

import (
	"slices"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// TestContradictions has more than two thirds of the validators sign a block whose index is not what
// its transaction rows result in. Whoever takes the index on their word gets what they say, unless
// it contradicts the square too; who recomputes it gets nothing of the block.
func TestContradictions(t *testing.T) {
	t.Parallel()
	s := testSquares(t)
	first := func(entries []da.Entry) int {
		return slices.IndexFunc(entries, func(e da.Entry) bool { return e.Namespace == followedSpace })
	}
	one := func(change func(e *da.Entry)) func([]da.Entry) []da.Entry {
		return func(entries []da.Entry) []da.Entry { change(&entries[first(entries)]); return entries }
	}
	own := func(change func(e *da.Entry)) func([]da.Entry) []da.Entry {
		return func(entries []da.Entry) []da.Entry {
			change(&entries[slices.IndexFunc(entries, func(e da.Entry) bool { return e.OwnRows() > 0 })])
			return entries
		}
	}
	for name, test := range map[string]struct {
		change func([]da.Entry) []da.Entry
		seen   bool // without recomputing the index
	}{
		"a blob is left out": {change: func(entries []da.Entry) []da.Entry { at := first(entries); return slices.Delete(entries, at, at+1) }},
		"all are left out": {change: func(entries []da.Entry) []da.Entry {
			return slices.DeleteFunc(entries, func(e da.Entry) bool { return e.Namespace == followedSpace })
		}},
		"a blob is there twice": {change: func(entries []da.Entry) []da.Entry {
			at := first(entries)
			return slices.Insert(entries, at, entries[at])
		}},
		"two are swapped": {change: func(entries []da.Entry) []da.Entry {
			at := first(entries)
			entries[at], entries[at+1] = entries[at+1], entries[at]
			return entries
		}},
		"another signer":            {change: one(func(e *da.Entry) { e.Signer[0] ^= 1 })},
		"another hash":              {seen: true, change: one(func(e *da.Entry) { e.Keccak256[0] ^= 1 })},
		"another commitment":        {seen: true, change: one(func(e *da.Entry) { e.Commitments = s.poor.Square.Index.Entries[0].Commitments })},
		"other cells":               {seen: true, change: one(func(e *da.Entry) { e.FirstCell++ })},
		"cells of the transactions": {seen: true, change: one(func(e *da.Entry) { e.FirstCell = 0 })},
		"cells beyond the square":   {seen: true, change: one(func(e *da.Entry) { e.FirstCell = uint32(s.rich.Header.K() * 64) })},
		"rows beyond the square":    {seen: true, change: own(func(e *da.Entry) { e.FirstCell = uint32(s.rich.Header.K()*64 - 64) })},
		"another row's commitment": {seen: true, change: own(func(e *da.Entry) {
			e.Commitments = []kzg.Commitment{e.Commitments[1], e.Commitments[0]}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forged := s.rich.forge(test.change)
			chain := newBlobChain(t, forged, s.poor)
			_, host := chain.serveBlobs(t)
			trusting := followConfig(t, chain, host)
			n, _ := start(t, trusting)
			if test.seen {
				awaitContradiction(t, n)
			} else {
				awaitNext(t, n, 3)
				checkFolder(t, trusting.Follow.Out, chain, 2)
			}

			checking := followConfig(t, chain, host)
			checking.Follow.VerifyIndex = true
			n, stop := start(t, checking)
			awaitContradiction(t, n)
			checkFolder(t, checking.Follow.Out, chain, 0)
			if n.host.Banned(host.ID()) {
				t.Error("the peer is banned for what the chain did")
			}
			stop()

			checking.Follow.From = 2 // the owner has read the alarm
			n, _ = start(t, checking)
			awaitNext(t, n, 3)
			chain.squares[0] = nil
			checkFolder(t, checking.Follow.Out, chain, 2)
		})
	}
}

// awaitContradiction waits until the node says that height 1 contradicts itself. The height is
// available: that is another question.
func awaitContradiction(t *testing.T, n *Node) {
	t.Helper()
	rig.Await(t, "an alarm says that the chain contradicts itself", func() bool {
		alarm := status(t, n).Alarm
		return strings.Contains(alarm, "is delivered from height 1 on") && strings.Contains(alarm, "contradicts itself")
	})
	if got := verdict(t, n, 1); got != sampling.Available {
		t.Errorf("height 1 is %v", got)
	}
	if _, err := (followed{n.following}).Namespace(t.Context(), followedSpace, 1); err != nil && api.CodeOf(err) != api.CodeInvalidProof {
		t.Errorf("over HTTP: %v", err)
	}
}
