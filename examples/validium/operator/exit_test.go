package operator

import (
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/params"

	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// TestExit: the operator vanishes. From what was published alone a user rebuilds the state, and takes out what is hers.
func TestExit(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	secret, m := w.opened()
	var archive [][]byte
	publish := func(p *Publication) l1.Posted {
		archive = append(archive, p.Data)
		return w.published(p)
	}
	_, err := w.operator.Land(w.ctx, m, publish(m.Publication))
	w.must(err)
	slices, err := w.operator.Checkpoint()
	w.must(err)
	for _, s := range slices {
		_, err := w.operator.LandSlice(w.ctx, s, publish(s.Publication))
		w.must(err)
	}
	m = w.transfer(secret, 2, 1_000_000)
	_, err = w.operator.Land(w.ctx, m, publish(m.Publication))
	w.must(err)
	late, err := ledger.NewSecret()
	w.must(err)
	w.must(w.validium.Deposit(w.ctx, w.ben, late.Key(), 7_000_000)) // and never comes into a batch

	_, err = w.validium.Send(w.ctx, w.ben, "freeze")
	w.refused(err, "StillPatient")
	_, err = w.validium.Exit(w.ctx, w.ben, w.operator.State(), 2)
	w.refused(err, "NotFrozen")
	w.sleep(patience + time.Minute)
	_, err = w.validium.Send(w.ctx, w.ben, "freeze")
	w.must(err)
	_, err = w.operator.Land(w.ctx, m, l1.Posted{})
	if err == nil {
		t.Error("a frozen validium moved")
	}

	root, err := w.validium.Root(w.ctx)
	w.must(err)
	state, batches, err := ledger.Rebuild(shape, root, archive[1:]) // the first batch is gone
	w.must(err)
	if batches != 1 {
		t.Errorf("rebuilt with %d batches after the checkpoint, want 1", batches)
	}
	w.paysOut(state)

	w.must(func() error { _, err := w.validium.Send(w.ctx, w.anna, "reclaim", uint64(2)); return err }())
	_, err = w.validium.Send(w.ctx, w.anna, "reclaim", uint64(2))
	w.refused(err, "AlreadyPaid")
	_, err = w.validium.Send(w.ctx, w.anna, "reclaim", uint64(1))
	w.refused(err, "UnknownDeposits")
	if left, err := w.chain.Balance(w.ctx, w.validium.Address); err != nil || left.Sign() != 0 {
		t.Errorf("%s wei are left, %v", left, err)
	}
}

// paysOut takes both accounts out; anyone may send that.
func (w *world) paysOut(state *ledger.Ledger) {
	w.Helper()
	forged := state.Clone()
	if _, _, err := forged.Transfer(ledger.Transfer{From: 1, To: 2, Amount: 1}); err != nil {
		w.Fatal(err)
	}
	_, err := w.validium.Exit(w.ctx, w.op, forged, 2)
	w.refused(err, "NotInState")
	for index, want := range map[int]struct {
		wallet *l1.Wallet
		gwei   int64
	}{1: {w.anna, 4_000_000}, 2: {w.ben, 6_000_000}} {
		before := w.balance(want.wallet)
		gas, err := w.validium.Exit(w.ctx, w.op, state, index)
		w.must(err)
		w.Logf("exit: %d gas at depth %d", gas, shape.Depth)
		paid := new(big.Int).Sub(w.balance(want.wallet), before)
		if paid.Cmp(new(big.Int).Mul(big.NewInt(want.gwei), big.NewInt(params.GWei))) != 0 {
			w.Errorf("account %d: %s wei were paid, want %d gwei", index, paid, want.gwei)
		}
		_, err = w.validium.Exit(w.ctx, w.op, state, index)
		w.refused(err, "AlreadyPaid")
	}
	_, err = w.validium.Exit(w.ctx, w.op, state, ledger.ExitAccount)
	w.refused(err, "NotInState")
}

// TestWithdraw: while the operator works, money leaves by a transfer to account 0, which the contract reads out of the
// batch's blob.
func TestWithdraw(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	secret, m := w.opened()
	w.landed(m)
	m = w.transfer(secret, ledger.ExitAccount, 2_000_000)
	w.landed(m)
	points, err := m.Open(m.TransferPlace(0))
	w.must(err)
	withdraw := func(batch, slot int64, from uint16, gwei uint64) error {
		_, err := w.validium.Send(w.ctx, w.op, "withdraw", big.NewInt(batch), big.NewInt(slot), from, gwei, points)
		return err
	}
	w.refused(withdraw(2, 0, 1, 3_000_000), "WrongOpening")
	w.refused(withdraw(2, 0, 2, 2_000_000), "WrongOpening")
	w.refused(withdraw(1, 0, 1, 2_000_000), "WrongOpening")
	w.refused(withdraw(3, 0, 1, 2_000_000), "NoSuchBatch")
	w.refused(withdraw(2, int64(shape.Transfers), 1, 2_000_000), "NoSuchSlot")
	before := w.balance(w.anna)
	w.must(withdraw(2, 0, 1, 2_000_000))
	if paid := new(big.Int).Sub(w.balance(w.anna), before); paid.Cmp(big.NewInt(2_000_000*params.GWei)) != 0 {
		t.Errorf("%s wei were paid", paid)
	}
	w.refused(withdraw(2, 0, 1, 2_000_000), "AlreadyPaid")
}

// TestCheckpoints: the root stays unless everything that an exit needs is young enough.
func TestCheckpoints(t *testing.T) {
	w := newWorld(t)
	secret, m := w.opened()
	_, err := w.operator.Land(w.ctx, m, w.published(m.Publication))
	w.refused(err, "CheckpointTooOld") // there is none
	early := w.post(m.Publication)
	w.checkpoint()
	early, err = w.attest(early, attesters) // by a younger height's certificate
	w.must(err)
	_, err = w.operator.Land(w.ctx, m, early)
	w.refused(err, "DataTooOld")
	posted := w.published(m.Publication)
	_, err = w.operator.Land(w.ctx, m, posted)
	w.must(err)

	slices, err := w.operator.Checkpoint()
	w.must(err)
	if len(slices) != 2 { // 3 accounts, 2 in each
		t.Fatalf("%d slices", len(slices))
	}
	_, err = w.operator.LandSlice(w.ctx, slices[1], w.published(slices[1].Publication))
	w.refused(err, "WrongSlice")
	old := w.post(slices[0].Publication)
	w.post(m.Publication)
	old, err = w.attest(old, attesters)
	w.must(err)
	_, err = w.operator.LandSlice(w.ctx, slices[0], old)
	w.refused(err, "DataTooOld") // its own height's time is not what was attested

	w.sleep(retention / 2)
	next := w.transfer(secret, 2, 1000)
	_, err = w.operator.Land(w.ctx, next, w.published(next.Publication))
	w.refused(err, "CheckpointTooOld")
	_, err = w.operator.LandByBlob(w.ctx, next)
	w.refused(err, "CheckpointTooOld")
	_, err = w.operator.LandSlice(w.ctx, slices[0], w.published(slices[0].Publication))
	w.must(err)
	_, err = w.operator.LandByBlob(w.ctx, next)
	w.refused(err, "CheckpointTooOld") // half a checkpoint is none
	_, err = w.operator.LandSliceByBlob(w.ctx, slices[1])
	w.must(err)
	w.landed(next)
}

// TestKeepAlive: a checkpoint shown again does not pass for a sign of life.
func TestKeepAlive(t *testing.T) {
	w := newWorld(t)
	slices, err := w.operator.Checkpoint()
	w.must(err)
	posted := w.published(slices[0].Publication)
	w.sleep(patience - time.Minute)
	_, err = w.operator.LandSlice(w.ctx, slices[0], posted)
	w.must(err)
	w.sleep(2 * time.Minute)
	_, err = w.validium.Send(w.ctx, w.ben, "freeze")
	w.must(err)
}

// TestExpiry: nobody relayed a rotation for longer than the trusting period.
func TestExpiry(t *testing.T) {
	for _, freezes := range []bool{true, false} {
		w := newWorld(t, func(terms *l1.Terms) { terms.FreezeOnExpiry = freezes })
		w.checkpoint()
		_, m := w.opened()
		posted := w.published(m.Publication)
		w.sleep(trusting)
		slices, err := w.operator.Checkpoint()
		w.must(err)
		_, err = w.operator.LandSliceByBlob(w.ctx, slices[0]) // the operator lives
		w.must(err)

		_, err = w.operator.Land(w.ctx, m, posted)
		w.refused(err, "Expired")
		_, err = w.attest(w.post(m.Publication), attesters)
		w.refused(err, "Expired")
		_, err = w.validium.Send(w.ctx, w.ben, "freeze")
		if !freezes {
			w.refused(err, "StillPatient")
			w.landed(m) // goes on with blobs of Ethereum
			continue
		}
		w.must(err)
		_, err = w.operator.LandByBlob(w.ctx, m)
		w.refused(err, "IsFrozen")
		w.must(func() error { _, err := w.validium.Send(w.ctx, w.ben, "reclaim", uint64(0)); return err }())
	}
}
