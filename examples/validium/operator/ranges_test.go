package operator

import (
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// TestOneForm: a leaf is of sums modulo R. What has the same leaf in another form has another owner and balance, and is refused wherever
// an account is shown.
func TestOneForm(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	_, m := w.opened()
	w.landed(m)
	w.sleep(patience + time.Minute)
	_, err := w.validium.Send(w.ctx, w.ben, "freeze")
	w.must(err)
	state := w.operator.State()
	valid, path := l1.Leaf(state, 1)
	leaf, _ := state.Account(1)
	beyond := func(n *big.Int) *big.Int { return new(big.Int).Add(n, modulus) }
	for _, row := range []struct {
		name   string
		change func(index *int64, a *l1.Account, path []*big.Int)
		error  string
	}{
		{"the packed scalar and R", func(_ *int64, a *l1.Account, _ []*big.Int) { w.alias(a, leaf, 1) }, "NotCanonical"},
		{"the packed scalar and twice R", func(_ *int64, a *l1.Account, _ []*big.Int) { w.alias(a, leaf, 2) }, "NotCanonical"},
		{"a nonce of 31 bits", func(_ *int64, a *l1.Account, _ []*big.Int) { a.Nonce |= 1 << ledger.NonceBits }, "NotCanonical"},
		{"a nonce of 32 bits", func(_ *int64, a *l1.Account, _ []*big.Int) { a.Nonce |= 1 << 31 }, "NotCanonical"},
		{"x and R", func(_ *int64, a *l1.Account, _ []*big.Int) { a.X = beyond(a.X) }, "NotCanonical"},
		{"y and R", func(_ *int64, a *l1.Account, _ []*big.Int) { a.Y = beyond(a.Y) }, "NotCanonical"},
		{"a sibling and R", func(_ *int64, _ *l1.Account, path []*big.Int) { path[1] = beyond(path[1]) }, "NotCanonical"},
		{"an index with a bit more", func(i *int64, _ *l1.Account, _ []*big.Int) { *i += 1 << shape.Depth }, "NotInState"},
		{"an index of 64 bits", func(i *int64, _ *l1.Account, _ []*big.Int) { *i |= 1 << 62 }, "NotInState"},
		{"the exit account's index", func(i *int64, _ *l1.Account, _ []*big.Int) { *i = 0 }, "NotInState"},
		{"the neighbour's index", func(i *int64, _ *l1.Account, _ []*big.Int) { *i = 2 }, "NotInState"},
		{"the greatest balance", func(_ *int64, a *l1.Account, _ []*big.Int) { a.Balance = ^uint64(0) }, "NotInState"},
		{"no owner", func(_ *int64, a *l1.Account, _ []*big.Int) { a.Owner = common.Address{} }, "NotInState"},
	} {
		t.Run(row.name, func(t *testing.T) {
			index, a, siblings := int64(1), valid, append([]*big.Int(nil), path...)
			row.change(&index, &a, siblings)
			_, err := w.validium.Send(w.ctx, w.op, "exit", big.NewInt(index), a, siblings)
			if l1.Refused(err) != row.error {
				t.Errorf("%v, want %s", err, row.error)
			}
		})
	}
	for _, siblings := range [][]*big.Int{nil, path[1:], append(path[:len(path):len(path)], new(big.Int))} {
		_, err := w.validium.Send(w.ctx, w.op, "exit", big.NewInt(1), valid, siblings)
		w.refused(err, "NotInState")
	}
	_, err = w.validium.Exit(w.ctx, w.op, state, 1)
	w.must(err)
}

// alias makes an account one whose packed scalar is some multiple of R above: modulo R it is the same.
func (w *world) alias(a *l1.Account, leaf ledger.Account, times int64) {
	w.Helper()
	packed := leaf.Packed()
	n := packed.BigInt(new(big.Int))
	n.Add(n, new(big.Int).Mul(modulus, big.NewInt(times)))
	if n.BitLen() > 256 {
		w.Fatalf("%d R is beyond 256 bits", times)
	}
	var same ledger.Scalar
	if same.SetBigInt(n); same != packed {
		w.Fatal("another scalar")
	}
	bytes := n.FillBytes(make([]byte, 32))
	a.Nonce = uint32(new(big.Int).SetBytes(bytes[:4]).Uint64())
	a.Balance = new(big.Int).SetBytes(bytes[4:12]).Uint64()
	a.Owner = common.BytesToAddress(bytes[12:])
}

// TestDeposits: what the queue takes, which the circuit has to take too.
func TestDeposits(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		name string
		x, y *big.Int
		wei  *big.Int
		want string
	}{
		{"nothing", big.NewInt(1), big.NewInt(1), new(big.Int), "DepositTooSmall"},
		{"less than the least", big.NewInt(1), big.NewInt(1), gwei(least - 1), "DepositTooSmall"},
		{"a part of a gwei", big.NewInt(1), big.NewInt(1), new(big.Int).Add(gwei(least), big.NewInt(1)), "BadDeposit"},
		{"x beyond the field", modulus, big.NewInt(1), gwei(least), "BadDeposit"},
		{"y beyond the field", big.NewInt(1), modulus, gwei(least), "BadDeposit"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := w.validium.Pay(w.ctx, w.anna, row.wei, "deposit", row.x, row.y); l1.Refused(err) != row.want {
				t.Errorf("%v, want %s", err, row.want)
			}
		})
	}
	secret, err := ledger.NewSecret()
	w.must(err)
	for range 1<<shape.Depth - 1 {
		w.must(w.validium.Deposit(w.ctx, w.anna, secret.Key(), least))
	}
	w.refused(w.validium.Deposit(w.ctx, w.anna, secret.Key(), least), "Full")
}

