package ledger

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
)

var small = Shape{Depth: 3, SliceDepth: 1, Deposits: 2, Transfers: 2}

// deposited is a state with accounts 1 to n, of a thousand gwei each, and the batches that lead there.
func deposited(t testing.TB, n int) (*Ledger, []*Batch, *Secret) {
	t.Helper()
	secret, err := NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	l, batches := New(small), []*Batch(nil)
	for i := range n {
		d := Deposit{Key: secret.Key(), Owner: [20]byte{byte(i + 1)}, Amount: 1000}
		batches = append(batches, batch(t, l, []Deposit{d}, nil))
	}
	return l, batches, secret
}

// batch applies deposits and transfers.
func batch(t testing.TB, l *Ledger, deposits []Deposit, transfers []Transfer) *Batch {
	t.Helper()
	b, next := &Batch{Old: l.Root(), Deposits: deposits, Transfers: transfers}, l.Clone()
	for _, d := range deposits {
		if err := next.Deposit(d); err != nil {
			t.Fatal(err)
		}
	}
	for _, tr := range transfers {
		if _, _, err := next.Transfer(tr); err != nil {
			t.Fatal(err)
		}
	}
	b.New = next.Root()
	if err := l.Apply(b); err != nil {
		t.Fatal(err)
	}
	return b
}

func published(t testing.TB, b *Batch) []byte {
	t.Helper()
	scalars, err := b.Scalars(small)
	if err != nil {
		t.Fatal(err)
	}
	return Bytes(scalars)
}

func TestTransfer(t *testing.T) {
	for name, row := range map[string]struct {
		t    Transfer
		want error
	}{
		"one to two":        {Transfer{From: 1, To: 2, Amount: 1000}, nil},
		"to oneself":        {Transfer{From: 1, To: 1, Amount: 1000}, nil},
		"to the exit":       {Transfer{From: 1, To: ExitAccount, Amount: 1}, nil},
		"from the exit":     {Transfer{From: ExitAccount, To: 1, Amount: 1}, ErrInvalid},
		"more than there":   {Transfer{From: 1, To: 2, Amount: 1001}, ErrInvalid},
		"nothing":           {Transfer{From: 1, To: 2}, ErrInvalid},
		"to nobody":         {Transfer{From: 1, To: 5, Amount: 1}, ErrInvalid},
		"beyond the tree":   {Transfer{From: 1, To: 8, Amount: 1}, ErrInvalid},
		"from beyond it":    {Transfer{From: 8, To: 1, Amount: 1}, ErrInvalid},
		"a balance too big": {Transfer{From: 1, To: 3, Amount: 1}, ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			l, _, secret := deposited(t, 2)
			if err := l.Deposit(Deposit{Key: secret.Key(), Owner: [20]byte{3}, Amount: math.MaxUint64}); err != nil {
				t.Fatal(err)
			}
			before := l.Root()
			if _, _, err := l.Transfer(row.t); !errors.Is(err, row.want) {
				t.Errorf("%v, want %v", err, row.want)
			}
			if (l.Root() == before) != (row.want != nil) {
				t.Errorf("the root moved: %v", l.Root() != before)
			}
		})
	}
}

