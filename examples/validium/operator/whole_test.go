package operator

import (
	"path/filepath"
	"testing"

	"github.com/ashlar-da/ashlar/examples/validium/circuit"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// TestWholeCheckpoint: all accounts are taken, so that a checkpoint is of as many slices as there can be, some of which go to Ashlar and
// some to Ethereum. It counts once all are there, and the state is rebuilt from them alone.
func TestWholeCheckpoint(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	secret, err := ledger.NewSecret()
	w.must(err)
	const accounts = 7
	for range accounts {
		w.must(w.validium.Deposit(w.ctx, w.anna, secret.Key(), least))
	}
	for w.operator.State().Deposits() < accounts {
		m, err := w.operator.Batch(w.ctx)
		w.must(err)
		w.landed(m)
	}
	before := w.checkpointed()
	slices, err := w.operator.Checkpoint()
	w.must(err)
	if len(slices) != 1<<(shape.Depth-shape.SliceDepth) {
		t.Fatalf("%d slices", len(slices))
	}
	var archive [][]byte
	for i, s := range slices {
		if w.checkpointed() != before {
			t.Errorf("%d of %d slices are taken for a checkpoint", i, len(slices))
		}
		archive = append(archive, s.Data)
		if i%2 == 0 {
			_, err = w.operator.LandSlice(w.ctx, s, w.published(s.Publication))
		} else {
			_, err = w.operator.LandSliceByBlob(w.ctx, s)
		}
		w.must(err)
	}
	if w.checkpointed() <= before {
		t.Error("all slices are no checkpoint")
	}
	root, err := w.validium.Root(w.ctx)
	w.must(err)
	state, _, err := ledger.Rebuild(shape, root, archive)
	w.must(err)
	if state.Deposits() != accounts {
		t.Errorf("%d accounts, want %d", state.Deposits(), accounts)
	}
}

// checkpointed is the time of the newest checkpoint.
func (w *world) checkpointed() uint64 {
	w.Helper()
	time, err := l1.Call[uint64](w.ctx, w.validium.Contract, "checkpointTime")
	w.must(err)
	return time
}

// TestOneSlice: slices as deep as the state are one slice, which is all of it.
func TestOneSlice(t *testing.T) {
	whole := ledger.Shape{Depth: 2, SliceDepth: 2, Deposits: 1, Transfers: 1}
	folder := filepath.Join("..", "..", "..", "build", "validium")
	batches, _, err := circuit.Cached(folder, circuit.NewBatch(whole))
	if err != nil {
		t.Fatal(err)
	}
	checkpoints, _, err := circuit.Cached(folder, circuit.NewCheckpoint(whole))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(terms *l1.Terms) {
		terms.Shape, terms.BatchKey, terms.CheckpointKey = whole, batches.VerifyingKey(), checkpoints.VerifyingKey()
	})
	w.operator, err = New(w.ctx, w.op, w.validium, &Keys{Shape: whole, Batches: batches, Checkpoints: checkpoints}, w.operator.setup)
	w.must(err)
	w.checkpoint()
	secret, err := ledger.NewSecret()
	w.must(err)
	w.must(w.validium.Deposit(w.ctx, w.anna, secret.Key(), least))
	m, err := w.operator.Batch(w.ctx)
	w.must(err)
	w.landed(m)
	slices, err := w.operator.Checkpoint()
	w.must(err)
	if len(slices) != 1 {
		t.Fatalf("%d slices", len(slices))
	}
	before := w.checkpointed()
	_, err = w.operator.LandSlice(w.ctx, slices[0], w.published(slices[0].Publication))
	w.must(err)
	if w.checkpointed() <= before {
		t.Error("the one slice is no checkpoint")
	}
	root, err := w.validium.Root(w.ctx)
	w.must(err)
	state, _, err := ledger.Rebuild(whole, root, [][]byte{slices[0].Data})
	w.must(err)
	if anna, _ := state.Account(1); state.Deposits() != 1 || anna.Balance != least {
		t.Errorf("%d deposits are rebuilt, account 1 has %d", state.Deposits(), anna.Balance)
	}
}
