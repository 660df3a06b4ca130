package app

import (
	"errors"
	"fmt"

	"cosmossdk.io/log/v2"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/ashlar-da/ashlar/app/ante"
	"github.com/ashlar-da/ashlar/app/pool"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	// rememberedVerdicts bounds the blocks whose verdicts are remembered: those of the
	// rounds of a few heights.
	rememberedVerdicts = 64
)

// Config is what an App is made of.
type Config struct {
	// ChainID must be that of the genesis file.
	ChainID string
	// Home is the directory where a software upgrade leaves its plan.
	Home string
	// Logger defaults to silence.
	Logger log.Logger
	// DB holds the application's state; Close closes it.
	DB dbm.DB
	// Setup verifies and proves. Without it the application serves commands only: it
	// neither prepares nor accepts blocks.
	Setup *kzg.Setup
	// Retention tells which blocks the node still needs; nil keeps all.
	Retention Retention
	// Certificates is where proposals get the certificates that they carry; nil is nowhere.
	Certificates CertificateSource
	// SkipUpgradeHeights are heights at which a planned upgrade is passed over.
	SkipUpgradeHeights map[int64]bool
	// Mempool bounds what waits for a block; nil is pool.DefaultLimits.
	Mempool *pool.Limits
	// Upgrades are known besides the program's own, which upgrades.go lists.
	Upgrades []Upgrade
	// Options go to BaseApp: pruning, minimum gas prices, halt height, snapshots.
	Options []func(*baseapp.BaseApp)
}

func (c *Config) validate() error {
	if c.ChainID == "" {
		return errors.New("app: no chain id: take it from the genesis file")
	}
	if c.DB == nil {
		return errors.New("app: no database")
	}
	if c.Logger == nil {
		c.Logger = log.NewNopLogger()
	}
	if c.Mempool == nil {
		limits := pool.DefaultLimits()
		c.Mempool = &limits
	}
	return nil
}

// App is the state machine. It is an ABCI application: CometBFT calls it under one
// mutex, and so must whoever calls it otherwise; queries excepted.
type App struct {
	*baseapp.BaseApp

	// Keepers are those of the modules.
	Keepers *Keepers

	setup     *kzg.Setup
	retention Retention
	// certificates may be nil.
	certificates CertificateSource
	verifier     *ante.Verifier
	antes        *ante.Block
	pool         *pool.Pool
	// arriving is what Reserve checks, nil while it does not run; guarded by ABCI's mutex.
	arriving *Arrival
	// verdicts are those on the blocks seen lately, and verdict the one on the block at
	// hand; ABCI's mutex guards the latter.
	verdicts *lru.Cache[blockHash, verdict]
	verdict  verdict

	encoding *Encoding
	modules  *module.Manager
}

// New opens the application on its database, at the last height committed.
// ConfigureSDK must have run.
func New(cfg Config) (*App, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	encoding, err := NewEncoding()
	if err != nil {
		return nil, err
	}
	a := &App{encoding: encoding, setup: cfg.Setup, retention: cfg.Retention, certificates: cfg.Certificates}
	a.pool = pool.New(*cfg.Mempool, a.committed)
	a.BaseApp = newBaseApp(cfg, encoding, a.pool)
	if err := a.wire(cfg); err != nil {
		return nil, err
	}
	if err := a.handle(); err != nil {
		return nil, err
	}
	if err := a.LoadLatestVersion(); err != nil {
		return nil, fmt.Errorf("open the application's state: %w", err)
	}
	return a, nil
}

func newBaseApp(cfg Config, e *Encoding, waiting *pool.Pool) *baseapp.BaseApp {
	options := append([]func(*baseapp.BaseApp){baseapp.SetChainID(cfg.ChainID)}, cfg.Options...)
	base := baseapp.NewBaseApp(Name, cfg.Logger, cfg.DB, e.TxConfig.TxDecoder(), options...)
	base.SetInterfaceRegistry(e.Registry)
	base.SetTxEncoder(e.TxConfig.TxEncoder())
	base.SetMempool(waiting)
	return base
}

// wire builds keepers and modules over the stores.
func (a *App) wire(cfg Config) error {
	keys := storetypes.NewKVStoreKeys(storeNames()...)
	a.MountKVStores(keys)
	var err error
	if a.Keepers, err = newKeepers(a.encoding, a.BaseApp, keys, cfg); err != nil {
		return err
	}
	a.SetParamStore(a.Keepers.Consensus.ParamsStore)
	a.modules = newModules(a.encoding, a.Keepers, a.BaseApp)
	services := module.NewConfigurator(a.encoding.Codec, a.MsgServiceRouter(), a.GRPCQueryRouter())
	if err := a.modules.RegisterServices(services); err != nil {
		return fmt.Errorf("register the modules' services: %w", err)
	}
	return a.registerUpgrades(cfg, services)
}

// handle installs what the application does at each step of ABCI.
func (a *App) handle() error {
	var err error
	if a.verifier, err = ante.NewVerifier(a.setup); err != nil {
		return err
	}
	if a.verdicts, err = lru.New[blockHash, verdict](rememberedVerdicts); err != nil {
		return fmt.Errorf("cache of verdicts: %w", err)
	}
	a.antes = ante.NewBlock(ante.New(ante.Options{
		Accounts:  a.Keepers.Account,
		Bank:      a.Keepers.Bank,
		FeeGrant:  a.Keepers.FeeGrant,
		Blob:      a.Keepers.Blob,
		SignModes: a.encoding.TxConfig.SignModeHandler(),
		Verifier:  a.verifier,
		Denom:     BaseDenom,
		Height:    a.LastBlockHeight,
		Pool:      a.pool,
	}))
	a.SetAnteHandler(a.antes.Handle)
	a.SetCheckTxHandler(a.checkTx)
	a.SetPrepareProposal(a.prepareProposal)
	a.SetProcessProposal(a.processProposal)
	a.SetBlockSTMTxRunner(runner{antes: a.antes})
	a.SetInitChainer(a.initChain)
	a.SetPreBlocker(a.preBlock)
	a.SetPrepareCheckStater(a.refreshPool)
	a.SetBeginBlocker(a.modules.BeginBlock)
	a.SetEndBlocker(a.endBlock)
	return nil
}

// Encoding returns how the chain's types are written.
func (a *App) Encoding() *Encoding {
	return a.encoding
}
