package pool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"cosmossdk.io/math"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app/blob"
)

// TestWhatIsUnderTheBaseFeeWaits: it is not offered, nor what comes after it, until the price
// falls.
func TestWhatIsUnderTheBaseFeeWaits(t *testing.T) {
	r := newRoom(t, roomy())
	r.enters("low", r.bid("a", 0, 105, 1))
	r.enters("after", r.bid("a", 1, 300, 50))
	r.enters("other", r.bid("b", 0, 300, 2))
	r.requireOffered("other", "low", "after")
	r.ledger.baseFee = 110
	r.commit()
	r.requireOffered("other")
	r.requireStatus("low", "waiting")
	low, after := r.Status(r.names["low"].ID), r.Status(r.names["after"].ID)
	if low.Priority != -5 || low.Cap != "105" || low.BaseFee != "110" || after.Before != 1 || after.Priority != 50 {
		t.Errorf("have %+v and %+v", low, after)
	}
	r.ledger.baseFee = 90
	r.commit()
	r.requireOffered("other", "low", "after")
	if status := r.Status(r.names["low"].ID); status.Priority != 1 || status.Height != 1 {
		t.Errorf("have %+v", status)
	}
}

func TestNothingWaitsForEver(t *testing.T) {
	r := newRoom(t, roomy())
	r.enters("low", r.bid("a", 0, 105, 1))
	r.enters("after", r.bid("a", 1, 300, 1))
	r.enters("unlucky", r.bid("b", 0, 300, 1))
	r.ledger.baseFee = 110
	for range 5 {
		r.commit()
	}
	r.requireStatus("low", "waiting")
	r.enters("late", r.bid("a", 2, 300, 1))
	r.commit()
	r.requireStatus("low", "evictedage")
	r.requireStatus("unlucky", "evictedage")
	r.requireStatus("after", "evictedpredecessor")
	r.requireStatus("late", "evictedpredecessor")
}

func TestReplacement(t *testing.T) {
	for name, c := range map[string]struct {
		offer blob.Offer
		err   error
	}{
		"ten percent more":  {offerOf(220, 22, 2200), nil},
		"fee cap below":     {offerOf(219, 22, 2200), blob.ErrUnderpriced},
		"tip cap below":     {offerOf(220, 21, 2200), blob.ErrUnderpriced},
		"fee below":         {blob.Offer{BlobGas: 9, Fee: math.NewInt(2199), FeeCap: ptr(220), TipCap: ptr(22)}, blob.ErrUnderpriced},
		"the same":          {offerOf(200, 20, 2000), blob.ErrUnderpriced},
		"plain, enough":     {blob.Offer{BlobGas: 10, Fee: math.NewInt(2200)}, nil},
		"plain, not enough": {blob.Offer{BlobGas: 11, Fee: math.NewInt(2400)}, blob.ErrUnderpriced},
		"beyond the funds":  {offerOf(700, 22, 7000), blob.ErrInsufficientFunds},
	} {
		r := newRoom(t, roomy())
		r.ledger.funds["a"] = 8999 // all three as they are, or one of 6999
		r.enters("before", r.bid("a", 0, 300, 1))
		old := r.bid("a", 1, 200, 20)
		r.enters("old", old)
		r.enters("after", r.bid("a", 2, 300, 9))
		bid := r.bid("a", 1, 0, 0)
		bid.Offer = c.offer
		if err := r.enter("new", bid); !errors.Is(err, c.err) {
			t.Errorf("%s: have %v want %v", name, err, c.err)
		}
		if c.err != nil {
			r.requireStatus("old", "waiting")
			r.requireOffered("before", "old", "after")
			continue
		}
		r.requireOffered("before", "new", "after")
		r.requireStatus("old", "replaced")
		r.requireStatus("after", "waiting")
		if by := r.Status(old.ID).By; by != bid.ID {
			t.Errorf("%s: replaced by %x", name, by[:8])
		}
	}
}

func ptr(n int64) *math.Int {
	i := math.NewInt(n)
	return &i
}

// TestReplacementsAreRare: one place is taken over once between two blocks.
func TestReplacementsAreRare(t *testing.T) {
	r := newRoom(t, roomy())
	r.enters("0", r.bid("a", 0, 200, 0))
	r.enters("1", r.bid("a", 0, 220, 0))
	if err := r.enter("2", r.bid("a", 0, 300, 0)); !errors.Is(err, blob.ErrReplacedLately) {
		t.Fatalf("a second replacement at once: %v", err)
	}
	r.enters("another place", r.bid("a", 1, 300, 0))
	r.commit()
	r.enters("2", r.bid("a", 0, 300, 0))
	r.requireStatus("1", "replaced")
}

