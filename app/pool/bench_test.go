package pool

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/mempool"
)

// full returns a room with as many transactions as there may be, of accounts with fifty each.
func full(b *testing.B) *room {
	b.Helper()
	l := &ledger{height: 1, baseFee: 100, sequences: map[Address]uint64{}, funds: map[Address]int64{}}
	r := &room{Pool: New(DefaultLimits(), func() State { return l }), ledger: l, names: map[string]*Bid{}}
	for i := range uint64(DefaultLimits().Txs) {
		r.insert(b, r.bid(Address(fmt.Sprint("account ", i/50)), i%50, 400, int64(i%97)))
	}
	return r
}

func (r *room) insert(tb testing.TB, bid *Bid) {
	tb.Helper()
	var t tx
	ctx := WithBid(sdk.Context{}.WithContext(context.Background()), bid)
	if err := r.Insert(ctx, &t, mempool.InsertOption{}); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkRefresh holds a full mempool against a new state.
func BenchmarkRefresh(b *testing.B) {
	r := full(b)
	for b.Loop() {
		if err := r.Refresh(r.ledger); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInsertIntoFull has a transaction evict another.
func BenchmarkInsertIntoFull(b *testing.B) {
	r := full(b)
	var n uint64
	for b.Loop() {
		n++
		bid := r.bid(Address(binary.BigEndian.AppendUint64(nil, n)), 0, 1_000_000, 1000+int64(n))
		bid.Offer.Fee = math.NewInt(1_000_000)
		bid.Offer.FeeCap = ptr(100_000)
		r.insert(b, bid)
	}
}

// BenchmarkOrder puts a full mempool in the order in which it is offered.
func BenchmarkOrder(b *testing.B) {
	r := full(b)
	for b.Loop() {
		if n := len(r.order()); n != DefaultLimits().Txs {
			b.Fatalf("%d are offered", n)
		}
	}
}