func TestSignature(t *testing.T) {
	l, _, secret := deposited(t, 2)
	sender, _ := l.Account(1)
	var domain, other Scalar
	domain.SetUint64(7)
	signed, err := Transfer{From: 1, To: 2, Amount: 3}.Sign(secret, 0, domain)
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.Verify(sender, domain); err != nil {
		t.Fatal(err)
	}
	changed := signed
	changed.Amount++
	later := sender
	later.Nonce++
	for name, err := range map[string]error{
		"another amount": changed.Verify(sender, domain), "again": signed.Verify(later, domain), "elsewhere": signed.Verify(sender, other),
	} {
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestApply corrupts one valid batch row by row; what is refused changes nothing.
func TestApply(t *testing.T) {
	for name, corrupt := range map[string]func(*Batch){
		"old root":           func(b *Batch) { b.Old.SetUint64(1) },
		"new root":           func(b *Batch) { b.New.SetUint64(1) },
		"a deposit left out": func(b *Batch) { b.Deposits = nil },
		"an amount":          func(b *Batch) { b.Transfers[0].Amount++ },
		"an invalid one":     func(b *Batch) { b.Transfers[0].From = ExitAccount },
	} {
		t.Run(name, func(t *testing.T) {
			l, _, secret := deposited(t, 2)
			before := l.Clone()
			b := batch(t, l, []Deposit{{secret.Key(), [20]byte{9}, 5}}, []Transfer{{From: 1, To: 2, Amount: 3}})
			corrupt(b)
			root := before.Root()
			if err := before.Apply(b); !errors.Is(err, ErrInvalid) || before.Root() != root {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestRebuild finds the state behind checkpoints, batches and what strangers published among them.
func TestRebuild(t *testing.T) {
	l, batches, _ := deposited(t, 3)
	checkpoint := [][]byte{Bytes(l.Slice(0)), Bytes(l.Slice(1))}
	last := batch(t, l, nil, []Transfer{{From: 1, To: 2, Amount: 3}})
	unsigned := l.Clone() // a batch that nobody signed, from the checkpoint's root on
	if err := unsigned.Apply(batch(t, l.Clone(), nil, []Transfer{{From: 2, To: 1, Amount: 1}})); err != nil {
		t.Fatal(err)
	}
	aside := published(t, &Batch{Old: last.Old, New: unsigned.Root(), Transfers: []Transfer{{From: 2, To: 1, Amount: 1}}})
	genesis := Bytes(New(small).Slice(0))
	for name, row := range map[string]struct {
		published [][]byte
		batches   int // -1: it cannot be rebuilt
	}{
		"from the newest checkpoint": {[][]byte{genesis, published(t, batches[0]), checkpoint[0], checkpoint[1], published(t, last)}, 1},
		"slices in any order":        {[][]byte{checkpoint[1], checkpoint[0], published(t, last)}, 1},
		"from the first":             {[][]byte{genesis, published(t, batches[0]), published(t, batches[1]), published(t, batches[2]), published(t, last)}, 4},
		"out of order":               {[][]byte{published(t, last), checkpoint[0], checkpoint[1]}, 1},
		"among others' data":         {[][]byte{{1}, checkpoint[0], aside, aside, make([]byte, 32), checkpoint[1], published(t, last), aside}, 1},
		"half a checkpoint":          {[][]byte{checkpoint[0], published(t, last)}, -1},
		"a batch is missing":         {checkpoint, -1},
		"nothing":                    {nil, -1},
	} {
		t.Run(name, func(t *testing.T) {
			found, n, err := Rebuild(small, last.New, row.published)
			if row.batches < 0 {
				if !errors.Is(err, ErrInvalid) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || n != row.batches || !reflect.DeepEqual(found, l) {
				t.Errorf("%d batches, want %d: %v", n, row.batches, err)
			}
		})
	}
}

// FuzzParse: what is parsed is written the same again, and hostile bytes do no harm.
func FuzzParse(f *testing.F) {
	l, batches, _ := deposited(f, 2)
	f.Add(published(f, batches[0]))
	f.Add(Bytes(l.Slice(0)))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, _ = Rebuild(small, Scalar{}, [][]byte{data})
		scalars, err := Parse(data)
		if err != nil {
			return
		}
		if string(Bytes(scalars)) != string(data) {
			t.Error("other bytes")
		}
		b, err := ParseBatch(small, scalars)
		if err != nil {
			return
		}
		again, err := b.Scalars(small)
		if err != nil {
			t.Fatal(err)
		}
		if parsed, err := ParseBatch(small, again); err != nil || !reflect.DeepEqual(parsed, b) {
			t.Errorf("another batch, %v", err)
		}
	})
}

// TestRebuildWhole rebuilds a state of 1023 accounts from a checkpoint of 16 blobs, each in a row of its own, and a batch after it.
func TestRebuildWhole(t *testing.T) {
	secret, err := NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	shape := Shape{Depth: 10, SliceDepth: 6, Deposits: 4, Transfers: 8}
	l := New(shape)
	for i := range 1<<shape.Depth - 1 {
		if err := l.Deposit(Deposit{Key: secret.Key(), Owner: [20]byte{byte(i >> 8), byte(i), 1}, Amount: uint64(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if l.Slices() != 16 {
		t.Fatalf("%d slices", l.Slices())
	}
	var data [][]byte
	for i := range l.Slices() {
		data = append(data, Bytes(l.Slice(i)))
	}
	last := batch(t, l, nil, []Transfer{{From: 1000, To: 64, Amount: 900}, {From: 64, To: 1023, Amount: 1}})
	scalars, err := last.Scalars(shape)
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, Bytes(scalars))
	rebuilt, batches, err := Rebuild(shape, l.Root(), data)
	if err != nil || batches != 1 {
		t.Fatalf("%d batches, %v", batches, err)
	}
	for i := range l.accounts {
		if rebuilt.accounts[i] != l.accounts[i] {
			t.Fatalf("account %d is %+v, want %+v", i, rebuilt.accounts[i], l.accounts[i])
		}
	}
	if rebuilt.Deposits() != l.Deposits() {
		t.Errorf("%d deposits, want %d", rebuilt.Deposits(), l.Deposits())
	}
	for _, missing := range []int{0, 7, 15} {
		if _, _, err := Rebuild(shape, l.Root(), slices.Delete(slices.Clone(data), missing, missing+1)); !errors.Is(err, ErrInvalid) {
			t.Errorf("without slice %d: %v", missing, err)
		}
	}
}
