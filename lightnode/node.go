package lightnode

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da/store/disk"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// Node is a light node. Its methods are safe for concurrent use.
type Node struct {
	config  *Config
	space   *disk.Space
	db      *database
	ring    *ring
	host    *p2p.Host
	setup   *kzg.Setup
	heights *heights
	// directory names the peers that records refer to.
	directory *directory
	chain     *headChain
	peers     *peers
	events    *events
	metrics   *metrics
	// following is nil if no namespace is followed.
	following *following
	api       *api.Server  // nil without one
	close     func() error // once
	started   time.Time

	strength    *strength
	meter       meter
	wakefulness *wakefulness
	phone       *phone // nil but for the phone profile

	linkError atomic.Pointer[error] // why no header could be linked last; nil if one could
	headError atomic.Pointer[error] // why the head could not be advanced last
	fatal     atomic.Pointer[error] // what ends the node as soon as the evidence of it is submitted
	claimed   atomic.Uint64         // newest height that anybody claims there is, verified or not
	contact   atomic.Int64          // when a peer last said what its head is, Unix nanoseconds
	alarms    atomic.Pointer[[]string]
	warned    string // reason of the last warning about the head; of the goroutine of follow
}

// New opens the node's folder, checks it against the Config, and listens. Whoever calls it
// calls Run or Close. The context bounds the opening alone.
func New(ctx context.Context, config Config) (*Node, error) {
	resolved, err := config.resolve()
	if err != nil {
		return nil, err
	}
	n := &Node{config: resolved, events: newEvents(resolved.Now()), started: resolved.Now(), wakefulness: newWakefulness()}
	n.contact.Store(n.started.UnixNano())
	n.close = sync.OnceValue(n.closeAll)
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *Node) open(ctx context.Context) error {
	if err := os.MkdirAll(n.config.Home, 0o700); err != nil {
		return fmt.Errorf("%w: home folder: %w", ErrConfig, err)
	}
	if err := n.openStorage(); err != nil {
		return err
	}
	var err error
	if n.setup = n.config.Setup; n.setup == nil {
		// Cells need no tables. Who follows a namespace verifies rows too, now and then, for which they and
		// the memory to add up in would keep 11 MiB.
		if n.setup, err = kzg.NewSetupWithTables(0); err != nil {
			return err
		}
	}
	if n.metrics, err = newMetrics(n); err != nil {
		return err
	}
	if err := n.openHost(ctx); err != nil {
		return err
	}
	if n.following, err = n.openFollowing(); err != nil {
		return err
	}
	if n.config.API == "" {
		return nil
	}
	n.api, err = api.New(ctx, api.Config{
		Address: n.config.API, Light: n.lightAPI(),
		Metrics: n.metricsHandler(), Origins: n.config.Origins, Tokens: n.config.Tokens, Now: n.config.Now, Log: n.config.Log,
	})
	return err
}

func (n *Node) openStorage() (err error) {
	n.space = disk.NewSpace(disk.Config{
		Dir: n.config.Home, MinFree: n.config.MinFree, Reserve: n.config.MinFree / 4, Free: n.config.free, Log: n.config.Log,
	})
	if n.db, err = openDatabase(filepath.Join(n.config.Home, "data"), n.config.ChainID, n.space, !n.config.unsynced); err != nil {
		return err
	}
	if n.heights, err = openHeights(n.db, n.config.Now); err != nil {
		return err
	}
	if n.directory, err = openDirectory(n.db); err != nil {
		return err
	}
	if err = n.openStrength(); err != nil {
		return err
	}
	n.ring, err = openRing(filepath.Join(n.config.Home, "cells"), n.config.CellCache, n.space)
	return err
}

func (n *Node) openHost(ctx context.Context) error {
	key, err := p2p.LoadOrCreateKey(filepath.Join(n.config.Home, "node.key"))
	if err != nil {
		return err
	}
	trusted, err := newTrustedStore(n.db)
	if err != nil {
		return err
	}
	served := source{n.ring, trusted}
	n.host, err = p2p.New(ctx, p2p.Config{
		ChainID: n.config.ChainID, Key: key, Listen: n.config.Listen, Peers: n.staticPeers(), DHT: n.config.DHT, MDNS: n.config.MDNS, Transports: n.config.Transports,
		Headers: served, Squares: served, Sampled: true, Holdings: served, CheckHead: n.checkHead, Deaf: !n.config.listens(),
		RequestTimeout: n.config.RequestTimeout, Limits: n.config.Limits, Metrics: n.config.Metrics, Log: n.config.Log,
	})
	if err != nil {
		return err
	}
	if n.phone != nil {
		if err := n.host.Rest(); err != nil { // until it wakes
			return err
		}
	}
	sets := &validatorSets{}
	n.peers = &peers{host: n.host}
	n.chain, err = newHeadChain(n.config, n.db, trusted, n.host, sets, n.heights.get)
	return err
}

// Run follows the chain, samples and serves until the context ends or something happens
// that the node must not live with: ErrAttack, ErrTrustExpired, a disk that fails. It
// closes the node.
func (n *Node) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	parts := []func(context.Context) error{n.host.Run, n.meterBytes, n.watch, n.tidy, n.pageOut, n.serveAPI}
	switch {
	case n.chain.refused != nil:
		n.fatal.Store(&n.chain.refused)
		parts = append(parts, n.accuseAgain)
	case n.phone != nil:
		parts = append(parts, n.wakes)
	default:
		parts = append(parts, n.follow, n.link, n.dispatch, n.deliver, n.accuseAgain)
	}
	for _, part := range parts {
		group.Go(func() error { return part(ctx) })
	}
	err := group.Wait()
	return errors.Join(err, n.close())
}

// Close gives back what New opened. Run does it too; more than once is the same as once.
func (n *Node) Close() error { return n.close() }

func (n *Node) closeAll() error {
	var errs []error
	if n.api != nil {
		if err := n.api.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if n.host != nil {
		errs = append(errs, n.host.Close())
	}
	if f := n.following; f != nil && f.folder != nil {
		errs = append(errs, f.folder.close())
	}
	if n.ring != nil {
		errs = append(errs, n.ring.close())
	}
	if n.db != nil {
		errs = append(errs, n.db.Close())
	}
	return errors.Join(errs...)
}

// Addresses returns the multiaddresses peers can reach the node at.
func (n *Node) Addresses() []string { return n.host.Addresses() }

// APIAddress returns the TCP address of the HTTP API, empty without one.
func (n *Node) APIAddress() string {
	if n.api == nil {
		return ""
	}
	return n.api.Addr().String()
}

// serveAPI answers the HTTP API until the context ends.
func (n *Node) serveAPI(ctx context.Context) error {
	if n.api == nil {
		return nil
	}
	return n.api.Run(ctx)
}

// isOwn tells errors of the node itself, with which it cannot go on, from those that
// peers cause.
func isOwn(err error) bool {
	for _, own := range []error{errStorage, errRecord, errStoredHeader, ErrAttack, ErrTrustExpired, ErrCheckpoint} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}

// sleep waits, and tells whether the context outlasted it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
