package operator

import (
	"testing"

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