// TestParameters corrupts what a validium is deployed with row by row.
func TestParameters(t *testing.T) {
	w := newWorld(t)
	k, err := keys()
	w.must(err)
	const blobs = 4096 * 32 * 12 * time.Second // what Ethereum keeps blobs for
	for _, row := range []struct {
		name   string
		change func(*l1.Terms)
		error  string
	}{
		{"as long as Ethereum keeps blobs", func(t *l1.Terms) { t.Retention = blobs }, ""},
		{"a second longer", func(t *l1.Terms) { t.Retention = blobs + time.Second }, "RetentionTooLong"},
		{"no patience", func(t *l1.Terms) { t.Patience = 0 }, "BadParameters"},
		{"too much patience", func(t *l1.Terms) { t.Patience = t.Retention/4 + time.Second }, "BadParameters"},
		{"no grace", func(t *l1.Terms) { t.Grace = 0 }, "BadParameters"},
		{"a grace beyond the retention", func(t *l1.Terms) { t.Grace = t.Retention + time.Second }, "BadParameters"},
		{"no pace", func(t *l1.Terms) { t.Pace = 0 }, "BadParameters"},
		{"a pace of half the grace", func(t *l1.Terms) { t.Pace = t.Grace / 2 }, ""},
		{"a pace of more", func(t *l1.Terms) { t.Pace = t.Grace/2 + time.Second }, "BadParameters"},
		{"no room for a deposit", func(t *l1.Terms) { t.Shape.Deposits = 0 }, "BadParameters"},
		{"no least deposit", func(t *l1.Terms) { t.MinDeposit = 0 }, "BadParameters"},
		{"no room for a transfer", func(t *l1.Terms) { t.Shape.Transfers = 0 }, "BadParameters"},
		{"slices of more than a blob", func(t *l1.Terms) { t.Shape.Depth, t.Shape.SliceDepth = 11, 11 }, "BadParameters"},
		{"slices deeper than the state", func(t *l1.Terms) { t.Shape.SliceDepth = t.Shape.Depth + 1 }, "BadParameters"},
		{"another circuit for batches", func(t *l1.Terms) { t.BatchKey = t.CheckpointKey }, "BadParameters"},
		{"another circuit for checkpoints", func(t *l1.Terms) { t.CheckpointKey = t.BatchKey }, "BadParameters"},
	} {
		t.Run(row.name, func(t *testing.T) {
			terms := w.terms(k)
			row.change(&terms)
			if _, err := w.chain.DeployValidium(w.ctx, w.op, terms); l1.Refused(err) != row.error || row.error == "" && err != nil {
				t.Errorf("%v, want %q", err, row.error)
			}
		})
	}
}
