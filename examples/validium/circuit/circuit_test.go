package circuit

import (
	"errors"
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/test"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

var small = ledger.Shape{Depth: 3, SliceDepth: 1, Deposits: 2, Transfers: 2}

// valid is a batch of two deposits and one transfer between them, with its statement.
func valid(t *testing.T) (*ledger.Ledger, *ledger.Batch, Statement) {
	t.Helper()
	before := ledger.New(small)
	after, batch := before.Clone(), &ledger.Batch{Old: before.Root()}
	var s Statement
	s.Domain.SetUint64(77)
	var secret *ledger.Secret
	for i := range 2 {
		drawn, err := ledger.NewSecret()
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			secret = drawn
		}
		d := ledger.Deposit{Key: drawn.Key(), Owner: [20]byte{byte(i + 1)}, Amount: 1000}
		if err := after.Deposit(d); err != nil {
			t.Fatal(err)
		}
		a := d.Account()
		s.NewQueue = ledger.Hash(s.NewQueue, a.Leaf())
		batch.Deposits = append(batch.Deposits, d)
	}
	transfer, err := ledger.Transfer{From: 1, To: 2, Amount: 7}.Sign(secret, 0, s.Domain)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := after.Transfer(transfer); err != nil {
		t.Fatal(err)
	}
	batch.Transfers, batch.New = []ledger.Transfer{transfer}, after.Root()
	digest, err := batch.Digest(small)
	if err != nil {
		t.Fatal(err)
	}
	s.Z = Challenge([32]byte{1, 2, 3}, digest)
	return before, batch, s
}

func assigned(t *testing.T) *Batch {
	t.Helper()
	c, err := AssignBatch(valid(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestBatch corrupts one valid witness row by row.
func TestBatch(t *testing.T) {
	if err := test.IsSolved(NewBatch(small), assigned(t), ecc.BLS12_381.ScalarField()); err != nil {
		t.Fatalf("a valid batch: %v", err)
	}
	for name, corrupt := range map[string]func(*Batch){
		"old root":                      func(c *Batch) { c.OldRoot = 1 },
		"new root":                      func(c *Batch) { c.NewRoot = 1 },
		"queue before":                  func(c *Batch) { c.OldQueue = 1 },
		"queue after":                   func(c *Batch) { c.NewQueue = 1 },
		"number of deposits":            func(c *Batch) { c.DepositsBefore = 1 },
		"domain: a signature elsewhere": func(c *Batch) { c.Domain = 78 },
		"digest":                        func(c *Batch) { c.Digest = 1 },
		"z":                             func(c *Batch) { c.Z = 5 },
		"y":                             func(c *Batch) { c.Y = 5 },
		"a deposit's amount":            func(c *Batch) { c.Deposits[0].Packed = 5 },
		"a deposit left out":            func(c *Batch) { c.Deposits[0].Packed = 0 },
		"a deposit's path":              func(c *Batch) { c.Deposits[1].Path[0] = 5 },
		"a transfer's amount":           func(c *Batch) { c.Transfers[0].Amount = 8 },
		"a transfer of more than there": func(c *Batch) { c.Transfers[0].Amount = 1001 },
		"a transfer's sender":           func(c *Batch) { c.Transfers[0].From = 2 },
		"a transfer's recipient":        func(c *Batch) { c.Transfers[0].To = 1 },
		"a transfer from the exit":      func(c *Batch) { c.Transfers[0].From = 0 },
		"a sender's balance":            func(c *Batch) { c.Transfers[0].Sender.Packed = 5 },
		"a recipient's balance":         func(c *Batch) { c.Transfers[0].Recipient.Packed = 5 },
		"a sender's key":                func(c *Batch) { c.Transfers[0].Sender.X = ledger.Placeholder().Key().X },
		"a signature's R":               func(c *Batch) { c.Transfers[0].RX = 0 },
		"a signature's S":               func(c *Batch) { c.Transfers[0].S = 5 },
		"a signature in an empty slot":  func(c *Batch) { c.Transfers[1].S = 5 },
		"a place in an empty slot":      func(c *Batch) { c.Transfers[1].To = 5 },
		"a key in an empty deposit": func(c *Batch) {
			c.Deposits[1] = DepositSlot{X: 5, Y: 0, Packed: 0, Path: c.Deposits[1].Path}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := assigned(t)
			corrupt(c)
			if test.IsSolved(NewBatch(small), c, ecc.BLS12_381.ScalarField()) == nil {
				t.Error("the circuit holds")
			}
		})
	}
}

// TestAskedExit: what its owner asked the contract for leaves without a signature, whole, and nothing else does.
func TestAskedExit(t *testing.T) {
	before, _, s := valid(t)
	secret, err := ledger.NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := before.Deposit(ledger.Deposit{Key: secret.Key(), Owner: [20]byte{byte(i + 1)}, Amount: 1000}); err != nil {
			t.Fatal(err)
		}
	}
	assign := func(exits uint16, moved ...ledger.Transfer) (*Batch, error) {
		batch, after := &ledger.Batch{Old: before.Root(), Transfers: moved}, before.Clone()
		for _, transfer := range moved {
			if _, _, err := after.Transfer(transfer); err != nil {
				t.Fatal(err)
			}
		}
		batch.New = after.Root()
		return AssignBatch(before, batch, Statement{OldQueue: s.OldQueue, NewQueue: s.OldQueue, DepositsBefore: 2, Domain: s.Domain, Z: s.Z, Exits: exits})
	}
	all := ledger.Transfer{From: 2, Amount: 1000}
	for _, row := range []struct {
		name    string
		exits   uint16
		moved   []ledger.Transfer
		corrupt func(*Batch)
		holds   bool
	}{
		{name: "all of it", exits: 2, moved: []ledger.Transfer{all}, holds: true},
		{name: "not asked for", exits: 2, moved: []ledger.Transfer{all}, corrupt: func(c *Batch) { c.Exits = 0 }},
		{name: "asked for by another", exits: 2, moved: []ledger.Transfer{all}, corrupt: func(c *Batch) { c.Exits = 1 }},
		{name: "a part", exits: 2, moved: []ledger.Transfer{{From: 2, Amount: 999}}},
		{name: "to another", exits: 2, moved: []ledger.Transfer{{From: 2, To: 1, Amount: 1000}}},
		{name: "from another", exits: 1, moved: []ledger.Transfer{all}},
		{name: "nothing", exits: 2},
		{name: "beyond the tree", exits: 2, moved: []ledger.Transfer{all}, corrupt: func(c *Batch) { c.Exits = 10 }},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := assign(row.exits, row.moved...)
			if err != nil {
				t.Fatal(err)
			}
			if row.corrupt != nil {
				row.corrupt(c)
			}
			if err := test.IsSolved(NewBatch(small), c, ecc.BLS12_381.ScalarField()); (err == nil) != row.holds {
				t.Errorf("holds: want %v, %v", row.holds, err)
			}
		})
	}
	if _, err := assign(1, ledger.Transfer{From: 1, Amount: 1000}, all); !errors.Is(err, ledger.ErrSignature) {
		t.Errorf("a second one that nobody signed: %v", err)
	}
}

