package da

import (
	"cmp"
	"slices"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// layout says where everything of a square is. It depends on the transactions alone,
// never on the blobs' bytes.
type layout struct {
	usage
	entries []Entry // in index order
	numbers [][]int // of the entries of each transaction's blobs
}

// newLayout places the blobs of a block. txs are what its transaction rows hold; messages are those of its blob transactions. They must have passed Check. It
// fails with ErrNoRoom.
func newLayout(limits Limits, txs [][]byte, messages []*PayForBlobs) (*layout, error) {
	l := new(layout)
	for _, tx := range txs {
		l.usage = l.plus(txUsage(len(tx)))
	}
	for _, m := range messages {
		l.usage = l.plus(m.usage())
	}
	if err := l.check(limits, ErrNoRoom); err != nil {
		return nil, err
	}
	l.collect(messages)
	l.placeOwn()
	l.placeShared()
	return l, nil
}

// collect makes the entries in index order, (namespace, transaction, blob), still nowhere.
func (l *layout) collect(messages []*PayForBlobs) {
	type source struct{ tx, blob int }
	var order []source
	for tx, m := range messages {
		l.numbers = append(l.numbers, make([]int, len(m.Blobs)))
		for blob := range m.Blobs {
			order = append(order, source{tx, blob})
		}
	}
	namespace := func(s source) Namespace { return messages[s.tx].Blobs[s.blob].Namespace }
	slices.SortStableFunc(order, func(a, b source) int { return namespace(a).Compare(namespace(b)) })
	for i, s := range order {
		l.entries = append(l.entries, newEntry(messages[s.tx], s.tx, s.blob))
		l.numbers[s.tx][s.blob] = i
	}
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
func (l *layout) placeShared() {
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
}
