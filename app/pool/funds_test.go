package pool

import (
	"errors"
	"fmt"
	"testing"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app/blob"
)

// TestFunds: fees of all that waits are held, whoever signed it, and the latest leave first
// where the payer spends the money otherwise.
func TestFunds(t *testing.T) {
	r := newRoom(t, roomy())
	r.ledger.funds["rich"] = 5000
	r.ledger.allowed[allowance{"rich", "b"}] = 10_000
	granted := func(sequence uint64) *Bid {
		bid := r.bid("b", sequence, 200, 1)
		bid.Payer, bid.Grantee = "rich", "b"
		return bid
	}
	r.enters("own", r.bid("rich", 0, 100, 0))
	r.enters("granted", granted(0))
	r.enters("granted too", granted(1))
	if err := r.enter("one too many", granted(2)); !errors.Is(err, blob.ErrInsufficientFunds) {
		t.Errorf("held are 5000 of 5000: %v", err)
	}
	r.ledger.funds["rich"] = 4999
	r.commit()
	r.requireOffered("granted", "own")
	r.requireStatus("granted too", "evictedfunds")
	r.ledger.allowed[allowance{"rich", "b"}] = 0
	r.commit()
	r.requireOffered("own")
	r.requireStatus("granted", "evictedfunds")
}

// TestAllowanceIsSharedByWhatWaits: what one use may spend is not lent to each of many, and a
// grantee keeps no more of a granter's funds from other uses than the allowance.
func TestAllowanceIsSharedByWhatWaits(t *testing.T) {
	r := newRoom(t, roomy())
	r.ledger.allowed[allowance{"rich", "b"}] = 5000 // each names 2000, and would pay 1010 now
	for sequence, want := range []error{nil, nil, blob.ErrInsufficientFunds} {
		bid := r.bid("b", uint64(sequence), 200, 1)
		bid.Payer, bid.Grantee = "rich", "b"
		if err := r.enter(fmt.Sprint(sequence), bid); !errors.Is(err, want) {
			t.Errorf("transaction %d: have %v want %v", sequence, err, want)
		}
	}
	instead := r.bid("b", 1, 220, 2) // 2200 in place of 2000
	instead.Payer, instead.Grantee = "rich", "b"
	r.enters("in place of the second", instead)
}

// TestSeveralSigners: a transaction stands in the line of each.
func TestSeveralSigners(t *testing.T) {
	r := newRoom(t, roomy())
	joint := func(a, b uint64, perGas int64) *Bid {
		bid := r.plain("a", a, perGas)
		bid.Places = append(bid.Places, Place{"b", b})
		return bid
	}
	r.enters("a0", r.plain("a", 0, 200))
	r.enters("joint", joint(1, 0, 900))
	r.enters("a2", r.plain("a", 2, 900))
	r.enters("b1", r.plain("b", 1, 900))
	r.requireOffered("a0", "joint", "a2", "b1")
	for name, bid := range map[string]*Bid{
		"one of them":       r.plain("b", 0, 2000),
		"other places":      joint(2, 0, 2000),
		"one place is free": joint(1, 2, 2000),
	} {
		if err := r.enter(name, bid); !errors.Is(err, sdkerrors.ErrWrongSequence) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.enters("new joint", joint(1, 0, 2000))
	r.requireOffered("a0", "new joint", "a2", "b1")
	r.ledger.sequences["b"] = 1 // b signs something else
	r.commit()
	r.requireOffered("b1", "a0")
	r.requireStatus("new joint", "evictedsequence")
	r.requireStatus("a2", "evictedpredecessor")
}