// TestCheckpoint corrupts one valid slice row by row.
func TestCheckpoint(t *testing.T) {
	state, batch, _ := valid(t)
	if err := state.Apply(batch); err != nil {
		t.Fatal(err)
	}
	var z ledger.Scalar
	z.SetUint64(12345)
	if err := test.IsSolved(NewCheckpoint(small), AssignCheckpoint(state, 1, z), ecc.BLS12_381.ScalarField()); err != nil {
		t.Fatalf("a valid slice: %v", err)
	}
	for name, corrupt := range map[string]func(*Checkpoint){
		"root":                   func(c *Checkpoint) { c.Root = 1 },
		"slice":                  func(c *Checkpoint) { c.Slice = 0 },
		"no slice":               func(c *Checkpoint) { c.Slice = 5 },
		"z":                      func(c *Checkpoint) { c.Z = 5 },
		"y":                      func(c *Checkpoint) { c.Y = 5 },
		"a balance":              func(c *Checkpoint) { c.Accounts[0][2] = 5 },
		"an account left out":    func(c *Checkpoint) { c.Accounts[0][2] = 0 },
		"a key of an empty leaf": func(c *Checkpoint) { c.Accounts[1][0] = 5 },
		"a sibling":              func(c *Checkpoint) { c.Path[0] = 5 },
	} {
		t.Run(name, func(t *testing.T) {
			c := AssignCheckpoint(state, 1, z)
			corrupt(c)
			if test.IsSolved(NewCheckpoint(small), c, ecc.BLS12_381.ScalarField()) == nil {
				t.Error("the circuit holds")
			}
		})
	}
}

// TestEvaluate holds what the circuit evaluates against the engine that proves openings.
func TestEvaluate(t *testing.T) {
	setup, err := kzg.NewSetup()
	if err != nil {
		t.Fatal(err)
	}
	state, _, _ := valid(t)
	scalars := state.Slice(0)
	row := new(kzg.Row)
	copy(row[:], ledger.Bytes(scalars))
	var z ledger.Scalar
	z.SetUint64(987654321)
	_, want, err := setup.ProveAt(row, z.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if y := Evaluate(scalars, z); y.Bytes() != [32]byte(want) {
		t.Errorf("y = %x, the engine says %x", y.Bytes(), want)
	}
	for i := range scalars {
		if _, y, err := setup.ProveAt(row, placeBytes(i)); err != nil || y != kzg.Scalar(scalars[i].Bytes()) {
			t.Fatalf("place %d has %x, %v", i, y, err)
		}
	}
}

func placeBytes(i int) kzg.Scalar {
	z := Place(i)
	return z.Bytes()
}

// TestNoCommitments: a proof is three points and nothing else, which is what the contract verifies.
func TestNoCommitments(t *testing.T) {
	for _, c := range []frontend.Circuit{NewBatch(small), NewCheckpoint(small)} {
		p, err := compile(c)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.constraints.GetCommitments().CommitmentIndexes()); n != 0 {
			t.Errorf("%T commits %d times", c, n)
		}
	}
}

// TestForms: public inputs stand in the order in which the contract puts them together.
func TestForms(t *testing.T) {
	w, err := frontend.NewWitness(assigned(t), ecc.BLS12_381.ScalarField(), frontend.PublicOnly())
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := bigs(w)
	if err != nil || len(inputs) != 10 {
		t.Fatalf("%d inputs, %v", len(inputs), err)
	}
	if inputs[4].Cmp(big.NewInt(0)) != 0 || inputs[5].Cmp(big.NewInt(77)) != 0 {
		t.Errorf("deposits before %s, domain %s", inputs[4], inputs[5])
	}
}
