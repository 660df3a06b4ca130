package blob

import (
	gomath "math"
	"testing"

	"cosmossdk.io/math"
)

func TestPriorityIsPerScarcerShare(t *testing.T) {
	block := Capacity{BlobGas: 1000, Gas: 100}
	for name, c := range map[string]struct {
		capacity     Capacity
		blobGas, gas uint64
		tip          math.Int
		want         int64
	}{
		"per blob gas":                    {block, 50, 5, math.NewInt(500), 10},
		"per share of execution gas":      {block, 50, 10, math.NewInt(500), 5},
		"the whole block's execution":     {block, 1, 100, math.NewInt(500), 0},
		"no bound on execution":           {Capacity{BlobGas: 1000}, 50, 1 << 60, math.NewInt(500), 10},
		"no tip":                          {block, 50, 5, math.ZeroInt(), 0},
		"as much as the mempool compares": {block, 1, 0, math.NewInt(gomath.MaxInt64), gomath.MaxInt64},
		"more":                            {block, 1, 0, math.NewIntWithDecimal(1, 30), gomath.MaxInt64},
		"no gas at all":                   {block, 0, 0, math.NewInt(7), 7},
	} {
		if got := c.capacity.Priority(Offer{BlobGas: c.blobGas, Gas: c.gas}, c.tip); got != c.want {
			t.Errorf("%s: have %d want %d", name, got, c.want)
		}
	}
}

func TestRankTellsWhatCanBeIncluded(t *testing.T) {
	capacity := Capacity{BlobGas: 1000, Gas: 100}
	for name, c := range map[string]struct {
		offer Offer
		rank  int64
		cap   int64
	}{
		"tip cap binds":              {Offer{BlobGas: 10, Fee: math.NewInt(200), FeeCap: amount(20), TipCap: amount(2)}, 2, 20},
		"fee cap binds":              {Offer{BlobGas: 10, Fee: math.NewInt(80), FeeCap: amount(8), TipCap: amount(5)}, 1, 8},
		"at the base fee":            {Offer{BlobGas: 10, Fee: math.NewInt(70), FeeCap: amount(7), TipCap: amount(5)}, 0, 7},
		"below it":                   {Offer{BlobGas: 10, Fee: math.NewInt(40), FeeCap: amount(4), TipCap: amount(4)}, -3, 4},
		"fee below fee cap x gas":    {Offer{BlobGas: 10, Fee: math.NewInt(75), FeeCap: amount(8), TipCap: amount(0)}, -1, 7},
		"plain":                      {Offer{BlobGas: 10, Gas: 1, Fee: math.NewInt(93)}, 2, 9},
		"plain below":                {Offer{BlobGas: 10, Gas: 1, Fee: math.NewInt(63)}, -1, 6},
		"does not pay for execution": {Offer{BlobGas: 10, Gas: 1, Fee: math.NewInt(2)}, -8, -1},
	} {
		prices := Prices{BaseFee: math.NewInt(7), Gas: math.NewInt(3)}
		if got := c.offer.Rank(prices, capacity); got != c.rank {
			t.Errorf("%s: have rank %d want %d", name, got, c.rank)
		}
		if got := c.offer.Cap(prices.Gas); !got.Equal(math.NewInt(c.cap)) {
			t.Errorf("%s: have cap %s want %d", name, got, c.cap)
		}
	}
}

// TestWhatMayWait: an offer may fall short of the base fee by a ninth, and never of the reserve.
func TestWhatMayWait(t *testing.T) {
	for _, c := range []struct{ base, reserve, want int64 }{
		{900, 1, 800}, {901, 1, 801}, {900, 850, 850}, {900, 900, 900}, {8, 1, 8}, {900, 0, 800}, {900, 1000, 900},
	} {
		prices := Prices{BaseFee: math.NewInt(c.base), Gas: math.NewInt(3)}
		if c.reserve > 0 {
			prices.Reserve = math.NewInt(c.reserve)
		}
		if got := prices.Waiting().BaseFee; !got.Equal(math.NewInt(c.want)) {
			t.Errorf("base fee %d, reserve %d: have %s want %d", c.base, c.reserve, got, c.want)
		}
	}
}
