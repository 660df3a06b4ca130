package app_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/client"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// retention answers with a height of the test's choosing.
type retention struct{ height int64 }

func (r *retention) RetainHeight() int64 { return r.height }

// openApp opens an application on a database that outlives it.
func openApp(t testing.TB, db dbm.DB, keep app.Retention) *app.App {
	t.Helper()
	a, err := app.New(app.Config{ChainID: chainID, Home: t.TempDir(), DB: db, Setup: testSetup(t), Retention: keep})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestCommitKeepsTheBlocksTheNodeNeeds: the node's height bounds what CometBFT prunes.
func TestCommitKeepsTheBlocksTheNodeNeeds(t *testing.T) {
	keep := &retention{}
	c := newChainOn(t, openApp(t, dbm.NewMemDB(), keep))
	for _, step := range []struct{ node, want int64 }{{0, 0}, {1, 1}, {2, 2}, {1000, 5}, {-1, 0}} {
		keep.height = step.node
		if _, err := c.finalize(da.EmptyTxs()); err != nil {
			t.Fatal(err)
		}
		resp, err := c.app.Commit()
		if err != nil {
			t.Fatal(err)
		}
		c.height++
		if resp.RetainHeight != step.want {
			t.Errorf("height %d: the node needs %d on, CometBFT keeps %d on, want %d", c.height, step.node, resp.RetainHeight, step.want)
		}
	}
}

// TestRestartVerifiesAgain: after a restart nothing is remembered, and a bad block
// halts the node that replays it.
func TestRestartVerifiesAgain(t *testing.T) {
	db := dbm.NewMemDB()
	c := newChainOn(t, openApp(t, db, nil))
	good := build(t, da.DefaultLimits(), c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 10)))
	if !c.process(good) {
		t.Fatal("the good block is rejected")
	}
	c.app = openApp(t, db, nil)
	bad := cloneTxs(good)
	bad[1] = flipLast(bad[1])
	if _, err := c.finalize(bad); err == nil {
		t.Fatal("a replayed bad block is executed")
	}
	want := c.apply(good)
	if !bytes.Equal(want.AppHash, c.app.LastCommitID().Hash) {
		t.Fatal("the committed hash is not the one returned")
	}
}

// TestRestartChecksTransactions: between a start and the next block the check state has no
// header, and a transaction must not pass for one of genesis.
func TestRestartChecksTransactions(t *testing.T) {
	db := dbm.NewMemDB()
	c := newChainOn(t, openApp(t, db, nil))
	c.step()
	c.app = openApp(t, db, nil)
	blobs := c.blobTx(c.accounts[2], terms{}, generous, smallBlob(t, 1, 10))
	send := banktypes.NewMsgSend(c.accounts[1].address(), c.accounts[0].address(), coins(math.NewInt(1)))
	requireRefusal(t, "no fee", c.check(c.sign(c.accounts[1], terms{fee: math.ZeroInt()}, send)), blob.ErrFeeTooLow)
	requireRefusal(t, "changed proof", c.check(flipLast(blobs)), blob.ErrBlobMismatch)
	c.accept(blobs)
}

// TestGenesisTransactionsMakeValidators starts a chain the way `init` and `gentx` do.
func TestGenesisTransactionsMakeValidators(t *testing.T) {
	c := &chain{t: t, app: newApp(t), accounts: testAccounts(2)}
	key := cmted25519.GenPrivKeyFromSecret([]byte("gentx"))
	pub, err := cryptocodec.FromCmtPubKeyInterface(key.PubKey())
	if err != nil {
		t.Fatal(err)
	}
	operator := c.accounts[0]
	msg, err := stakingtypes.NewMsgCreateValidator(sdk.ValAddress(operator.address()).String(), pub,
		sdk.NewCoin(app.BaseDenom, app.OneASH().MulRaw(10)), stakingtypes.NewDescription("first", "", "", "", ""),
		stakingtypes.NewCommissionRates(math.LegacyZeroDec(), math.LegacyOneDec(), math.LegacyOneDec()), math.OneInt())
	if err != nil {
		t.Fatal(err)
	}
	e := c.app.Encoding()
	tx, err := e.TxConfig.TxDecoder()(c.sign(account{key: operator.key}, terms{fee: math.ZeroInt()}, msg))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := e.TxConfig.TxJSONEncoder()(tx)
	if err != nil {
		t.Fatal(err)
	}
	state := genesis(t, e, c.accounts, nil, func(s app.GenesisState) {
		s[genutiltypes.ModuleName] = e.Codec.MustMarshalJSON(genutiltypes.NewGenesisState([]json.RawMessage{encoded}))
		if err := e.Basics.ValidateGenesis(e.Codec, e.TxConfig, s); err != nil {
			t.Fatal(err)
		}
	})
	params := app.ConsensusParams().ToProto()
	resp, err := c.app.InitChain(&abci.RequestInitChain{
		Time: genesisTime, ChainId: chainID, InitialHeight: 1, ConsensusParams: &params, AppStateBytes: state,
	})
	if err != nil || len(resp.Validators) != 1 || resp.Validators[0].Power != 10 {
		t.Fatalf("have validators %v (%v), want one of power 10", resp.Validators, err)
	}
}

