package blobfee

import (
	"slices"
	"testing"
)

func testLimits() Limits { return Limits{Rows: 34, TxRows: 2, SharedRows: 4, Gas: 200_000_000} }

// bid is of a blob of so many cells.
func bid(cells int, priority int64) Bid { return Bid{SpaceOf(SizeOf(cells)), priority} }

func TestSizes(t *testing.T) {
	for cells, want := range map[int]int{0: 0, 1: 0, 2: 1, 3: 2, 4: 2, 17: 5, 32: 5, 33: 6, 64: 6, 65: 7, 1024: 21, 1 << 20: 21} {
		if got := SizeOf(cells); got != want {
			t.Errorf("%d cells are of size %d, want %d", cells, got, want)
		}
	}
	var last uint64
	for size, space := range Spaces() {
		if gas := space.BlobGas(); gas <= last {
			t.Errorf("size %d takes %d blob gas, the one before %d", size, gas, last)
		} else {
			last = gas
		}
	}
}

// TestFits takes away one bound at a time from a block that is exactly full.
func TestFits(t *testing.T) {
	full := Space{TxBytes: 2 * rowBytes, OwnRows: 28, SharedCells: 4 * rowCells, Gas: 200_000_000}
	if !testLimits().Fits(full) {
		t.Fatal("a full block does not fit")
	}
	for name, more := range map[string]Space{
		"a byte of transactions": {TxBytes: 1}, "a row": {OwnRows: 1}, "a cell": {SharedCells: 1}, "gas": {Gas: 1},
	} {
		if testLimits().Fits(full.Plus(more)) {
			t.Errorf("%s more still fits", name)
		}
	}
	unbounded := testLimits()
	unbounded.Gas = 0
	if !unbounded.Fits(full.Plus(Space{Gas: 1})) {
		t.Error("where gas is unbounded it bounds")
	}
}

// TestScarce: a small blob takes a larger share of a block's execution gas than of its
// square, and pays for that.
func TestScarce(t *testing.T) {
	limits := testLimits()
	small, large := SpaceOf(0), SpaceOf(SizeOf(64))
	if got := limits.Scarce(small); got != limits.MaxGas()/1000 || got <= small.BlobGas() {
		t.Errorf("a cell is held against %d, it takes %d blob gas", got, small.BlobGas())
	}
	if got := limits.Scarce(large); got != large.BlobGas() {
		t.Errorf("a row is held against %d, it takes %d blob gas", got, large.BlobGas())
	}
	if tip := limits.Tip(small, 1000); tip <= 1000 || int64(float64(tip)*float64(small.BlobGas())/float64(limits.Scarce(small))) < 1000 {
		t.Errorf("a tip of %d does not give a priority of 1000", tip)
	}
	limits.Gas = 0
	if got := limits.Scarce(small); got != small.BlobGas() {
		t.Errorf("without a bound on gas a cell is held against %d", got)
	}
}

func TestEntry(t *testing.T) {
	rows := func(n int, priority int64) []Bid { return slices.Repeat([]Bid{bid(64, priority)}, n) }
	cell, row, ten := SpaceOf(0), SpaceOf(SizeOf(64)), SpaceOf(SizeOf(640))
	for name, c := range map[string]struct {
		bids []Bid
		want []int64 // of a cell, a row and ten rows
	}{
		"an empty block":              {nil, []int64{0, 0, 0}},
		"room for all":                {rows(20, 9), []int64{0, 0, 0}},
		"room for one row":            {rows(31, 9), []int64{0, 0, 10}},
		"full":                        {rows(33, 9), []int64{10, 10, 10}},
		"full, the cheapest goes":     {append(rows(32, 9), bid(64, 5)), []int64{6, 6, 10}},
		"ten rows displace many":      {append(append(rows(24, 9), rows(8, 5)...), bid(64, 3)), []int64{4, 4, 10}},
		"shared rows full, own free":  {slices.Repeat([]Bid{bid(32, 7)}, 8), []int64{8, 0, 0}},
		"in whatever order they come": {append([]Bid{bid(64, 5)}, rows(32, 9)...), []int64{6, 6, 10}},
		"more than can be outbid":     {rows(33, NeverFits), []int64{NeverFits - 1, NeverFits - 1, NeverFits - 1}},
	} {
		if got := testLimits().Entry(c.bids, []Space{cell, row, ten}); !slices.Equal(got, c.want) {
			t.Errorf("%s: have %v want %v", name, got, c.want)
		}
	}
	if got := (Limits{Rows: 8, TxRows: 1, SharedRows: 1}).Entry(nil, []Space{row, ten}); !slices.Equal(got, []int64{0, NeverFits}) {
		t.Errorf("ten rows in a block of eight: %v", got)
	}
}
