package app

import (
	"context"
	"fmt"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/ashlar-da/ashlar/app/attest"
)

// Upgrade is a change of the state machine that governance schedules by name. At the
// plan's height programs that do not know the name halt, before they change anything; one
// that does takes the state over and goes on. It must be able to read the old state as well: the
// block of that height is verified on it before it is migrated.
type Upgrade struct {
	// Name is that of the plan.
	Name string
	// Stores are the stores that come, go or change their names. The program that knows them
	// mounts those that are left after it.
	Stores storetypes.StoreUpgrades
	// Migrate changes the state once the modules' own migrations have run, and new modules
	// have their default state. It is part of consensus: every node must do the same. Nil changes nothing more.
	Migrate func(ctx context.Context, keepers *Keepers) error
}

// upgrades are those that this program takes a chain through, oldest first. The last that
// a chain went through must stay listed: without it the program is taken for an older one.
func upgrades() []Upgrade {
	return []Upgrade{{
		// attestations adds the attest module to chains that began without it. Their history is made of the roots
		// that state has kept from the first block on; sets and records begin with the upgrade.
		Name:   "attestations",
		Stores: storetypes.StoreUpgrades{Added: []string{attest.StoreKey}},
		Migrate: func(ctx context.Context, keepers *Keepers) error {
			return keepers.Attest.BeginHistory(ctx, uint64(sdk.UnwrapSDKContext(ctx).BlockHeight())-1)
		},
	}}
}

// registerUpgrades makes the upgrades known to the upgrade module, and prepares the stores
// for the one that an older program halted for, if it did.
func (a *App) registerUpgrades(cfg Config, services module.Configurator) error {
	halted, err := a.readHalt(cfg)
	if err != nil {
		return err
	}
	for _, u := range append(upgrades(), cfg.Upgrades...) {
		if u.Name == "" || a.Keepers.Upgrade.HasHandler(u.Name) {
			return fmt.Errorf("app: two upgrades are called %q, or one has no name", u.Name)
		}
		a.Keepers.Upgrade.SetUpgradeHandler(u.Name, a.migration(u, services))
		if u.Name == halted.Name && !a.Keepers.Upgrade.IsSkipHeight(halted.Height) {
			a.SetStoreLoader(upgradetypes.UpgradeStoreLoader(halted.Height, &u.Stores))
		}
	}
	return nil
}

// readHalt returns the plan that an older program left when it halted; none is no error.
func (a *App) readHalt(cfg Config) (upgradetypes.Plan, error) {
	if cfg.Home == "" { // commands only; the keeper would make a folder
		return upgradetypes.Plan{}, nil
	}
	plan, err := a.Keepers.Upgrade.ReadUpgradeInfoFromDisk()
	if err != nil {
		return plan, fmt.Errorf("read the plan of the last upgrade in %s/data/%s: %w", cfg.Home, upgradetypes.UpgradeInfoFilename, err)
	}
	return plan, nil
}

// migration runs in the first step of the block at the plan's height.
func (a *App) migration(u Upgrade, services module.Configurator) upgradetypes.UpgradeHandler {
	return func(ctx context.Context, plan upgradetypes.Plan, from module.VersionMap) (module.VersionMap, error) {
		sdk.UnwrapSDKContext(ctx).Logger().Info("upgrading the state", "upgrade", u.Name, "height", plan.Height)
		versions, err := a.modules.RunMigrations(ctx, services, from)
		if err != nil {
			return nil, fmt.Errorf("upgrade %s: the modules' migrations: %w", u.Name, err)
		}
		if u.Migrate == nil {
			return versions, nil
		}
		if err := u.Migrate(ctx, a.Keepers); err != nil {
			return nil, fmt.Errorf("upgrade %s: %w", u.Name, err)
		}
		return versions, nil
	}
}
