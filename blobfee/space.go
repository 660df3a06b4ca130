package blobfee

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

const (
	// rowGas and cellGas are the blob gas of a row and of a cell: a byte of square each.
	rowGas  = gasPerBlob
	cellGas = 1 << 11
	// rowCells is how many cells a row has, rowBytes how many bytes of transactions.
	rowCells = 64
	rowBytes = 126_976
)

// Space is what transactions take of a block: bytes of the transaction rows, rows of
// their own, cells of the shared rows and execution gas.
type Space struct {
	TxBytes, OwnRows, SharedCells int
	Gas                           uint64
}

// Plus returns what both take together.
func (s Space) Plus(t Space) Space {
	return Space{s.TxBytes + t.TxBytes, s.OwnRows + t.OwnRows, s.SharedCells + t.SharedCells, s.Gas + t.Gas}
}

// BlobGas is what one transaction of that space is charged for: the bytes of square it takes.
func (s Space) BlobGas() uint64 {
	return uint64((s.TxBytes*32+30)/31 + s.OwnRows*rowGas + s.SharedCells*cellGas)
}

// Limits are the bounds of a block: rows in all, those of transactions and those shared, and
// execution gas, where 0 is no bound.
type Limits struct {
	Rows, TxRows, SharedRows int
	Gas                      uint64
}

// MaxGas is the blob gas of a full block.
func (l Limits) MaxGas() uint64 { return uint64(l.Rows) * rowGas }

// Fits tells whether a block holds that much.
func (l Limits) Fits(s Space) bool {
	txRows, sharedRows := (s.TxBytes+rowBytes-1)/rowBytes, (s.SharedCells+rowCells-1)/rowCells
	return txRows <= l.TxRows && sharedRows <= l.SharedRows && txRows+s.OwnRows+sharedRows <= l.Rows &&
		(l.Gas == 0 || s.Gas <= l.Gas)
}

// Scarce is the blob gas a transaction's tip is held against: its own, or, where it takes a
// larger share of a block's execution gas, that share in blob gas.
func (l Limits) Scarce(s Space) uint64 {
	if l.Gas == 0 {
		return max(s.BlobGas(), 1)
	}
	return max(s.BlobGas(), uint64(float64(s.Gas)/float64(l.Gas)*float64(l.MaxGas())), 1)
}

// Tip returns the tip per blob gas that gives a transaction at least a priority.
func (l Limits) Tip(s Space, priority int64) int64 {
	tip := math.Ceil(float64(priority) * float64(l.Scarce(s)) / float64(max(s.BlobGas(), 1)))
	return int64(min(tip, NeverFits/2))
}

// Bid is a transaction with blobs that a block includes, and the tip that ordered it: in
// base denomination per unit of Limits.Scarce.
type Bid struct {
	Space
	Priority int64
}

// NeverFits is the priority that gets a transaction in that no block can hold.
const NeverFits = math.MaxInt64

// Entry returns, for each space asked for, the least priority that would have got one more
// transaction of it into a block that includes the bids: 0 where there was room left, and
// otherwise one above the bids it would have displaced. Transactions without blobs displace
// nothing, since a block takes them last.
func (l Limits) Entry(bids []Bid, spaces []Space) []int64 {
	descending := slices.Clone(bids)
	slices.SortStableFunc(descending, func(a, b Bid) int { return cmp.Compare(b.Priority, a.Priority) })
	entry := make([]int64, len(spaces))
	for i, space := range spaces {
		entry[i] = l.entry(descending, space)
	}
	return entry
}

// entry looks for the first bid that leaves no room for the space beside it and those before.
func (l Limits) entry(descending []Bid, taken Space) int64 {
	if !l.Fits(taken) {
		return NeverFits
	}
	for i := range descending {
		if taken = taken.Plus(descending[i].Space); !l.Fits(taken) {
			return min(descending[i].Priority, NeverFits-2) + 1
		}
	}
	return 0
}

const (
	// txBytes is about what a transaction with one blob takes of the transaction rows,
	// commitmentBytes what each of its commitments adds.
	txBytes, commitmentBytes = 420, 52
	// TxGas is the execution gas that a transaction with blobs names.
	TxGas = 200_000
	// MaxRows is how many rows one blob has at most.
	MaxRows = 16
	// sharedSizes is how many sizes a blob in a shared row can have: 1, 2, 4 … 32 cells.
	sharedSizes = 6
	// Sizes is how many sizes a blob can have, as far as a block's room is concerned.
	Sizes = sharedSizes + MaxRows
)

// SizeOf returns which of the Sizes a blob of so many cells has, from 0 on, ascending.
// Beyond MaxRows rows there is none, and it returns the largest.
func SizeOf(cells int) int {
	if cells > rowCells/2 {
		return min(sharedSizes-1+(cells+rowCells-1)/rowCells, Sizes-1)
	}
	return bits.Len(uint(max(cells, 1) - 1))
}

// SpaceOf returns what a transaction with one blob of a size takes. Its own bytes are
// reckoned generously.
func SpaceOf(size int) Space {
	if size < sharedSizes {
		return Space{TxBytes: txBytes + commitmentBytes, SharedCells: 1 << size, Gas: TxGas}
	}
	rows := size - sharedSizes + 1
	return Space{TxBytes: txBytes + rows*commitmentBytes, OwnRows: rows, Gas: TxGas}
}

// Spaces returns SpaceOf each size.
func Spaces() []Space {
	spaces := make([]Space, Sizes)
	for size := range spaces {
		spaces[size] = SpaceOf(size)
	}
	return spaces
}
