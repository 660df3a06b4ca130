package fullnode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/store"
	"github.com/ashlar-da/ashlar/fullnode/rebuild"
)

const (
	// firstRebuild and lastRebuild bound the wait between two attempts to rebuild a height.
	firstRebuild = time.Minute
	lastRebuild  = time.Hour
)

// rebuilder is what rebuilds a block out of what peers hold of it: a *rebuild.Rebuilder.
// Tests of when and what is rebuilt need no network.
type rebuilder interface {
	Rebuild(ctx context.Context, height uint64, hash [da.HashSize]byte) (*rebuild.Block, error)
	LastHash(ctx context.Context, height uint64, hash [da.HashSize]byte) ([da.HashSize]byte, error)
}

// metas is where the hashes of headers come from: CometBFT's block store.
type metas interface {
	// LoadBlockMeta returns what is known of a height's block, nil if nothing is.
	LoadBlockMeta(height int64) *cmttypes.BlockMeta
	// Base is the lowest height there.
	Base() int64
}

// rebuilding brings back squares that this node should hold and whose blocks CometBFT does not
// have: out of cells that peers hold, light nodes above all.
type rebuilding struct {
	with     rebuilder
	metas    metas
	squares  *store.Store
	announce func(ctx context.Context, height uint64, hash, dataRoot [da.HashSize]byte)
	log      *slog.Logger
	rebuilt  prometheus.Counter
	wake     chan struct{} // has room for one note that there is something lost

	mu     sync.Mutex
	lost   map[uint64]*attempt          // guarded by mu
	hashes map[uint64][da.HashSize]byte // of headers below CometBFT's base; of the goroutine of Run
}

// attempt is when a lost height is tried next, and how long it rests after that.
type attempt struct {
	due  time.Time
	rest time.Duration
}

func newRebuilding(with rebuilder, metas metas, squares *store.Store, log *slog.Logger) *rebuilding {
	return &rebuilding{
		with: with, metas: metas, squares: squares, log: log, wake: make(chan struct{}, 1),
		lost: make(map[uint64]*attempt), hashes: make(map[uint64][da.HashSize]byte),
		rebuilt: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "ashlar", Name: "store_rebuilt_total", Help: "Squares that were lost and rebuilt from what peers hold of them.",
		}),
	}
}

// lose notes a height whose square is missing and whose block CometBFT does not have.
func (r *rebuilding) lose(height uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost[height] != nil {
		return
	}
	r.log.Warn("a square is missing and CometBFT has not got its block: it is to be rebuilt from what peers hold", "height", height)
	r.lost[height] = &attempt{rest: firstRebuild}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// count is how many heights are lost.
func (r *rebuilding) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.lost)
}

// Run rebuilds lost heights, one after the other, until ctx ends or the store fails.
func (r *rebuilding) Run(ctx context.Context) error {
	for {
		height, wait := r.next(time.Now())
		if height != 0 {
			if err := r.restore(ctx, height); err != nil {
				return err
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// next returns the highest height that is due, since those below may need its header; 0 and how
// long to wait if none is. What was pruned meanwhile is forgotten.
func (r *rebuilding) next(now time.Time) (height uint64, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait = lastRebuild
	for h, a := range r.lost {
		switch {
		case h < r.squares.Tail():
			delete(r.lost, h)
		case a.due.After(now):
			wait = min(wait, a.due.Sub(now))
		default:
			height = max(height, h)
		}
	}
	if height != 0 {
		a := r.lost[height]
		a.due, a.rest = now.Add(a.rest), min(2*a.rest, lastRebuild)
	}
	return height, wait
}

// restore rebuilds one height, if it can, and stores it. The error is the store's.
func (r *rebuilding) restore(ctx context.Context, height uint64) error {
	block, err := r.rebuild(ctx, height)
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, rebuild.ErrContradiction):
		r.log.Error("THE CHAIN COMMITTED TO A SQUARE THAT IS NOT THE BLOCK'S: more than two thirds of the voting power signed it", "height", height, "error", err)
		return nil
	case err != nil:
		r.log.Warn("a lost square could not be rebuilt yet", "height", height, "error", err)
		return nil
	}
	stored := &store.Block{
		Height: height, Time: block.Header.Time(), Hash: [da.HashSize]byte(block.Header.Hash()), Proof: block.Header.Proof(),
		Index: block.Parsed.Square.Index, Rows: block.Parsed.Square.Rows, Proofs: block.Parsed.Proofs,
	}
	err = r.squares.Put(context.WithoutCancel(ctx), stored)
	if errors.Is(err, store.ErrDiskFull) {
		r.log.Warn("a rebuilt square is not stored: the disk is full", "height", height)
		return nil
	}
	if err != nil {
		return fmt.Errorf("store rebuilt height %d: %w", height, err)
	}
	r.mu.Lock()
	delete(r.lost, height)
	r.mu.Unlock()
	r.rebuilt.Inc()
	report := block.Report
	r.log.Info("rebuilt a lost square", "height", height, "rows", block.Header.DA().K(), "cells", report.Verified, "peers", report.Holders, "liars", report.Liars, "took", report.Took.Round(time.Millisecond))
	r.announce(ctx, height, stored.Hash, block.Header.DA().DataRoot())
	return nil
}

func (r *rebuilding) rebuild(ctx context.Context, height uint64) (*rebuild.Block, error) {
	hash, err := r.hash(ctx, height)
	if err != nil {
		return nil, err
	}
	return r.with.Rebuild(ctx, height, hash)
}

// hash returns the hash of a height's header: CometBFT's own or, below what it has, what
// headers of peers name one after the other, each verified by the one above.
func (r *rebuilding) hash(ctx context.Context, height uint64) (hash [da.HashSize]byte, err error) {
	if meta := r.metas.LoadBlockMeta(int64(height)); meta != nil {
		return [da.HashSize]byte(meta.BlockID.Hash), nil
	}
	above := height
	for r.hashes[above] == [da.HashSize]byte{} && int64(above) < r.metas.Base() {
		above++
	}
	if hash = r.hashes[above]; hash == [da.HashSize]byte{} {
		meta := r.metas.LoadBlockMeta(int64(above))
		if meta == nil {
			return hash, fmt.Errorf("%w: CometBFT has no header at %d or above that leads to height %d", da.ErrNotFound, above, height)
		}
		hash = [da.HashSize]byte(meta.BlockID.Hash)
	}
	for ; above > height; above-- {
		if hash, err = r.with.LastHash(ctx, above, hash); err != nil {
			return hash, err
		}
		r.hashes[above-1] = hash
	}
	return hash, nil
}