func TestSequencesStandInARow(t *testing.T) {
	r := newRoom(t, roomy())
	r.ledger.sequences["a"] = 5
	for _, sequence := range []uint64{0, 4, 6, 1 << 63} {
		if err := r.enter("wrong", r.bid("a", sequence, 200, 1)); !errors.Is(err, sdkerrors.ErrWrongSequence) {
			t.Errorf("sequence %d: %v", sequence, err)
		}
	}
	for sequence := range uint64(3) {
		r.enters(fmt.Sprint(sequence), r.bid("a", 5+sequence, 200, 1))
	}
	if next := r.Pending("a", 5); next != 8 {
		t.Errorf("the next sequence is %d, want 8", next)
	}
	// A block includes the first, and another with the second's sequence.
	r.NoteIncluded(r.names["0"].ID, 2, 3, 0, "")
	r.ledger.sequences["a"] = 7
	r.commit()
	r.requireOffered("2")
	r.requireStatus("0", "included")
	r.requireStatus("1", "evictedsequence")
	if status := r.Status(r.names["0"].ID); status.Height != 2 || status.Index != 3 {
		t.Errorf("have %+v", status)
	}
}

func TestAccountsAreBounded(t *testing.T) {
	limits := roomy()
	limits.AccountTxs, limits.AccountBytes = 3, 45
	r := newRoom(t, limits)
	for sequence := range uint64(3) {
		r.enters("a", r.bid("a", sequence, 200, 1))
	}
	if err := r.enter("fourth", r.bid("a", 3, 900, 800)); !errors.Is(err, blob.ErrAccountLimit) {
		t.Errorf("a fourth: %v", err)
	}
	large := r.bid("a", 1, 900, 800)
	large.Size = 26
	if err := r.enter("large", large); !errors.Is(err, blob.ErrAccountLimit) {
		t.Errorf("a large one in the second's place: %v", err)
	}
	large.Size = 25
	r.enters("as large as may be", large)
	r.enters("another account", r.bid("b", 0, 200, 1))
}

// TestPressure: who offers least makes room, and what may come to nothing displaces nobody.
func TestPressure(t *testing.T) {
	for name, c := range map[string]struct {
		fill  func(r *room)
		enter func(r *room) *Bid
		gone  []string
		cause string
	}{
		"the least tip": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("b", 0, 900, 4)) },
			enter: func(r *room) *Bid { return r.bid("c", 0, 900, 6) }, gone: []string{"y"}, cause: "pressure",
		},
		"the latest of equals": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("b", 0, 900, 5)) },
			enter: func(r *room) *Bid { return r.bid("c", 0, 900, 6) }, gone: []string{"y"}, cause: "pressure",
		},
		"not an equal": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("b", 0, 900, 5)) },
			enter: func(r *room) *Bid { return r.bid("c", 0, 900, 5) },
		},
		"under the base fee before any other": {
			fill: func(r *room) {
				r.enters("x", r.bid("a", 0, 900, 0))
				r.enters("y", r.bid("b", 0, 100, 100))
				r.ledger.baseFee = 101
				r.commit()
			},
			enter: func(r *room) *Bid { return r.bid("c", 0, 101, 0) }, gone: []string{"y"}, cause: "underpriced",
		},
		"what must wait for a low one is as low": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("a", 1, 900, 500)) },
			enter: func(r *room) *Bid { return r.bid("c", 0, 900, 6) }, gone: []string{"y"}, cause: "pressure",
		},
		"room for one takes an account's last": {
			fill: func(r *room) {
				r.enters("x", r.bid("a", 0, 900, 5))
				r.enters("y", r.bid("a", 1, 900, 5))
				r.commit()
				r.enters("new x", r.bid("a", 0, 990, 6)) // its place is the older
			},
			enter: func(r *room) *Bid { return r.bid("c", 0, 900, 7) }, gone: []string{"y"}, cause: "pressure",
		},
		"a large one takes two": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("b", 0, 900, 4)) },
			enter: func(r *room) *Bid { bid := r.bid("c", 0, 900, 6); bid.Size = 20; return bid }, gone: []string{"x", "y"}, cause: "pressure",
		},
		"one behind a low one displaces nobody": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("b", 0, 900, 1)) },
			enter: func(r *room) *Bid { return r.bid("b", 1, 900, 800) },
		},
		"one behind a transfer displaces nobody": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.plain("b", 0, 900)) },
			enter: func(r *room) *Bid { return r.bid("b", 1, 900, 800) },
		},
		"one that expires soon displaces nobody": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("b", 0, 900, 1)) },
			enter: func(r *room) *Bid { bid := r.bid("c", 0, 900, 800); bid.TimeoutHeight = 24; return bid },
		},
		"one that expires later does": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("b", 0, 900, 1)) },
			enter: func(r *room) *Bid { bid := r.bid("c", 0, 900, 800); bid.TimeoutHeight = 25; return bid },
			gone:  []string{"y"}, cause: "pressure",
		},
		"one that blocks have no gas for beside others displaces nobody": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("b", 0, 900, 1)) },
			enter: func(r *room) *Bid { bid := r.plain("c", 0, 90_000); bid.Offer.Gas = 501; return bid },
		},
		"one that is about to expire goes first": {
			fill: func(r *room) {
				r.enters("x", r.bid("a", 0, 900, 5))
				bid := r.bid("b", 0, 900, 6)
				bid.TimeoutHeight = 25
				r.enters("y", bid)
				r.commit()
			},
			enter: func(r *room) *Bid { return r.bid("c", 0, 900, 2) }, gone: []string{"y"}, cause: "pressure",
		},
		"a replacement takes no room": {
			fill:  func(r *room) { r.enters("x", r.bid("a", 0, 900, 5)); r.enters("y", r.bid("b", 0, 800, 1)) },
			enter: func(r *room) *Bid { return r.bid("b", 0, 880, 2) },
		},
	} {
		limits := roomy()
		limits.Txs, limits.Bytes = 2, 20
		r := newRoom(t, limits)
		c.fill(r)
		err := r.enter("new", c.enter(r))
		switch {
		case c.gone == nil && name != "a replacement takes no room" && !errors.Is(err, sdkerrors.ErrMempoolIsFull):
			t.Errorf("%s: have %v want that the mempool is full", name, err)
		case c.gone != nil && err != nil:
			t.Errorf("%s: %v", name, err)
		}
		for _, gone := range c.gone {
			r.requireStatus(gone, "evicted"+c.cause)
		}
	}
}

