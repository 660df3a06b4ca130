package da

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// randomMessages describes up to ten transactions' blobs of all sizes; commitments are
// made up, the layout never looks at them.
func randomMessages(random *rand.Rand) []*PayForBlobs {
	messages := make([]*PayForBlobs, random.IntN(10))
	for i := range messages {
		m := &PayForBlobs{Signer: testSigner(byte(i))}
		for range 1 + random.IntN(8) {
			cells := 1 + random.IntN(32)
			if random.IntN(4) == 0 {
				cells = 1 + random.IntN(200)
			}
			m.Blobs = append(m.Blobs, BlobInfo{
				Namespace: testNamespace(byte(1 + random.IntN(4))), Size: uint64(cells * DataCellSize),
				Commitments: make([]kzg.Commitment, commitmentsFor(cells)),
			})
		}
		messages[i] = m
	}
	return messages
}

func randomLayout(t *testing.T, random *rand.Rand) ([]*PayForBlobs, *layout) {
	t.Helper()
	messages := randomMessages(random)
	txs := make([][]byte, len(messages)+random.IntN(3))
	for i := range txs {
		txs[i] = make([]byte, 1+random.IntN(40_000))
	}
	l, err := newLayout(hardLimits(), txs, messages)
	if err != nil {
		t.Fatal(err)
	}
	return messages, l
}

func TestLayoutCoversEveryCellOnce(t *testing.T) {
	for seed := range uint64(200) {
		_, l := randomLayout(t, rand.New(rand.NewPCG(seed, 1)))
		taken := make([]int, l.rows()*kzg.RowCells)
		for _, e := range l.entries {
			for i := range e.allotment() {
				taken[int(e.FirstCell)+i]++
			}
		}
		from, to := l.txRows()*kzg.RowCells, (l.txRows()+l.ownRows)*kzg.RowCells+l.sharedCells
		for cell, n := range taken {
			want := 0
			if cell >= from && cell < to {
				want = 1
			}
			if n != want {
				t.Fatalf("seed %d: cell %d is allotted %d times, want %d", seed, cell, n, want)
			}
		}
	}
}

func TestLayoutAlignment(t *testing.T) {
	for seed := range uint64(200) {
		_, l := randomLayout(t, rand.New(rand.NewPCG(seed, 2)))
		for _, e := range l.entries {
			if !e.isPlaced() {
				t.Errorf("seed %d: %d cells start at cell %d", seed, e.Cells, e.FirstCell)
			}
			shared := e.Row() >= l.txRows()+l.ownRows
			if shared != (e.OwnRows() == 0) || shared && e.Column()+e.allotment() > kzg.RowCells {
				t.Errorf("seed %d: %d cells in row %d, column %d", seed, e.Cells, e.Row(), e.Column())
			}
		}
	}
}

func TestLayoutOrder(t *testing.T) {
	for seed := range uint64(100) {
		messages, l := randomLayout(t, rand.New(rand.NewPCG(seed, 3)))
		if !slices.IsSortedFunc(l.entries, func(a, b Entry) int { return a.Namespace.Compare(b.Namespace) }) {
			t.Errorf("seed %d: entries are not in order of namespace", seed)
		}
		for tx, m := range messages {
			for blob := range m.Blobs {
				e := l.entries[l.numbers[tx][blob]]
				if e.Transaction != uint32(tx) || !reflect.DeepEqual(e.Info(), m.Blobs[blob]) {
					t.Errorf("seed %d: transaction %d, blob %d is entered as %+v", seed, tx, blob, e)
				}
				if blob > 0 && m.Blobs[blob].Namespace == m.Blobs[blob-1].Namespace && l.numbers[tx][blob] < l.numbers[tx][blob-1] {
					t.Errorf("seed %d: transaction %d: blobs %d and %d of one namespace are swapped", seed, tx, blob-1, blob)
				}
			}
		}
	}
}

