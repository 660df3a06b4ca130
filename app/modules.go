package app

import (
	"context"

	"cosmossdk.io/core/comet"
	"cosmossdk.io/core/genesis"
	"cosmossdk.io/core/store"
	"github.com/cosmos/cosmos-sdk/codec/address"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	authzmodule "github.com/cosmos/cosmos-sdk/x/authz/module"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	distr "github.com/cosmos/cosmos-sdk/x/distribution"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	"github.com/cosmos/cosmos-sdk/x/evidence"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantmodule "github.com/cosmos/cosmos-sdk/x/feegrant/module"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	"github.com/cosmos/cosmos-sdk/x/slashing"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	"github.com/cosmos/cosmos-sdk/x/upgrade"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/app/blob"
)

// storeService is what keepers open their stores with.
type storeService = store.KVStoreService

// cometInfo hands the evidence module what the block says of misbehaviour.
type cometInfo struct{}

var _ comet.BlockInfoService = cometInfo{}

// GetCometBlockInfo returns the block information of the context.
func (cometInfo) GetCometBlockInfo(ctx context.Context) comet.BlockInfo {
	return sdk.UnwrapSDKContext(ctx).CometInfo()
}

// newBasics returns the modules as commands need them before there is state.
func newBasics() module.BasicManager {
	return module.NewBasicManager(
		auth.AppModuleBasic{},
		bankBasics{},
		stakingBasics{},
		slashing.AppModuleBasic{},
		evidence.AppModuleBasic{},
		distr.AppModuleBasic{},
		govBasics{gov.NewAppModuleBasic(nil)},
		feegrantmodule.AppModuleBasic{},
		authzmodule.AppModuleBasic{},
		upgrade.AppModuleBasic{},
		genutil.NewAppModuleBasic(genutiltypes.DefaultMessageValidator),
		consensus.AppModuleBasic{},
		blob.AppModule{},
		attest.AppModule{},
	)
}

// newModules returns the manager of the modules over their keepers, with the orders
// in which they take their turns.
func newModules(e *Encoding, k *Keepers, genesisTxs genesis.TxHandler) *module.Manager {
	accounts := address.NewBech32Codec(sdk.GetConfig().GetBech32AccountAddrPrefix())
	m := module.NewManager(
		auth.NewAppModule(e.Codec, k.Account, nil),
		bank.NewAppModule(e.Codec, k.Bank.BaseKeeper, k.Account),
		stakingModule{staking.NewAppModule(e.Codec, k.Staking, k.Account, k.Bank), k.Staking},
		slashing.NewAppModule(e.Codec, k.Slashing, k.Account, k.Bank, k.Staking, e.Registry),
		evidence.NewAppModule(*k.Evidence),
		distr.NewAppModule(e.Codec, k.Distribution, k.Account, k.Bank, k.Staking),
		gov.NewAppModule(e.Codec, k.Gov, k.Account, k.Bank),
		feegrantmodule.NewAppModule(e.Codec, k.Account, k.Bank, k.FeeGrant, e.Registry),
		authzmodule.NewAppModule(e.Codec, k.Authz, k.Account, k.Bank, e.Registry),
		upgrade.NewAppModule(k.Upgrade, accounts),
		genutil.NewAppModule(k.Account, k.Staking, genesisTxs, e.TxConfig),
		consensus.NewAppModule(e.Codec, k.Consensus),
		blob.NewAppModule(k.Blob),
		attest.NewAppModule(k.Attest),
	)
	setOrders(m)
	return m
}

// setOrders fixes the turns of modules. Distribution pays out the previous block's
// fees before slashing may empty a validator; slashing and evidence come before
// staking records the block; genutil runs its transactions when all else has state;
// attest takes its sets of what staking has settled; the blob module moves the price last of all.
func setOrders(m *module.Manager) {
	m.SetOrderPreBlockers(upgradetypes.ModuleName, authtypes.ModuleName)
	m.SetOrderBeginBlockers(distrtypes.ModuleName, slashingtypes.ModuleName, evidencetypes.ModuleName,
		stakingtypes.ModuleName, authz.ModuleName)
	m.SetOrderEndBlockers(banktypes.ModuleName, govtypes.ModuleName, stakingtypes.ModuleName,
		feegrant.ModuleName, attest.ModuleName, blob.ModuleName)
	order := []string{
		authtypes.ModuleName, banktypes.ModuleName, distrtypes.ModuleName, stakingtypes.ModuleName,
		slashingtypes.ModuleName, govtypes.ModuleName, evidencetypes.ModuleName, authz.ModuleName,
		feegrant.ModuleName, upgradetypes.ModuleName, consensustypes.ModuleName, blob.ModuleName,
		attest.ModuleName,
		genutiltypes.ModuleName,
	}
	m.SetOrderInitGenesis(order...)
	m.SetOrderExportGenesis(order...)
}
