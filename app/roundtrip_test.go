package app_test

import (
	"bytes"
	"encoding/json"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/attest"
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

// TestAttestationKeysSurviveAnExport: keys in use and keys retired go with an exported state, sets and records do not;
// two nodes that begin with it agree, and what they export again of the module is the same.
func TestAttestationKeysSurviveAnExport(t *testing.T) {
	old := newChain(t, attesting(t))
	replaced := keyOf(t, old.accounts[0], testSecret(t, 20))
	requireResult(t, "rotation", old.execute(old.sign(old.accounts[0], terms{}, registration(replaced))), nil)
	state, err := old.app.Export()
	if err != nil {
		t.Fatal(err)
	}
	params := app.ConsensusParams().ToProto()
	begin := func() *chain {
		next := &chain{t: t, app: newApp(t), accounts: old.accounts, validators: old.validators}
		if _, err := next.app.InitChain(&abci.RequestInitChain{
			Time: genesisTime, ChainId: chainID, InitialHeight: 1, ConsensusParams: &params, AppStateBytes: state.AppState,
		}); err != nil {
			t.Fatal(err)
		}
		next.apply(da.EmptyTxs())
		return next
	}
	next, twin := begin(), begin()
	for range 6 {
		txs, resp := next.step()
		if other := twin.apply(txs); !bytes.Equal(resp.AppHash, other.AppHash) {
			t.Fatalf("block %d: application hashes %X and %X", next.height, resp.AppHash, other.AppHash)
		}
	}
	if set := next.set(0); len(set.Attesters) != 2 || set.Total != 200 {
		t.Errorf("the new chain begins with the set %+v", set)
	}
	requireResult(t, "a key retired on the old chain", next.execute(next.sign(next.accounts[1], terms{}, registration(keyOf(t, next.accounts[1], testSecret(t, 0))))), attest.ErrKeyTaken)
	again, err := next.app.Export()
	if err != nil {
		t.Fatal(err)
	}
	module := func(raw []byte) string {
		var all app.GenesisState
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err)
		}
		return string(all[attest.ModuleName])
	}
	if before, after := module(state.AppState), module(again.AppState); before != after {
		t.Errorf("exported was %s, and then %s", before, after)
	}
}
