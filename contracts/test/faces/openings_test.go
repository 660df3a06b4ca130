package faces

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// scalars are those of a blob, rows in order.
func scalars(tb testing.TB, b *da.Blob) (rows []*kzg.Row, at func(i int) []byte) {
	tb.Helper()
	rows, err := b.Rows()
	if err != nil {
		tb.Fatal(err)
	}
	return rows, func(i int) []byte {
		row, in := rows[i/kzg.RowScalars], i%kzg.RowScalars
		return row[in*kzg.ScalarSize : (in+1)*kzg.ScalarSize]
	}
}

// asked is a blob about whose scalars a contract is asked.
type asked struct {
	*evm.Contract
	blob   da.Blob
	rows   []*kzg.Row
	about  []any // what says that the blob is attested
	posted calldata.Posted
}

func newAsked(t *testing.T, height uint64, index int) *asked {
	t.Helper()
	pointEvaluation()
	w := newWorld(t)
	h := w.attest(t, 13)
	a := &asked{Contract: w.deploy(t, "AshlarOpenings", 13), blob: blockAt(height).blobs[index], posted: blob(t, 0, height, index)}
	a.rows, _ = scalars(t, &a.blob)
	a.about = []any{h.root, h.place(t, height), a.posted.BlobId, a.posted.Tree, a.posted.Blob}
	return a
}

func (a *asked) with(more ...any) []any { return append(append([]any{}, a.about...), more...) }

