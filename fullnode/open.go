package fullnode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	sdkslog "cosmossdk.io/log/v2/slog"
	"cosmossdk.io/math"
	"github.com/cometbft/cometbft/consensus"
	cmtsync "github.com/cometbft/cometbft/libs/sync"
	"github.com/cometbft/cometbft/rpc/client/local"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	sdkclient "github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da/store"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
	"github.com/ashlar-da/ashlar/fullnode/rebuild"
	"github.com/ashlar-da/ashlar/p2p"
)

func (n *Node) openSetup(context.Context) error {
	setup, err := kzg.NewSetupWithTables(n.cfg.KZG.Tables << 20)
	n.setup = setup
	return err
}

func (n *Node) openCrosscheck(context.Context) error {
	if n.cfg.KZG.Crosscheck > 0 {
		n.crosscheck = newCrosschecker(n.setup, n.cfg.KZG.Crosscheck, n.metrics, n.cfg.Log.With("module", "crosscheck"))
	}
	return nil
}

func (n *Node) openStore(ctx context.Context) error {
	if err := os.MkdirAll(n.cfg.Comet.DBDir(), 0o700); err != nil {
		return fmt.Errorf("create the folder of CometBFT's databases: %w", err)
	}
	squares, err := store.Open(ctx, store.Config{
		Dir:         n.cfg.path("data", "squares"),
		Setup:       n.setup,
		Retain:      n.cfg.Retain,
		Maintenance: n.cfg.maintenance,
		Watch:       []string{n.cfg.Comet.DBDir()},
		Free:        n.cfg.free,
		Log:         n.cfg.Log.With("module", "store"),
	})
	if err != nil {
		return err
	}
	n.store = squares
	n.closers = append(n.closers, squares.Close)
	return nil
}

func (n *Node) openApp(context.Context) error {
	genesis, err := loadGenesis(n.cfg.Comet)
	if err != nil {
		return err
	}
	n.chainID = genesis.ChainID
	if n.gasPrice, err = parseGasPrice(n.cfg.MinGasPrices); err != nil {
		return err
	}
	db, err := dbm.NewDB("application", dbm.GoLevelDBBackend, n.cfg.Comet.DBDir())
	if err != nil {
		return fmt.Errorf("open the application's state in %s: %w", n.cfg.Comet.DBDir(), err)
	}
	n.app, err = app.New(app.Config{
		ChainID:            n.chainID,
		Home:               n.cfg.Comet.RootDir,
		Logger:             sdkslog.NewCustomLogger(n.cfg.Log.With("module", "app")),
		DB:                 db,
		Setup:              n.setup,
		Retention:          retention{n.store},
		Certificates:       certificates{n},
		SkipUpgradeHeights: n.cfg.SkipUpgradeHeights,
		Options:            append([]func(*baseapp.BaseApp){baseapp.SetMinGasPrices(n.cfg.MinGasPrices)}, n.cfg.Options...),
	})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	n.closers = append(n.closers, n.app.Close)
	return nil
}

// parseGasPrice reads the one price that the minimum gas prices name; none is 0.
func parseGasPrice(prices string) (math.LegacyDec, error) {
	coins, err := sdk.ParseDecCoins(prices)
	if err != nil {
		return math.LegacyDec{}, fmt.Errorf("minimum-gas-prices is %q: %w; write a price such as 0.1%s", prices, err, app.BaseDenom)
	}
	return coins.AmountOf(app.BaseDenom), nil
}

func (n *Node) openComet(ctx context.Context) error {
	application := server.NewCometABCIWrapper(n.app)
	if n.cfg.wrap != nil {
		application = n.cfg.wrap(application)
	}
	n.abci = watch(application, n.store.DiskFull, n.held)
	mutex := new(cmtsync.Mutex)
	var err error
	if n.comet, err = newComet(ctx, n.cfg.Comet, connections{mutex, n.abci}, slog.New(stopping{n.cfg.Log.Handler(), &n.stopping})); err != nil {
		return err
	}
	n.openAdmission(mutex)
	if err := interpose(n.comet, n.admission); err != nil {
		return err
	}
	n.abci.committed.Store(n.app.LastBlockHeight())
	n.registerServices()
	env, err := n.comet.ConfigureRPC()
	if err != nil {
		return fmt.Errorf("reach into CometBFT: %w", err)
	}
	var ok bool
	if n.consensus, ok = env.ConsensusState.(*consensus.State); !ok {
		return fmt.Errorf("CometBFT's consensus state is a %T", env.ConsensusState)
	}
	n.headers = &headers{blocks: env.BlockStore, states: env.StateStore, squares: n.store}
	n.accuser = &accuser{pool: n.comet.EvidencePool(), blocks: env.BlockStore, states: env.StateStore}
	return nil
}

