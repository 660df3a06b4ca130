package app_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
)

// TestAnExportedStateStartsAChain: its supply is what was left after all that was burned, and
// the new chain's books begin there.
func TestAnExportedStateStartsAChain(t *testing.T) {
	old := newChain(t)
	old.accept(old.transfer(old.accounts[2], old.accounts[3], 0))
	old.step()
	state, err := old.app.Export()
	if err != nil {
		t.Fatal(err)
	}
	next := &chain{t: t, app: newApp(t), accounts: old.accounts, validators: old.validators}
	params := app.ConsensusParams().ToProto()
	if _, err := next.app.InitChain(&abci.RequestInitChain{
		Time: genesisTime, ChainId: chainID, InitialHeight: 1, ConsensusParams: &params, AppStateBytes: state.AppState,
	}); err != nil {
		t.Fatal(err)
	}
	next.apply(da.EmptyTxs())
	next.audit()
	if !next.supply().Equal(old.supply()) {
		t.Errorf("the new chain begins with %s, the old one ended with %s", next.supply(), old.supply())
	}
	next.accept(next.transfer(next.accounts[2], next.accounts[3], 1))
	_, resp := next.step()
	requireExecuted(t, resp)
	next.audit()
}
