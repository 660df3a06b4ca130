package operator

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/params"

	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// TestAskedExit: a user asks the contract for what is hers. The operator takes it out without her signature, all of it, and what is
// shown to be empty needs nothing taken out.
func TestAskedExit(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	_, m := w.opened()
	w.landed(m)
	for _, row := range []struct {
		wallet  *l1.Wallet
		account int64
		gwei    int64
		error   string
	}{
		{w.anna, 2, fee, "NotOwner"},
		{w.ben, 0, fee, "NotOwner"},
		{w.ben, 3, fee, "NotOwner"},
		{w.ben, 2 + 1<<shape.Depth, fee, "NotOwner"},
		{w.ben, 2, fee - 1, "WrongFee"},
		{w.ben, 2, fee + 1, "WrongFee"},
		{w.ben, 2, 0, "WrongFee"},
	} {
		_, err := w.validium.Pay(w.ctx, row.wallet, gwei(row.gwei), "askExit", big.NewInt(row.account))
		w.refused(err, row.error)
	}
	w.must(w.validium.AskExit(w.ctx, w.ben, 2))
	w.refused(w.validium.AskExit(w.ctx, w.ben, 2), "AlreadyAsked")
	w.refused(w.ignored(1), "NotAsked")
	w.refused(w.ignored(2), "StillPatient")

	m, err := w.operator.Batch(w.ctx)
	w.must(err)
	for exits, want := range map[uint16]string{0: "WrongProof", 1: "WrongProof"} {
		other := *m
		other.Claim.Exits = exits
		_, err := w.operator.LandByBlob(w.ctx, &other)
		w.refused(err, want)
	}
	w.landed(m)
	w.paid(m, 2, 5_000_000)
	if left, err := w.chain.Balance(w.ctx, w.validium.Address); err != nil || left.Cmp(gwei(5_000_000)) != 0 {
		t.Errorf("%s wei are left, want what is Anna's: the fee goes to who served, %v", left, err)
	}
	w.sleep(grace + time.Minute)
	w.refused(w.ignored(2), "NotAsked")
	w.empties()
}

// ignored freezes because an exit was not served.
func (w *world) ignored(account int64) error {
	w.Helper()
	_, err := w.validium.Send(w.ctx, w.ben, "freezeIgnored", big.NewInt(account))
	return err
}

// paid takes out what the first transfer of the newest batch moved.
func (w *world) paid(m *Move, from uint16, amount int64) {
	w.Helper()
	points, err := m.Open(m.TransferPlace(0))
	w.must(err)
	number, err := l1.Call[uint64](w.ctx, w.validium.Contract, "batches")
	w.must(err)
	before := w.balance(w.ben)
	_, err = w.validium.Send(w.ctx, w.op, "withdraw", new(big.Int).SetUint64(number), new(big.Int), from, uint64(amount), points)
	w.must(err)
	if got := new(big.Int).Sub(w.balance(w.ben), before); got.Cmp(gwei(amount)) != 0 {
		w.Errorf("%s wei were paid, want %d gwei", got, amount)
	}
}

// empties has Ben ask once more, with an account that has nothing.
func (w *world) empties() {
	w.Helper()
	w.must(w.validium.AskExit(w.ctx, w.anna, 1))
	w.must(w.validium.AskExit(w.ctx, w.ben, 2))
	if asked, err := w.validium.Asked(w.ctx); err != nil || !slices.Equal(asked, []int{1, 2}) {
		w.Errorf("%v asked, want Anna before Ben, who was served before: %v", asked, err)
	}
	state := w.operator.State()
	anna, annas := l1.Leaf(state, 1)
	ben, bens := l1.Leaf(state, 2)
	poor := anna
	poor.Balance = 0
	show := func(index int64, a l1.Account, path []*big.Int) error {
		_, err := w.validium.Send(w.ctx, w.op, "showEmpty", big.NewInt(index), a, path)
		return err
	}
	w.refused(show(1, anna, annas), "HasBalance")
	w.refused(show(2, poor, annas), "NotInState")
	w.refused(show(3, ben, bens), "NotInState")
	w.must(w.operator.Empty(w.ctx))
	w.refused(show(2, ben, bens), "NotAsked")
	w.refused(w.ignored(2), "NotAsked")
}

func gwei(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(params.GWei)) }

// TestIgnored: the operator works on, batch after batch, but serves two users not: one has an account, the other a deposit that no
// batch takes up. Each of them freezes the validium, and everyone leaves.
func TestIgnored(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	secret, m := w.opened()
	w.landed(m)
	late, err := ledger.NewSecret()
	w.must(err)
	w.must(w.validium.Deposit(w.ctx, w.ben, late.Key(), 7_000_000))
	w.must(w.validium.AskExit(w.ctx, w.ben, 2))
	w.must(w.validium.AskExit(w.ctx, w.ben, 3))
	for range 2 {
		w.sleep(grace/2 + 2*time.Minute)
		w.landed(w.censoring(secret))
	}
	_, err = w.validium.Send(w.ctx, w.ben, "freeze")
	w.refused(err, "StillPatient") // by all it looks like, the operator is there
	before, err := w.chain.Client.HeaderByNumber(w.ctx, nil)
	w.must(err)
	w.must(w.ignored(3))
	w.must(w.chain.TakeBack(before.Hash()))
	w.must(w.ignored(2))
	w.refused(w.ignored(3), "IsFrozen")
	_, err = w.operator.LandByBlob(w.ctx, m)
	w.refused(err, "IsFrozen")
	w.refused(w.validium.AskExit(w.ctx, w.anna, 1), "IsFrozen")
	w.takes(w.ben, 5_000_000+fee, func() error { _, err := w.validium.Exit(w.ctx, w.op, w.operator.State(), 2); return err })
	w.takes(w.ben, 7_000_000+fee, func() error { _, err := w.validium.Send(w.ctx, w.op, "reclaim", uint64(2)); return err })
	w.takes(w.anna, 5_000_000-2, func() error { _, err := w.validium.Exit(w.ctx, w.op, w.operator.State(), 1); return err })
	w.refused(w.ignored(2), "IsFrozen")
}

// takes wants a wallet paid that much, in gwei.
func (w *world) takes(who *l1.Wallet, amount int64, how func() error) {
	w.Helper()
	before := w.balance(who)
	w.must(how())
	if got := new(big.Int).Sub(w.balance(who), before); got.Cmp(gwei(amount)) != 0 {
		w.Errorf("%s wei were paid, want %d gwei", got, amount)
	}
}

// censoring is a batch with a transfer of Anna's to the exit account and nothing that anyone asked the contract for.
func (w *world) censoring(secret *ledger.Secret) *Move {
	w.Helper()
	o := w.operator
	anna, _ := o.state.Account(1)
	t, err := ledger.Transfer{From: 1, To: ledger.ExitAccount, Amount: 1}.Sign(secret, anna.Nonce, o.domain)
	w.must(err)
	batch, next := &ledger.Batch{Old: o.state.Root(), Transfers: []ledger.Transfer{t}}, o.state.Clone()
	_, _, err = next.Transfer(t)
	w.must(err)
	batch.New = next.Root()
	m, err := o.prove(w.ctx, batch, next.Deposits(), 0)
	w.must(err)
	return m
}
