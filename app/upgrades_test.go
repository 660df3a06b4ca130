package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
)

// upgradeHeight is where the test chains are upgraded.
const upgradeHeight = 8

// program opens the application of some version on a node's state.
type program struct {
	home     string
	db       dbm.DB
	upgrades []app.Upgrade
	options  []func(*baseapp.BaseApp)
	skip     map[int64]bool
}

func (p program) open(t testing.TB) *app.App {
	t.Helper()
	a, err := app.New(app.Config{
		ChainID: chainID, Home: p.home, DB: p.db, Setup: testSetup(t),
		Upgrades: p.upgrades, Options: p.options, SkipUpgradeHeights: p.skip,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// quickVotes lets governance decide within two blocks.
func quickVotes(e *app.Encoding, s app.GenesisState) {
	var state govv1.GenesisState
	e.Codec.MustUnmarshalJSON(s[govtypes.ModuleName], &state)
	voting := 10 * time.Second
	expedited := voting / 2
	state.Params.VotingPeriod, state.Params.ExpeditedVotingPeriod = &voting, &expedited
	s[govtypes.ModuleName] = e.Codec.MustMarshalJSON(&state)
}

// scheduleUpgrade votes an upgrade in.
func (c *chain) scheduleUpgrade(name string) {
	c.t.Helper()
	c.decide(&upgradetypes.MsgSoftwareUpgrade{
		Authority: govAddress(),
		Plan:      upgradetypes.Plan{Name: name, Height: upgradeHeight, Info: "the release page"},
	})
	if plan, err := c.app.Keepers.Upgrade.GetUpgradePlan(c.ctx()); err != nil || plan.Name != name {
		c.t.Fatalf("planned is %q (%v), voted for was %q", plan.Name, err, name)
	}
}

func govAddress() string { return authtypes.NewModuleAddress(govtypes.ModuleName).String() }

// decide has governance do something, on a chain of quickVotes.
func (c *chain) decide(msg sdk.Msg) {
	c.t.Helper()
	c.accept(c.sign(c.accounts[2], terms{}, propose(c.t, c.accounts[2], msg)))
	_, resp := c.step()
	requireExecuted(c.t, resp)
	for _, voter := range c.accounts[:2] {
		c.accept(c.sign(voter, terms{}, govv1.NewMsgVote(voter.address(), 1, govv1.OptionYes, "")))
	}
	_, resp = c.step()
	requireExecuted(c.t, resp)
	for range 2 {
		c.apply(da.EmptyTxs())
	}
}

// reachUpgrade brings the chain to the height before its upgrade.
func (c *chain) reachUpgrade() {
	c.t.Helper()
	for c.height < upgradeHeight-1 {
		c.apply(da.EmptyTxs())
	}
}

// refuse expects that the next block is not executed, and why.
func (c *chain) refuse(reasons ...string) {
	c.t.Helper()
	_, err := c.finalize(da.EmptyTxs())
	if err == nil {
		c.t.Fatalf("block %d is executed", c.height+1)
	}
	for _, reason := range reasons {
		if !strings.Contains(err.Error(), reason) {
			c.t.Errorf("block %d is not executed because of %q, want %q named", c.height+1, err, reason)
		}
	}
}

// TestUpgrade takes a chain through an upgrade that governance voted for: the old program
// halts, again after a restart; the new one adds a store, migrates and goes on with the state.
func TestUpgrade(t *testing.T) {
	const name = "v2"
	old := program{home: t.TempDir(), db: dbm.NewMemDB()}
	c := newChainOn(t, old.open(t), quickVotes)
	c.scheduleUpgrade(name)
	c.reachUpgrade()
	before, sequence := c.balance(c.accounts[2].address()), c.sequence(c.accounts[2])
	for range 2 {
		if !c.process(da.EmptyTxs()) {
			t.Fatal("the block is no worse for the upgrade, and the old program votes against it")
		}
		c.refuse(fmt.Sprintf("%q NEEDED", name), fmt.Sprintf("height: %d", upgradeHeight), "the release page")
		c.app = old.open(t)
	}

	added := storetypes.NewKVStoreKey("added")
	next := old
	next.options = []func(*baseapp.BaseApp){func(b *baseapp.BaseApp) { b.MountStore(added, storetypes.StoreTypeIAVL) }}
	next.upgrades = []app.Upgrade{{
		Name:   name,
		Stores: storetypes.StoreUpgrades{Added: []string{added.Name()}},
		Migrate: func(ctx context.Context, k *app.Keepers) error {
			params, err := k.Blob.Params(ctx)
			if err != nil {
				return err
			}
			params.MaxRows = 20
			sdk.UnwrapSDKContext(ctx).KVStore(added).Set([]byte("key"), []byte("value"))
			return k.Blob.SetParams(ctx, params)
		},
	}}
	c.app = next.open(t)
	c.step()
	if value := c.ctx().KVStore(added).Get([]byte("key")); string(value) != "value" {
		t.Errorf("the added store holds %q", value)
	}
	if limits, err := c.app.Keepers.Blob.Limits(c.ctx()); err != nil || limits.MaxRows != 20 {
		t.Errorf("squares of %d rows (%v), migrated to 20", limits.MaxRows, err)
	}
	if now := c.balance(c.accounts[2].address()); !now.Equal(before) {
		t.Errorf("a balance of %s before, %s after", before, now)
	}
	c.accept(c.transfer(c.accounts[2], c.accounts[3], sequence))
	_, resp := c.step()
	requireExecuted(t, resp)

	c.app = next.open(t) // the plan's file is still there, and of no more effect
	c.step()
	c.app = old.open(t)
	c.refuse("upgrade handler is missing for " + name)
}

// TestUpgradeTooEarly: a program that knows a scheduled upgrade does not run before its height.
func TestUpgradeTooEarly(t *testing.T) {
	old := program{home: t.TempDir(), db: dbm.NewMemDB()}
	c := newChainOn(t, old.open(t), quickVotes)
	c.scheduleUpgrade("v2")
	next := old
	next.upgrades = []app.Upgrade{{Name: "v2"}}
	c.app = next.open(t)
	c.refuse("BINARY UPDATED BEFORE TRIGGER")
	c.app = old.open(t)
	c.reachUpgrade()
}

// TestUpgradeSkipped: with the height skipped the old program passes the plan over.
func TestUpgradeSkipped(t *testing.T) {
	old := program{home: t.TempDir(), db: dbm.NewMemDB()}
	c := newChainOn(t, old.open(t), quickVotes)
	c.scheduleUpgrade("v2")
	c.reachUpgrade()
	c.refuse("NEEDED")
	old.skip = map[int64]bool{upgradeHeight: true}
	c.app = old.open(t)
	c.step()
	c.step()
	if _, err := c.app.Keepers.Upgrade.GetUpgradePlan(c.ctx()); err == nil {
		t.Error("the plan is still there")
	}
}

// TestUpgradesAreNamed: New refuses upgrades that governance could not tell apart.
func TestUpgradesAreNamed(t *testing.T) {
	for name, upgrades := range map[string][]app.Upgrade{
		"no name": {{}},
		"twice":   {{Name: "v2"}, {Name: "v2"}},
	} {
		if _, err := app.New(app.Config{ChainID: chainID, Home: t.TempDir(), DB: dbm.NewMemDB(), Upgrades: upgrades}); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}
