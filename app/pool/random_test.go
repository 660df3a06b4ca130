package pool

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"cosmossdk.io/math"
)

// TestRandomHistories drives small pools through arrivals, replacements, blocks, prices and
// spending of all kinds, and holds their books and their order against what waits each time.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 7))
		limits := roomy()
		limits.Txs, limits.Bytes, limits.AccountTxs = 12, 160, 6
		r := newRoom(t, limits)
		entered := 0
		for step := range 300 {
			if random.IntN(5) > 0 {
				if r.enter(fmt.Sprint(step), r.anyBid(random)) == nil {
					entered++
				}
			} else {
				r.anyBlock(random)
			}
			if len(r.byID) > limits.Txs || r.bytes > limits.Bytes {
				t.Fatalf("seed %d, step %d: %d transactions of %d bytes wait", seed, step, len(r.byID), r.bytes)
			}
			r.requireOrder()
		}
		if entered < 50 {
			t.Errorf("seed %d: %d transactions entered, too few to tell anything", seed, entered)
		}
	}
}

// anyBid returns a bid whose sequence is near what an account's may be.
func (r *room) anyBid(random *rand.Rand) *Bid {
	accounts := []Address{"a", "b", "c", "d"}
	random.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
	near := func(a Address) uint64 { return r.ledger.sequences[a] + uint64(random.IntN(len(r.lines[a])+1)) }
	bid := r.bid(accounts[0], near(accounts[0]), 80+random.Int64N(200), random.Int64N(100))
	bid.Size = 1 + random.Int64N(40)
	switch random.IntN(6) {
	case 0:
		bid.Blobs, bid.Offer.FeeCap, bid.Offer.TipCap = false, nil, nil
		bid.Places = append(bid.Places, Place{accounts[1], near(accounts[1])})
	case 1:
		bid.Blobs, bid.Offer.FeeCap, bid.Offer.TipCap = false, nil, nil
	case 2:
		bid.Payer, bid.Grantee = accounts[1], accounts[0]
		r.ledger.allowed[allowance{accounts[1], accounts[0]}] = 6000
	case 3:
		bid.TimeoutHeight = r.ledger.height + 1 + random.Int64N(40)
	}
	return bid
}

// anyBlock includes some of what is offered, or another's transactions, and moves the price and
// what accounts hold.
func (r *room) anyBlock(random *rand.Rand) {
	r.t.Helper()
	used := make(map[Address]uint64)
	offered := r.offered()
	for _, name := range offered[:random.IntN(len(offered)+1)] {
		for _, place := range r.names[name].Places {
			used[place.Address] = place.Sequence + 1
		}
		r.NoteIncluded(r.names[name].ID, r.ledger.height+1, 0, 0, "")
	}
	for address, next := range used {
		r.ledger.sequences[address] = next
	}
	account := Address([]string{"a", "b", "c", "d"}[random.IntN(4)])
	if random.IntN(4) == 0 {
		r.ledger.sequences[account]++
	}
	r.ledger.funds[account] = random.Int64N(20_000)
	r.ledger.baseFee = 80 + random.Int64N(60)
	r.commit()
}

// requireOrder fails unless what is offered is each account's in a row, from the first that
// waits, and nothing under the base fee.
func (r *room) requireOrder() {
	r.t.Helper()
	next := make(map[Address]uint64)
	for _, name := range r.offered() {
		bid := r.names[name]
		if bid.Offer.Cap(math.ZeroInt()).LT(r.market.Prices.BaseFee) {
			r.t.Fatalf("%s is offered under the base fee", name)
		}
		for _, place := range bid.Places {
			want, ok := next[place.Address]
			if !ok {
				want = r.ledger.sequences[place.Address]
			}
			if place.Sequence != want {
				r.t.Fatalf("sequence %d of %s is offered where %d is due", place.Sequence, string(place.Address), want)
			}
			next[place.Address] = want + 1
		}
	}
}