func TestExpiry(t *testing.T) {
	r := newRoom(t, roomy())
	bid := r.bid("a", 0, 200, 1)
	bid.TimeoutHeight = 3
	r.enters("timed", bid)
	r.commit()
	r.requireStatus("timed", "waiting")
	r.commit()
	r.requireStatus("timed", "evictedexpiry")
}

// TestRefuse: a proposer drops what breaks a rule, unless what must come before may be why.
func TestRefuse(t *testing.T) {
	r := newRoom(t, roomy())
	r.enters("first", r.bid("a", 0, 200, 1))
	r.enters("second", r.bid("a", 1, 200, 1))
	bySeq := r.lines["a"]
	r.Refuse(bySeq[1].tx, errors.New("rule"))
	r.requireStatus("second", "waiting")
	r.Refuse(bySeq[0].tx, errors.New("rule"))
	r.consistent()
	r.requireStatus("first", "evictedrefused")
	r.requireStatus("second", "evictedpredecessor")
}

// TestOutcomesAreBounded: of many, the last are remembered, and refusals, which are anybody's,
// push out no others.
func TestOutcomesAreBounded(t *testing.T) {
	r := newRoom(t, roomy())
	id := func(i int) (id ID) {
		binary.BigEndian.PutUint64(id[:], uint64(1000+i))
		return id
	}
	r.NoteIncluded(id(-1), 7, 0, 0, "")
	for i := range 3 * keptRefused {
		r.NoteRefused(id(i), 1, 2, "sdk", string(make([]byte, 2*maxReason)))
	}
	for i, want := range map[int]Kind{-1: Included, 0: Unknown, 2*keptRefused - 1: Unknown, 2 * keptRefused: Refused, 3*keptRefused - 1: Refused} {
		if have := r.Status(id(i)); have.Kind != want || len(have.Reason) > maxReason {
			t.Errorf("%d is %s, want %s", i, have.Kind, want)
		}
	}
	if have := len(r.history.refused.byID); have != keptRefused {
		t.Errorf("%d refusals are remembered, want %d", have, keptRefused)
	}
	for range 2 * keptRefused { // one of them over and over forgets the others, not itself
		r.NoteRefused(id(0), 2, 2, "sdk", "")
	}
	if len(r.history.refused.byID) != 1 || r.Status(id(0)).Kind != Refused {
		t.Errorf("%d refusals are remembered of one", len(r.history.refused.byID))
	}
}

// TestDisplacingIsBounded: what is displaced stays in CometBFT's mempool until the next block,
// and must not fill it.
func TestDisplacingIsBounded(t *testing.T) {
	limits := roomy()
	limits.Txs = 3
	r := newRoom(t, limits)
	for i := range 3 {
		r.enters(fmt.Sprint("first ", i), r.bid(Address(fmt.Sprint(i)), 0, 900, 1))
	}
	for i := range 3 {
		r.enters(fmt.Sprint("more ", i), r.bid(Address(fmt.Sprint("x", i)), 0, 900, int64(2+i)))
	}
	full := func(name string, bid *Bid) {
		if err := r.enter(name, bid); !errors.Is(err, sdkerrors.ErrMempoolIsFull) {
			t.Errorf("%s: have %v want that the mempool is full", name, err)
		}
	}
	full("one more", r.bid("y", 0, 900, 100))
	full("a replacement", r.bid("x0", 0, 990, 100))
	r.commit()
	r.enters("a replacement", r.bid("x0", 0, 990, 100))
	r.enters("one more", r.bid("y", 0, 900, 100))
}
