package app

import (
	"fmt"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	authzkeeper "github.com/cosmos/cosmos-sdk/x/authz/keeper"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	distrkeeper "github.com/cosmos/cosmos-sdk/x/distribution/keeper"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	evidencekeeper "github.com/cosmos/cosmos-sdk/x/evidence/keeper"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantkeeper "github.com/cosmos/cosmos-sdk/x/feegrant/keeper"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	slashingkeeper "github.com/cosmos/cosmos-sdk/x/slashing/keeper"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/app/blob"
)

// storeNames are the keys of all stores.
func storeNames() []string {
	return []string{
		authtypes.StoreKey, banktypes.StoreKey, stakingtypes.StoreKey, slashingtypes.StoreKey,
		evidencetypes.StoreKey, distrtypes.StoreKey, govtypes.StoreKey, feegrant.StoreKey,
		authzkeeper.StoreKey, upgradetypes.StoreKey, consensustypes.StoreKey, blob.StoreKey,
		attest.StoreKey,
	}
}

// moduleAccounts are the accounts of modules and what each may do.
func moduleAccounts() map[string][]string {
	return map[string][]string{
		authtypes.FeeCollectorName:          nil,
		distrtypes.ModuleName:               nil,
		stakingtypes.BondedPoolName:         {authtypes.Burner, authtypes.Staking},
		stakingtypes.NotBondedPoolName:      {authtypes.Burner, authtypes.Staking},
		stakingtypes.KeyRotationFeePoolName: {authtypes.Burner},
		govtypes.ModuleName:                 {authtypes.Burner},
		blob.ModuleName:                     {authtypes.Burner},
	}
}

// blockedAddresses are the module accounts nobody may send to; governance's must be
// able to receive what it is to spend.
func blockedAddresses() map[string]bool {
	blocked := make(map[string]bool)
	for name := range moduleAccounts() {
		blocked[authtypes.NewModuleAddress(name).String()] = name != govtypes.ModuleName
	}
	return blocked
}

// Keepers are the modules' keepers, exported for the tools that inspect state.
type Keepers struct {
	Account      authkeeper.AccountKeeper
	Bank         Bank
	Staking      *stakingkeeper.Keeper
	Slashing     slashingkeeper.Keeper
	Evidence     *evidencekeeper.Keeper
	Distribution distrkeeper.Keeper
	Gov          *govkeeper.Keeper
	FeeGrant     feegrantkeeper.Keeper
	Authz        authzkeeper.Keeper
	Upgrade      *upgradekeeper.Keeper
	Consensus    consensuskeeper.Keeper
	Blob         *blob.Keeper
	Attest       *attest.Keeper
}

// newKeepers builds the keepers over the stores of base. Governance is the authority
// of them all.
func newKeepers(e *Encoding, base *baseapp.BaseApp, keys map[string]*storetypes.KVStoreKey, cfg Config) (*Keepers, error) {
	k := &Keepers{}
	authority := authtypes.NewModuleAddress(govtypes.ModuleName).String()
	var err error
	k.Blob, err = blob.NewKeeper(e.Codec, runtime.NewKVStoreService(keys[blob.StoreKey]), authority)
	if err != nil {
		return nil, fmt.Errorf("blob keeper: %w", err)
	}
	newStakeKeepers(k, e, base, keys, authority)
	k.Attest, err = attest.NewKeeper(e.Codec, runtime.NewKVStoreService(keys[attest.StoreKey]), authority,
		attest.Others{Staking: k.Staking, Slashing: k.Slashing, Squares: k.Blob})
	if err != nil {
		return nil, fmt.Errorf("attest keeper: %w", err)
	}
	k.Staking.SetHooks(stakingtypes.NewMultiStakingHooks(k.Distribution.Hooks(), k.Slashing.Hooks(), k.Attest.Hooks()))
	newPolicyKeepers(k, e, base, keys, authority, cfg)
	return k, nil
}

// newStakeKeepers builds what moves and secures value.
func newStakeKeepers(k *Keepers, e *Encoding, base *baseapp.BaseApp, keys map[string]*storetypes.KVStoreKey, authority string) {
	accounts := address.NewBech32Codec(sdk.GetConfig().GetBech32AccountAddrPrefix())
	service := func(name string) storeService { return runtime.NewKVStoreService(keys[name]) }
	k.Account = authkeeper.NewAccountKeeper(e.Codec, service(authtypes.StoreKey), authtypes.ProtoBaseAccount,
		moduleAccounts(), accounts, AddressPrefix, authority)
	k.Bank = Bank{
		BaseKeeper: bankkeeper.NewBaseKeeper(e.Codec, service(banktypes.StoreKey), k.Account, blockedAddresses(), authority, base.Logger()),
		blob:       k.Blob,
	}
	k.Staking = stakingkeeper.NewKeeper(e.Codec, service(stakingtypes.StoreKey), k.Account, k.Bank, authority,
		address.NewBech32Codec(sdk.GetConfig().GetBech32ValidatorAddrPrefix()),
		address.NewBech32Codec(sdk.GetConfig().GetBech32ConsensusAddrPrefix()))
	k.Slashing = slashingkeeper.NewKeeper(e.Codec, e.Amino, service(slashingtypes.StoreKey), k.Staking, authority)
	k.Distribution = distrkeeper.NewKeeper(e.Codec, service(distrtypes.StoreKey), k.Account, k.Bank, k.Staking,
		authtypes.FeeCollectorName, authority)
	k.Evidence = evidencekeeper.NewKeeper(e.Codec, service(evidencetypes.StoreKey), k.Staking, k.Slashing, accounts, cometInfo{})
	k.Evidence.SetRouter(evidencetypes.NewRouter())
}

// newPolicyKeepers builds what governs and delegates.
func newPolicyKeepers(k *Keepers, e *Encoding, base *baseapp.BaseApp, keys map[string]*storetypes.KVStoreKey, authority string, cfg Config) {
	service := func(name string) storeService { return runtime.NewKVStoreService(keys[name]) }
	k.Consensus = consensuskeeper.NewKeeper(e.Codec, service(consensustypes.StoreKey), authority, runtime.EventService{})
	k.FeeGrant = feegrantkeeper.NewKeeper(e.Codec, service(feegrant.StoreKey), k.Account)
	k.Authz = authzkeeper.NewKeeper(service(authzkeeper.StoreKey), e.Codec, base.MsgServiceRouter(), k.Account)
	k.Upgrade = upgradekeeper.NewKeeper(cfg.SkipUpgradeHeights, service(upgradetypes.StoreKey), e.Codec, cfg.Home, base, authority)
	k.Gov = govkeeper.NewKeeper(e.Codec, service(govtypes.StoreKey), k.Account, k.Bank, k.Distribution, base.MsgServiceRouter(),
		govtypes.DefaultConfig(), authority, govkeeper.NewDefaultCalculateVoteResultsAndVotingPower(k.Staking))
}
