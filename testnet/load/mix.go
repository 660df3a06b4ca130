package load

import (
	"math/rand/v2"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Item is one blob of a load, which its index decides.
type Item struct {
	Index int
	// Size is in bytes.
	Size int
	// FirstRow counts the rows of stock that the blobs before it took.
	FirstRow int
}

// SquareBytes is what the item's blob takes of a square, as it is charged.
func (i Item) SquareBytes() int {
	return (&da.Blob{Data: make([]byte, i.Size)}).Allotment() * kzg.CellSize
}

// deck is twenty blobs: most are small, and most bytes are in rows. Together they take 20
// own rows and a row and a half of shared ones.
func deck() []int {
	const kib = 1 << 10
	return []int{
		kib, kib, kib, kib, kib, kib, 3 * kib, 3 * kib, 3 * kib, 12 * kib, 12 * kib, 48 * kib, 48 * kib,
		da.DataRowSize, da.DataRowSize, da.DataRowSize, 2 * da.DataRowSize,
		300_000, 4 * da.DataRowSize, 8 * da.DataRowSize,
	}
}

// Sizes lists the sizes that occur in a Mix, in bytes.
func Sizes() []int {
	seen := map[int]bool{}
	var sizes []int
	for _, size := range deck() {
		if !seen[size] {
			seen[size] = true
			sizes = append(sizes, size)
		}
	}
	return sizes
}

// Mix is an endless sequence of items of mixed sizes: the same twenty over and over, in
// an order that a seed decides. Not safe for concurrent use.
type Mix struct {
	random *rand.Rand
	cards  []int
	next   Item
}

// NewMix returns the sequence of a seed.
func NewMix(seed uint64) *Mix { return &Mix{random: rand.New(rand.NewPCG(seed, 0))} }

// Next returns the next item.
func (m *Mix) Next() Item {
	if len(m.cards) == 0 {
		m.cards = deck()
		m.random.Shuffle(len(m.cards), func(i, j int) { m.cards[i], m.cards[j] = m.cards[j], m.cards[i] })
	}
	item := m.next
	item.Size, m.cards = m.cards[0], m.cards[1:]
	m.next.Index++
	m.next.FirstRow += item.Size / da.DataRowSize
	return item
}
