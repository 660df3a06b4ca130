package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cosmossdk.io/log/v2"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/store/v2/rootmulti"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
)

// forgetAttest takes a chain's state back to that of a program without the attest module, which has planned the upgrade
// for the height after.
func (c *chain) forgetAttest(db dbm.DB) upgradetypes.Plan {
	c.t.Helper()
	if _, err := c.finalize(da.EmptyTxs()); err != nil {
		c.t.Fatal(err)
	}
	plan := upgradetypes.Plan{Name: "attestations", Height: c.height + 2}
	stores := c.app.CommitMultiStore()
	branch := stores.CacheMultiStore()
	ctx := sdk.NewContext(branch, cmtproto.Header{Height: c.height + 1}, false, log.NewNopLogger())
	if err := c.app.Keepers.Upgrade.ScheduleUpgrade(ctx, plan); err != nil {
		c.t.Fatal(err)
	}
	key := stores.(*rootmulti.Store).StoreKeysByName()[upgradetypes.StoreKey]
	branch.GetKVStore(key).Delete(append([]byte{upgradetypes.VersionMapByte}, attest.ModuleName...))
	branch.Write()
	if _, err := c.app.Commit(); err != nil {
		c.t.Fatal(err)
	}
	c.height++
	dropStore(c.t, db, c.height, attest.StoreKey)
	return plan
}

// dropStore removes a store from a database as if it had never been there.
func dropStore(t testing.TB, db dbm.DB, height int64, name string) {
	t.Helper()
	infoKey := fmt.Appendf(nil, "s/%d", height)
	raw, err := db.Get(infoKey)
	if err != nil {
		t.Fatal(err)
	}
	var info storetypes.CommitInfo
	if err := info.Unmarshal(raw); err != nil {
		t.Fatal(err)
	}
	before := len(info.StoreInfos)
	info.StoreInfos = slices.DeleteFunc(info.StoreInfos, func(s storetypes.StoreInfo) bool { return s.Name == name })
	if raw, err = info.Marshal(); err != nil || len(info.StoreInfos) != before-1 {
		t.Fatalf("%d of %d stores are left (%v)", len(info.StoreInfos), before, err)
	}
	if err := db.Set(infoKey, raw); err != nil {
		t.Fatal(err)
	}
	prefix := []byte("s/k:" + name + "/")
	it, err := dbm.IteratePrefix(db, prefix)
	if err != nil {
		t.Fatal(err)
	}
	var keys [][]byte
	for ; it.Valid(); it.Next() {
		keys = append(keys, slices.Clone(it.Key()))
	}
	if err := it.Close(); err != nil || len(keys) == 0 {
		t.Fatalf("%d keys under %s (%v)", len(keys), prefix, err)
	}
	for _, key := range keys {
		if err := db.Delete(key); err != nil {
			t.Fatal(err)
		}
	}
}

// TestChainsBegunWithoutAttestations: one is not opened but by the upgrade, which makes the history of all that came
// before; epochs, records and certificates begin there, and go on as on any other chain.
func TestChainsBegunWithoutAttestations(t *testing.T) {
	p := program{home: t.TempDir(), db: dbm.NewMemDB()}
	c := newChainOn(t, p.open(t))
	c.accept(c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 10)))
	for c.height < 12 {
		c.step()
	}
	plan := c.forgetAttest(p.db)
	if _, err := app.New(app.Config{ChainID: chainID, Home: p.home, DB: p.db, Setup: testSetup(t)}); err == nil || !strings.Contains(err.Error(), attest.StoreKey) {
		t.Fatalf("opened without the upgrade, or the store is not named: %v", err)
	}
	if err := c.app.Keepers.Upgrade.DumpUpgradeInfoToDisk(plan.Height, plan); err != nil {
		t.Fatal(err)
	}
	c.app = p.open(t)
	c.step()

	if got := c.epoch(); got != 0 {
		t.Errorf("the upgrade's block is in epoch %d", got)
	}
	var history da.History
	for height := int64(1); height <= c.height; height++ {
		roots, err := c.app.Keepers.Blob.Roots(c.ctx(), height)
		if err != nil {
			t.Fatal(err)
		}
		history = history.Append(da.HistoryLeaf(uint64(height), [32]byte(roots.DataRoot), [32]byte(roots.BlobTreeRoot)))
	}
	if got := c.attestation(uint64(c.height)); got.HistoryRoot != history.Root() {
		t.Error("the history is not that of all blocks")
	}
	if _, err := c.app.Attestation(uint64(c.height) - 1); err == nil {
		t.Error("a block before the upgrade can be attested")
	}
	for i := range 2 {
		c.accept(c.sign(c.accounts[i], terms{}, registration(keyOf(t, c.accounts[i], testSecret(t, uint64(i))))))
	}
	_, resp := c.step()
	requireExecuted(t, resp)
	first := uint64(plan.Height)
	proof, err := c.app.HistoryProof(first, uint64(c.height))
	if err != nil {
		t.Fatal(err)
	}
	at := c.attestation(first)
	if err := proof.Verify(c.attestation(uint64(c.height)).HistoryRoot, uint64(c.height), first, da.HistoryLeaf(first, at.DataRoot, at.BlobTreeRoot)); err != nil {
		t.Error(err)
	}
	c.app = p.open(t)
	c.step()
}