// TestQueries asks the module's queries through ABCI.
func TestQueries(t *testing.T) {
	c := newChain(t)
	var fee blobpb.QueryFeeResponse
	c.query(t, "/ashlar.blob.v1.Query/Fee", &blobpb.QueryFeeRequest{}, &fee)
	if !fee.BaseFee.Equal(math.NewInt(1_000_000_000)) || fee.Excess == 0 {
		t.Errorf("have base fee %s at excess %d, want 1000000000 at the excess of the reserve", fee.BaseFee, fee.Excess)
	}
	var supply blobpb.QuerySupplyResponse
	c.query(t, "/ashlar.blob.v1.Query/Supply", &blobpb.QuerySupplyRequest{}, &supply)
	if !supply.Issued.Equal(c.supply()) || !supply.Burned.IsZero() {
		t.Errorf("have %s issued and %s burned, want %s and 0", supply.Issued, supply.Burned, c.supply())
	}
	var roots blobpb.QueryBlockRootsResponse
	c.query(t, "/ashlar.blob.v1.Query/BlockRoots", &blobpb.QueryBlockRootsRequest{Height: 1}, &roots)
	if len(roots.Roots.DataRoot) != 32 {
		t.Errorf("the data root of height 1 has %d bytes", len(roots.Roots.DataRoot))
	}
	for _, height := range []int64{-1, 0, 1000} {
		req := blobpb.QueryBlockRootsRequest{Height: height}
		data, err := req.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.app.Query(t.Context(), &abci.RequestQuery{Path: "/ashlar.blob.v1.Query/BlockRoots", Data: data})
		if err != nil || resp.Code == 0 {
			t.Errorf("height %d: no error (%v)", height, err)
		}
	}
}

func (c *chain) query(t testing.TB, path string, req interface{ Marshal() ([]byte, error) }, out interface{ Unmarshal([]byte) error }) {
	t.Helper()
	data, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.app.Query(t.Context(), &abci.RequestQuery{Path: path, Data: data})
	if err != nil || resp.Code != 0 {
		t.Fatalf("%s: %v %v", path, err, resp)
	}
	if err := out.Unmarshal(resp.Value); err != nil {
		t.Fatal(err)
	}
}

// TestCommandsExist: every module's queries can be asked from the command line.
func TestCommandsExist(t *testing.T) {
	options := newApp(t).AutoCLI(client.Context{})
	for _, name := range []string{"auth", "bank", "staking", "slashing", "distribution", "gov", "feegrant", "authz", "upgrade", "consensus", "evidence", "blob", "attest"} {
		if options.ModuleOptions[name] == nil || options.ModuleOptions[name].Query == nil {
			t.Errorf("module %s has no query commands", name)
		}
	}
	if !slices.ContainsFunc(options.ModuleOptions["blob"].Query.RpcCommandOptions, func(o *autocliv1.RpcCommandOptions) bool { return o.RpcMethod == "Fee" }) {
		t.Error("no command asks for the base fee")
	}
}

// TestNewRefusesWhatItCannotOpen: New names what is missing.
func TestNewRefusesWhatItCannotOpen(t *testing.T) {
	for name, cfg := range map[string]app.Config{
		"no chain id": {DB: dbm.NewMemDB()},
		"no database": {ChainID: chainID},
	} {
		if _, err := app.New(cfg); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	c := newApp(t)
	if _, err := c.InitChain(&abci.RequestInitChain{ChainId: "another-chain"}); err == nil {
		t.Error("another chain's genesis is taken")
	}
	if _, err := c.InitChain(&abci.RequestInitChain{ChainId: chainID, InitialHeight: 5}); err == nil {
		t.Error("a chain that starts at height 5 is taken")
	}
}

// TestEmptyTransactionIsRefused: one without body or fee makes the SDK dereference nil;
// the node answers all the same.
func TestEmptyTransactionIsRefused(t *testing.T) {
	c := newChain(t)
	for _, raw := range [][]byte{{0x0a, 0x00, 0x12, 0x00}, {0x0a, 0x00}, {0x12, 0x00}} {
		if resp := c.check(raw); resp.Code == 0 || resp.Log == "" {
			t.Errorf("%x: have code %d, log %q", raw, resp.Code, resp.Log)
		}
	}
}

// TestNothingEntersBeforeTheFirstBlock: genesis is committed with it, and until then
// the refusal says to wait. The first block itself takes no transactions then.
func TestNothingEntersBeforeTheFirstBlock(t *testing.T) {
	c := &chain{t: t, app: newApp(t), accounts: testAccounts(3), validators: testValidators(1)}
	params := app.ConsensusParams().ToProto()
	_, err := c.app.InitChain(&abci.RequestInitChain{
		Time: genesisTime, ChainId: chainID, InitialHeight: 1, ConsensusParams: &params,
		AppStateBytes: genesis(t, c.app.Encoding(), c.accounts, c.validators, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	tx := c.transfer(c.accounts[1], c.accounts[2], 0)
	requireRefusal(t, "before the first block", c.check(tx), blob.ErrNotReady)
	c.step()
	c.accept(tx)
	_, resp := c.step()
	requireExecuted(t, resp)
}