// The rules of order by an example that shows each of them.
func TestLayoutExample(t *testing.T) {
	blob := func(ns byte, cells int) BlobInfo {
		return BlobInfo{Namespace: testNamespace(ns), Size: uint64(cells * DataCellSize), Commitments: make([]kzg.Commitment, commitmentsFor(cells))}
	}
	messages := []*PayForBlobs{
		{Blobs: []BlobInfo{blob(2, 1), blob(2, 65), blob(1, 3)}},
		{Blobs: []BlobInfo{blob(1, 64), blob(1, 4), blob(3, 32), blob(1, 1)}},
	}
	l, err := newLayout(DefaultLimits(), [][]byte{{1}, {2}, {3}}, messages)
	if err != nil {
		t.Fatal(err)
	}
	var have []uint32
	for tx, m := range messages {
		for blob := range m.Blobs {
			have = append(have, l.entries[l.numbers[tx][blob]].FirstCell)
		}
	}
	// Row 0 holds transactions, row 1 the blob of 64 cells, rows 2 and 3 that of 65; row 4
	// allotments of 32, 4 and 4 (of the lesser transaction first), 1 and 1.
	want := []uint32{4*64 + 41, 2 * 64, 4*64 + 32, 1 * 64, 4*64 + 36, 4 * 64, 4*64 + 40}
	if !slices.Equal(have, want) {
		t.Errorf("have %v, want %v", have, want)
	}
}

func TestSquareBuilderAgreesWithTheLayout(t *testing.T) {
	limits := Limits{MaxRows: 12, MaxTxRows: 2, MaxSharedRows: 3}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 4))
		b, err := NewSquareBuilder(limits)
		if err != nil {
			t.Fatal(err)
		}
		var txs [][]byte
		var taken []*PayForBlobs
		for _, m := range randomMessages(random) {
			tx := make([]byte, 1+random.IntN(60_000))
			_, layoutErr := newLayout(limits, append(slices.Clone(txs), tx), append(slices.Clone(taken), m))
			builderErr := b.AddBlobTx(len(tx), m)
			if errors.Is(builderErr, ErrNoRoom) != errors.Is(layoutErr, ErrNoRoom) {
				t.Fatalf("seed %d: builder %v, layout %v", seed, builderErr, layoutErr)
			}
			if builderErr == nil {
				txs, taken = append(txs, tx), append(taken, m)
			}
		}
	}
}

func TestSquareBuilderLimits(t *testing.T) {
	own := &PayForBlobs{Blobs: []BlobInfo{{Size: 3 * DataRowSize}}}
	small := &PayForBlobs{Blobs: []BlobInfo{{Size: 32 * DataCellSize}, {Size: 17 * DataCellSize}}}
	for name, test := range map[string]struct {
		add  func(*SquareBuilder) error
		want error
	}{
		"rows":          {func(b *SquareBuilder) error { return b.AddBlobTx(1, own) }, ErrNoRoom},
		"shared rows":   {func(b *SquareBuilder) error { return b.AddBlobTx(1, small) }, ErrNoRoom},
		"transactions":  {func(b *SquareBuilder) error { return b.AddTx(DataRowSize) }, ErrNoRoom},
		"empty":         {func(b *SquareBuilder) error { return b.AddTx(0) }, ErrMalformed},
		"never fits":    {func(b *SquareBuilder) error { return b.AddTx(MaxTxSize + 1) }, ErrTooLarge},
		"what is left":  {func(b *SquareBuilder) error { return b.AddTx(DataRowSize - 2 - 3 - 3) }, nil},
		"one byte more": {func(b *SquareBuilder) error { return b.AddTx(DataRowSize - 2 - 3 - 3 + 1) }, ErrNoRoom},
	} {
		b, err := NewSquareBuilder(Limits{MaxRows: 5, MaxTxRows: 1, MaxSharedRows: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.AddBlobTx(1, own); err != nil {
			t.Fatal(err)
		}
		if err := b.AddBlobTx(2, &PayForBlobs{Blobs: small.Blobs[:1]}); err != nil {
			t.Fatal(err)
		}
		if err := test.add(b); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}

func TestLimitsValidate(t *testing.T) {
	if err := DefaultLimits().Validate(); err != nil {
		t.Error(err)
	}
	for _, l := range []Limits{{}, {257, 1, 1}, {34, 0, 4}, {34, 35, 4}, {34, 2, -1}, {34, 2, 35}} {
		if err := l.Validate(); !errors.Is(err, ErrInvalidLimits) {
			t.Errorf("%+v: have %v, want ErrInvalidLimits", l, err)
		}
		if _, err := NewSquareBuilder(l); !errors.Is(err, ErrInvalidLimits) {
			t.Errorf("%+v: have %v, want ErrInvalidLimits", l, err)
		}
	}
}