func (a *asked) element(tb testing.TB, i int) *calldata.ElementOpening {
	tb.Helper()
	o, err := calldata.OpenElement(setup(), a.rows[i/kzg.RowScalars], i%kzg.RowScalars)
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

func (a *asked) elements(tb testing.TB, first, n int) *calldata.ElementsOpening {
	tb.Helper()
	o, err := calldata.OpenElements(setup(), a.rows[first/kzg.RowScalars], first%kzg.RowScalars, n)
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// TestElements: scalars of attested blobs, of each encoding, are what the blob's bytes say.
func TestElements(t *testing.T) {
	for _, c := range []struct {
		name      string
		index     int
		positions []int
	}{
		{"two rows of data", 1, []int{0, 1, 2, 31, 64, 2048, 4094, 4095, 4096}},
		{"raw in a shared row", 2, []int{0, 69, 70, 4095}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAsked(t, 12, c.index)
			_, at := scalars(t, &a.blob)
			for _, i := range c.positions {
				o := a.element(t, i)
				if !bytes.Equal(o.Value.FillBytes(make([]byte, kzg.ScalarSize)), at(i)) {
					t.Fatalf("element %d is opened as %x, and is %x", i, o.Value, at(i))
				}
				a.Call(t, "requireElement", a.with(number(uint64(i)), o.Value, o.Points)...)
			}
		})
	}
}

// TestElementRefuses: one thing wrong at a time.
func TestElementRefuses(t *testing.T) {
	a := newAsked(t, 12, 1)
	const index = 77
	other := a.element(t, 78)
	for _, c := range []struct {
		name, want string
		corrupt    func(i *uint64, o *calldata.ElementOpening)
	}{
		{"another value", "WrongOpening", func(_ *uint64, o *calldata.ElementOpening) { o.Value = new(big.Int).Add(o.Value, big.NewInt(1)) }},
		{"the value plus the modulus", "WrongOpening", func(_ *uint64, o *calldata.ElementOpening) { o.Value = new(big.Int).Add(o.Value, modulus()) }},
		{"another index", "WrongOpening", func(i *uint64, _ *calldata.ElementOpening) { *i++ }},
		{"the index in the other row", "WrongOpening", func(i *uint64, _ *calldata.ElementOpening) { *i += kzg.RowScalars }},
		{"a row that is none", "NoSuchRow", func(i *uint64, _ *calldata.ElementOpening) { *i += 2 * kzg.RowScalars }},
		{"the proof of another", "WrongOpening", func(_ *uint64, o *calldata.ElementOpening) { copy(o.Points[48:], other.Points[48:]) }},
		{"another commitment", "WrongOpening", func(_ *uint64, o *calldata.ElementOpening) { copy(o.Points[:48], o.Points[48:]) }},
		{"no points", "WrongPoints", func(_ *uint64, o *calldata.ElementOpening) { o.Points = nil }},
		{"points cut", "WrongPoints", func(_ *uint64, o *calldata.ElementOpening) { o.Points = o.Points[:95] }},
		{"a point more", "WrongPoints", func(_ *uint64, o *calldata.ElementOpening) { o.Points = append(o.Points, o.Points[:48]...) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			i, o := uint64(index), a.element(t, index)
			c.corrupt(&i, o)
			a.Refuses(t, c.want, "requireElement", a.with(number(i), o.Value, o.Points)...)
		})
	}
	o := a.element(t, index)
	a.Refuses(t, "NotInRow", "requireElementOf", a.posted.Blob.VersionedHashes[0], number(kzg.RowScalars), o.Value, o.Points)
	a.Refuses(t, "NotInBlobTree", "requireElement", a.about[0], a.about[1], [32]byte{1}, a.about[3], a.about[4], number(index), o.Value, o.Points)
	wrong := a.posted.Blob
	wrong.VersionedHashes = wrong.VersionedHashes[:1]
	a.Refuses(t, "WrongPreimage", "requireElement", a.about[0], a.about[1], a.about[2], a.about[3], wrong, number(index), o.Value, o.Points)
}

// TestGroups: aligned groups of every size that fits a transaction, at the start, in the middle and at the end of a row.
func TestGroups(t *testing.T) {
	a := newAsked(t, 12, 1)
	for n := 1; n <= 2048; n *= 2 {
		for _, first := range []int{0, kzg.RowScalars / 2 / n * n, kzg.RowScalars - n} {
			o := a.elements(t, first, n)
			a.Call(t, "requireElements", a.with(number(uint64(first)), o.Values, o.Evaluations, o.Points)...)
		}
	}
	whole := a.elements(t, 0, kzg.RowScalars) // nothing is left for a quotient
	a.Call(t, "requireElementsOf", a.posted.Blob.VersionedHashes[0], big.NewInt(0), whole.Values, whole.Evaluations, whole.Points)
}

// TestCellProofOpens: a cell's quotient is committed to by the very proof that samples carry.
func TestCellProofOpens(t *testing.T) {
	a := newAsked(t, 12, 1)
	_, proofs, err := setup().ComputeCellsAndProofs(a.rows[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []int{0, 5, 63} {
		o := a.elements(t, column*kzg.CellScalars, kzg.CellScalars)
		if !bytes.Equal(o.Points[48:96], proofs[column][:]) {
			t.Errorf("cell %d is opened with the quotient %x, its proof is %x", column, o.Points[48:96], proofs[column])
		}
	}
}

// TestGroupRefuses: one thing wrong at a time, each of the values too.
func TestGroupRefuses(t *testing.T) {
	a := newAsked(t, 12, 1)
	const first, n = 3 * kzg.CellScalars, kzg.CellScalars
	type group struct {
		first uint64
		*calldata.ElementsOpening
	}
	plusOne := func(x *big.Int) *big.Int { return new(big.Int).Add(x, big.NewInt(1)) }
	for _, c := range []struct {
		name, want string
		corrupt    func(g *group)
	}{
		{"nothing", "", func(*group) {}},
		{"the row's value", "WrongOpening", func(g *group) { g.Evaluations[0] = plusOne(g.Evaluations[0]) }},
		{"the quotient's value", "WrongOpening", func(g *group) { g.Evaluations[1] = plusOne(g.Evaluations[1]) }},
		{"the next group", "WrongOpening", func(g *group) { g.first += n }},
		{"no group's start", "WrongOpening", func(g *group) { g.first++ }},
		{"a value more", "WrongOpening", func(g *group) { g.Values = append(g.Values, g.Values[0]) }},
		{"half of the group", "WrongOpening", func(g *group) { g.Values = g.Values[:n/2] }},
		{"no values", "WrongOpening", func(g *group) { g.Values = nil }},
		{"another quotient", "WrongOpening", func(g *group) { copy(g.Points[48:96], g.Points[:48]) }},
		{"proofs swapped", "WrongOpening", func(g *group) {
			p := bytes.Clone(g.Points[96:144])
			copy(g.Points[96:], g.Points[144:])
			copy(g.Points[144:], p)
		}},
		{"a point less", "WrongPoints", func(g *group) { g.Points = g.Points[:144] }},
		{"a row that is none", "NoSuchRow", func(g *group) { g.first += 2 * kzg.RowScalars }},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &group{first, a.elements(t, first, n)}
			c.corrupt(g)
			args := a.with(number(g.first), g.Values, g.Evaluations, g.Points)
			if c.want == "" {
				a.Call(t, "requireElements", args...)
				return
			}
			a.Refuses(t, c.want, "requireElements", args...)
		})
	}
	for i := range n {
		g := a.elements(t, first, n)
		g.Values[i] = plusOne(g.Values[i])
		a.Refuses(t, "WrongOpening", "requireElements", a.with(number(first), g.Values, g.Evaluations, g.Points)...)
	}
}

// TestForgedGroup: whoever opens row and quotient correctly at the challenge, but of values that are not the row's, is told
// so by the equation alone.
func TestForgedGroup(t *testing.T) {
	a := newAsked(t, 12, 1)
	forge := func(first, n int, corrupt func(values []*big.Int)) (uint64, *calldata.ElementsOpening) {
		o := a.elements(t, first, n)
		corrupt(o.Values)
		reopen(t, a.rows[0], first, o)
		return uint64(first), o
	}
	for _, c := range []struct {
		name, want string
		first, n   int
		corrupt    func(values []*big.Int)
	}{
		{"nothing", "", 64, 64, func([]*big.Int) {}},
		{"one value", "WrongElements", 64, 64, func(v []*big.Int) { v[9] = new(big.Int).Add(v[9], big.NewInt(1)) }},
		{"two values swapped", "WrongElements", 64, 64, func(v []*big.Int) { v[0], v[1] = v[1], v[0] }},
		{"all values", "WrongElements", 0, 2, func(v []*big.Int) { v[0], v[1] = new(big.Int), new(big.Int) }},
		{"a value plus the modulus", "NotCanonical", 64, 64, func(v []*big.Int) { v[9] = new(big.Int).Add(v[9], modulus()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, o := forge(c.first, c.n, c.corrupt)
			args := a.with(number(first), o.Values, o.Evaluations, o.Points)
			if c.want == "" {
				a.Call(t, "requireElements", args...)
				return
			}
			a.Refuses(t, c.want, "requireElements", args...)
		})
	}
	// groups that are none, opened as if they were
	for _, c := range []struct {
		want     string
		first, n int
	}{{"WrongGroup", 64, 3}, {"WrongGroup", 32, 64}, {"WrongGroup", 1, 2}, {"WrongGroup", 0, 0}} {
		o := a.elements(t, 0, 64)
		o.Values = o.Values[:c.n]
		reopen(t, a.rows[0], c.first, o)
		a.Refuses(t, c.want, "requireElements", a.with(number(uint64(c.first)), o.Values, o.Evaluations, o.Points)...)
	}
	o := a.elements(t, 0, 64)
	reopen(t, a.rows[0], kzg.RowScalars, o)
	a.Refuses(t, "NotInRow", "requireElementsOf", a.posted.Blob.VersionedHashes[0], number(kzg.RowScalars), o.Values, o.Evaluations, o.Points)
}

// reopen makes evaluations and proofs anew, at the challenge that the values of an opening now give. The quotient is the one
// of the true values.
func reopen(t *testing.T, row *kzg.Row, first int, o *calldata.ElementsOpening) {
	t.Helper()
	group := max(1, len(o.Values))
	for group&(group-1) != 0 || first%group != 0 {
		group--
	}
	quotient, err := calldata.Quotient(row, first%kzg.RowScalars/group*group, group)
	if err != nil {
		t.Fatal(err)
	}
	commitment, err := setup().Commit(quotient)
	if err != nil {
		t.Fatal(err)
	}
	hash := da.VersionedHash(kzg.Commitment(o.Points[:48]))
	words := append([]byte{}, crypto.Keccak256([]byte("ashlar/opening/1"))...)
	words = append(words, hash[:]...)
	for _, n := range append([]*big.Int{big.NewInt(int64(first)), big.NewInt(int64(len(o.Values)))}, o.Values...) {
		words = append(words, n.FillBytes(make([]byte, 32))...)
	}
	words = append(words, commitment[:]...)
	z := kzg.Scalar(new(big.Int).Mod(new(big.Int).SetBytes(crypto.Keccak256(words)), modulus()).FillBytes(make([]byte, 32)))
	for i, r := range []*kzg.Row{row, quotient} {
		proof, y, err := setup().ProveAt(r, z)
		if err != nil {
			t.Fatal(err)
		}
		o.Evaluations[i] = new(big.Int).SetBytes(y[:])
		copy(o.Points[96+48*i:], proof[:])
	}
	copy(o.Points[48:], commitment[:])
}

func modulus() *big.Int {
	m, _ := new(big.Int).SetString("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001", 16)
	return m
}

// TestBytesOf: the bytes that opened scalars hold are the blob's.
func TestBytesOf(t *testing.T) {
	a := newAsked(t, 12, 1)
	for _, n := range []int{1, 2, 32, 64, 512} {
		o := a.elements(t, 512, n)
		got := a.Call(t, "bytesOf", o.Values)[0].([]byte)
		if want := a.blob.Data[31*512 : 31*(512+n)]; !bytes.Equal(got, want) {
			t.Errorf("%d scalars hold %x, the blob %x", n, got, want)
		}
	}
	if got := a.Call(t, "bytesOf", []*big.Int{})[0].([]byte); len(got) != 0 {
		t.Errorf("no scalars hold %x", got)
	}
	a.Refuses(t, "NotBytes", "bytesOf", []*big.Int{big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 248)})
}

// TestOpenRefuses: what there is nothing to open of.
func TestOpenRefuses(t *testing.T) {
	row := new(kzg.Row)
	for _, c := range []struct{ first, n int }{{-1, 1}, {kzg.RowScalars, 1}, {0, 0}, {0, 3}, {2, 4}, {0, 2 * kzg.RowScalars}, {-4, 4}} {
		if _, err := calldata.OpenElements(setup(), row, c.first, c.n); err == nil {
			t.Errorf("elements %d to %d were opened", c.first, c.first+c.n)
		}
		if _, err := calldata.OpenElement(setup(), row, c.first); (c.first < 0 || c.first >= kzg.RowScalars) != (err != nil) {
			t.Errorf("element %d: %v", c.first, err)
		}
	}
	row[0] = 0xff
	if _, err := calldata.OpenElement(setup(), row, 0); err == nil {
		t.Error("a row that is none was opened")
	}
	if _, err := calldata.OpenElements(setup(), row, 0, 2); err == nil {
		t.Error("a row that is none was opened")
	}
}
