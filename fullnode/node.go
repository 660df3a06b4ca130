package fullnode

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"cosmossdk.io/math"
	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/node"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da/store"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
	"github.com/ashlar-da/ashlar/p2p"
)

// Node is a full node. New opens it, Run runs it, once. What New opened is read-only
// from then on.
type Node struct {
	cfg        Config
	chainID    string
	gasPrice   math.LegacyDec
	metrics    *prometheus.Registry
	times      times
	setup      *kzg.Setup
	store      *store.Store
	app        *app.App
	abci       *watched
	comet      *node.Node
	admission  *admission
	consensus  *consensus.State // comet's
	headers    *headers
	accuser    *accuser
	recent     *recent
	fees       *feeLog
	recalls    chan struct{} // one element for each transaction that is looked for
	follower   *follower
	rebuilding *rebuilding
	attesting  *attesting.Service
	fetching   *attesting.Fetcher
	host       *p2p.Host
	poster     *poster       // nil: the node has no key that pays
	crosscheck *crosschecker // nil: nothing is verified again
	api        *api.Server

	convictions chan attesting.Evidence // against validators, to be submitted

	stopping atomic.Bool // comet was told to stop

	closers []func() error // of what New opened, in that order
}

// New opens a full node's stores, replays what the application has not seen of the
// chain and binds every address it is to serve on. It takes some seconds.
func New(ctx context.Context, cfg Config) (*Node, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if err := cfg.checkPorts(ctx); err != nil {
		return nil, err
	}
	cfg.limitMemory()
	n := &Node{cfg: cfg, recent: newRecent(), recalls: make(chan struct{}, maxRecalls), convictions: make(chan attesting.Evidence, maxConvictions)}
	n.times = newTimes()
	n.metrics = n.newMetrics()
	for _, open := range []func(context.Context) error{
		n.openSetup, n.openCrosscheck, n.openStore, n.openFees, n.openApp, n.openComet, n.openAttesting, n.openFollower, n.openHost, n.openRebuilding, n.openPoster, n.openAPI,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, n.close())
		}
	}
	return n, nil
}

// close closes what is open, the last opened first.
func (n *Node) close() error {
	var err error
	for i := len(n.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, n.closers[i]())
	}
	n.closers = nil
	return err
}

// Close lets go of what New opened, if Run is not going to be called.
func (n *Node) Close() error { return n.close() }

// ChainID is the chain's name.
func (n *Node) ChainID() string { return n.chainID }

// APIAddress is where the HTTP API listens, host:port; empty if it does not.
func (n *Node) APIAddress() string {
	if n.api == nil {
		return ""
	}
	return n.api.Addr().String()
}

// Addresses are the multiaddresses squares are served on, /p2p/ID included.
func (n *Node) Addresses() []string { return n.host.Addresses() }

// WaitStored returns once the square of a height is durable and served, or with ctx's
// error.
func (n *Node) WaitStored(ctx context.Context, height uint64) error {
	return n.store.Wait(ctx, height)
}

// Run runs the node until ctx is cancelled, which is no error, or a part of it fails.
// Everything is closed when it returns, CometBFT after all that reads its blocks.
func (n *Node) Run(ctx context.Context) error {
	n.abci.running.Store(true)
	n.attesting.Stored(n.store.Contiguous())
	if err := n.comet.Start(); err != nil {
		return errors.Join(fmt.Errorf("start CometBFT: %w", err), n.close())
	}
	err := n.runParts(ctx)
	if !errors.Is(err, ErrHalted) { // a halted CometBFT waits for its application for ever
		err = errors.Join(err, n.stopComet())
	}
	return errors.Join(err, n.close())
}

// runParts runs everything beside CometBFT.
func (n *Node) runParts(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return n.watchComet(ctx) })
	group.Go(n.setup.LoadTables) // or the first proposal waits for it
	group.Go(func() error { return n.admission.Run(ctx) })
	group.Go(func() error { return n.store.Run(ctx) })
	group.Go(func() error { return n.follower.Run(ctx) })
	group.Go(func() error { return n.rebuilding.Run(ctx) })
	group.Go(func() error { return n.host.Run(ctx) })
	group.Go(func() error { return n.attesting.Run(ctx) })
	group.Go(func() error { return n.fetching.Run(ctx) })
	group.Go(func() error { return n.submitConvictions(ctx) })
	if n.crosscheck != nil {
		group.Go(func() error { return n.crosscheck.Run(ctx) })
	}
	if n.api != nil {
		group.Go(func() error { return n.api.Run(ctx) })
	}
	return group.Wait()
}

// watchComet returns when ctx ends, a block fails or consensus stops.
func (n *Node) watchComet(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() { // ends with consensus, which stopComet stops
		n.consensus.Wait()
		close(stopped)
	}()
	select {
	case err := <-n.abci.halted:
		return err
	case <-stopped:
		return errors.New("consensus stopped: the log says why after CONSENSUS FAILURE")
	case <-ctx.Done():
		return nil
	}
}

func (n *Node) stopComet() error {
	n.stopping.Store(true)
	if err := n.comet.Stop(); err != nil {
		return fmt.Errorf("stop CometBFT: %w", err)
	}
	n.comet.Wait()
	return nil
}
