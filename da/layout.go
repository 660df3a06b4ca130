package da

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// layout says where everything of a square is. It depends on the transactions alone,
// never on the blobs' bytes.
type layout struct {
	usage
	entries []Entry   // in index order
	sources []blobKey // of entries
}

// blobKey names a blob of a block: its transaction, and its place in it.
type blobKey struct{ tx, blob int }

// newLayout places the blobs of a block. txs are the signed bytes of its blob transactions,
// then its other transactions; messages are those of the former. They must have passed Check. It
// fails with ErrNoRoom.
func newLayout(limits Limits, txs [][]byte, messages []*PayForBlobs) (*layout, error) {
	l := new(layout)
	for _, tx := range txs {
		l.usage = l.plus(txUsage(len(tx)))
	}
	for _, m := range messages {
		l.usage = l.plus(m.usage())
	}
	if err := l.check(limits); err != nil {
		return nil, err
	}
	l.collect(messages)
	l.placeOwn()
	return l, l.placeShared()
}

// collect makes the entries in index order, (namespace, transaction, blob), still nowhere.
func (l *layout) collect(messages []*PayForBlobs) {
	for tx, m := range messages {
		for blob := range m.Blobs {
			l.entries = append(l.entries, newEntry(m, tx, blob))
			l.sources = append(l.sources, blobKey{tx, blob})
		}
	}
	order := make([]int, len(l.entries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return l.entries[a].Namespace.Compare(l.entries[b].Namespace)
	})
	l.entries, l.sources = permute(l.entries, order), permute(l.sources, order)
}

func permute[T any](list []T, order []int) []T {
	out := make([]T, len(list))
	for i, from := range order {
		out[i] = list[from]
	}
	return out
}

// placeOwn gives blobs with own rows, in index order, the rows after the transactions'.
func (l *layout) placeOwn() {
	row := l.txRows()
	for i := range l.entries {
		if own := l.entries[i].OwnRows(); own > 0 {
			l.entries[i].FirstCell = uint32(row * kzg.RowCells)
			row += own
		}
	}
}

// placeShared packs the other blobs into the rows after: by allotment descending, then in
// index order. Allotments are powers of two, so that each starts at a multiple of its size.
func (l *layout) placeShared() error {
	var small []*Entry
	for i := range l.entries {
		if l.entries[i].OwnRows() == 0 {
			small = append(small, &l.entries[i])
		}
	}
	slices.SortStableFunc(small, func(a, b *Entry) int { return cmp.Compare(b.allotment(), a.allotment()) })
	at := (l.txRows() + l.ownRows) * kzg.RowCells
	for _, e := range small {
		e.FirstCell = uint32(at)
		at += e.allotment()
	}
	if want := (l.txRows()+l.ownRows)*kzg.RowCells + l.sharedCells; at != want {
		return fmt.Errorf("%w: shared rows end at cell %d, not %d", ErrInvalidBlock, at, want)
	}
	return nil
}
