package fullnode

import (
	"context"
	"errors"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
)

// TestNothingIsCheckedBeforeACommit: between its start and its next block the application
// would take every transaction for one of genesis.
func TestNothingIsCheckedBeforeACommit(t *testing.T) {
	w := watch(abci.NewBaseApplication())
	check := func() uint32 {
		response, err := w.CheckTx(t.Context(), &abci.RequestCheckTx{Tx: []byte("tx")})
		if err != nil {
			t.Fatal(err)
		}
		return response.Code
	}
	if code := check(); code != codeUnsettled {
		t.Errorf("before a commit a transaction gets code %d", code)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.waitSettled(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a commit ends with %v", err)
	}
	if _, err := w.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{Height: 5}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
		t.Fatal(err)
	}
	if code := check(); code != abci.CodeTypeOK || w.committed.Load() != 5 || w.waitSettled(t.Context()) != nil {
		t.Errorf("after the commit of height %d a transaction gets code %d", w.committed.Load(), code)
	}
}