// openAdmission has transactions verified beside ABCI.
func (n *Node) openAdmission(mutex *cmtsync.Mutex) {
	pool, bounds := n.comet.Mempool(), n.cfg.Comet.Mempool
	closed := func(size int) bool {
		return n.store.DiskFull() || pool.Size() >= bounds.Size || pool.SizeBytes()+int64(size) > bounds.MaxTxsBytes
	}
	timing := admissionTiming{
		held:   func(took time.Duration) { n.held("reserve", took) },
		verify: func(took time.Duration) { n.times.verify.Observe(took.Seconds()) },
	}
	n.admission = newAdmission(n.app, mutex, closed, n.abci.stuck, timing, n.cfg.Log.With("module", "admission"))
}

// registerServices adds what the SDK's commands ask a node besides the modules' queries:
// to simulate a transaction, say, which `--gas auto` takes.
func (n *Node) registerServices() {
	sdkContext := sdkclient.Context{}.
		WithClient(local.New(n.comet)).
		WithChainID(n.chainID).
		WithCodec(n.app.Encoding().Codec).
		WithInterfaceRegistry(n.app.Encoding().Registry).
		WithTxConfig(n.app.Encoding().TxConfig)
	n.app.RegisterTxService(sdkContext)
	n.app.RegisterTendermintService(sdkContext)
}

func (n *Node) openFollower(context.Context) error {
	n.follower = &follower{
		blocks:    n.comet.BlockStore(),
		squares:   n.store,
		committed: &n.abci.committed,
		wake:      n.abci.wake,
		stored:    n.stored,
		lost:      func(height uint64) { n.rebuilding.lose(height) },
		log:       n.cfg.Log.With("module", "follower"),
	}
	return nil
}

// openHost starts the libp2p host that serves headers and squares.
func (n *Node) openHost(ctx context.Context) error {
	key, err := p2p.LoadOrCreateKey(n.cfg.path("config", "libp2p_key"))
	if err != nil {
		return fmt.Errorf("libp2p key: %w", err)
	}
	var source p2p.SquareSource = squares{n.store}
	if n.cfg.Squares != nil {
		source = n.cfg.Squares(source)
	}
	n.host, err = p2p.New(ctx, p2p.Config{
		ChainID:   n.chainID,
		Key:       key,
		Listen:    n.cfg.Libp2p.Listen,
		Peers:     n.cfg.Libp2p.Peers,
		DHT:       n.cfg.Libp2p.DHT,
		Serve:     true,
		Relay:     n.cfg.Libp2p.RelayedPeers > 0,
		Limits:    n.cfg.Libp2p.limits(),
		Headers:   n.headers,
		Squares:   source,
		Holdings:  squares{n.store},
		Evidence:  n.accuser,
		CheckHead: n.checkHead,

		CheckAttested: n.attesting.Add,
		Certificates:  n.attesting,

		Metrics: n.metrics,
		Log:     n.cfg.Log.With("module", "libp2p"),
	})
	if err != nil {
		return err
	}
	n.closers = append(n.closers, n.host.Close)
	n.fetching = attesting.NewFetcher(n.attesting, n.host)
	return n.metrics.Register(n.fetching.Metrics())
}

// openRebuilding prepares what brings back lost squares.
func (n *Node) openRebuilding(context.Context) error {
	log := n.cfg.Log.With("module", "rebuild")
	with, err := rebuild.New(rebuild.Config{Host: n.host, Setup: n.setup, Log: log})
	if err != nil {
		return err
	}
	n.rebuilding = newRebuilding(with, n.comet.BlockStore(), n.store, log)
	n.rebuilding.announce = n.announce
	return n.metrics.Register(n.rebuilding.rebuilt)
}

func (n *Node) openPoster(context.Context) error {
	if n.cfg.API.Key == "" {
		return nil
	}
	signer, err := client.KeyringSigner(n.cfg.Keyring, n.cfg.API.Key)
	if err != nil {
		return fmt.Errorf("api.key: %w", err)
	}
	n.poster = newPoster(n, signer)
	return nil
}

func (n *Node) openAPI(ctx context.Context) error {
	if n.cfg.API.Address == "" {
		return nil
	}
	var err error
	n.api, err = api.New(ctx, api.Config{
		Address: n.cfg.API.Address,
		Full:    &api.Full{Squares: n.store, Chain: view{n}, Submitter: submitter{n}, Attestations: attestations{n}},
		Metrics: promhttp.HandlerFor(n.metrics, promhttp.HandlerOpts{}),
		Origins: n.cfg.API.Origins,
		Tokens:  n.cfg.API.Tokens,
		Log:     n.cfg.Log.With("module", "api"),
	})
	if err != nil {
		return err
	}
	// After Run its listener is closed already, and closing it again is an error of no use.
	n.closers = append(n.closers, func() error { _ = n.api.Close(); return nil })
	return nil
}
