package app_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
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
	begin := func() *chain { return old.again(state.AppState) }
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
	if before, after := attestState(t, state.AppState), attestState(t, again.AppState); before != after {
		t.Errorf("exported was %s, and then %s", before, after)
	}
}

// again begins a chain with an exported state.
func (c *chain) again(state []byte) *chain {
	c.t.Helper()
	next := &chain{t: c.t, app: newApp(c.t), accounts: c.accounts, validators: c.validators}
	params := app.ConsensusParams().ToProto()
	if _, err := next.app.InitChain(&abci.RequestInitChain{
		Time: genesisTime, ChainId: chainID, InitialHeight: 1, ConsensusParams: &params, AppStateBytes: state,
	}); err != nil {
		c.t.Fatal(err)
	}
	next.apply(da.EmptyTxs())
	return next
}

// attestState is the attest module's part of an exported state.
func attestState(t *testing.T, raw []byte) string {
	t.Helper()
	var all app.GenesisState
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return string(all[attest.ModuleName])
}

// TestTheExpelledStaySoAfterAnExport: what was a fault on the chain before is on record on the next, and whoever it is of is in no set of
// it and is punished no more.
func TestTheExpelledStaySoAfterAnExport(t *testing.T) {
	old, _ := newCertifiedChain(t, 3, asIs)
	old.upTo(5)
	lie := *old.attestation(3)
	lieOfRoots(&lie)
	accused := old.accounts[1]
	evidence := old.accuse(&lie, accused, testSecret(t, 1))
	requireResult(t, "evidence", old.submit(evidence), nil)
	old.step()
	state, err := old.app.Export()
	if err != nil {
		t.Fatal(err)
	}
	old.validators = slices.Delete(old.validators, 1, 2)
	next := old.again(state.AppState)
	if punished, err := next.app.Punished([da.AddressSize]byte(accused.address())); !punished || err != nil {
		t.Errorf("on the next chain it is not expelled (%v)", err)
	}
	next.requireExpelled(accused)
	var before, after attestpb.QueryFaultsResponse
	old.query(t, "/ashlar.attest.v1.Query/Faults", &attestpb.QueryFaultsRequest{}, &before)
	next.query(t, "/ashlar.attest.v1.Query/Faults", &attestpb.QueryFaultsRequest{}, &after)
	if len(after.Faults) != 1 || after.Faults[0] != before.Faults[0] {
		t.Errorf("the faults on record were %+v, and are %+v", before.Faults, after.Faults)
	}
	if set := next.set(0); next.indexIn(0, accused) >= 0 || len(set.Attesters) != 2 {
		t.Errorf("the first set is %+v", set)
	}
	next.step()
	again, err := next.app.Export()
	if err != nil {
		t.Fatal(err)
	}
	if before, after := attestState(t, state.AppState), attestState(t, again.AppState); before != after {
		t.Errorf("exported was %s, and then %s", before, after)
	}
}
