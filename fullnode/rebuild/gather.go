package rebuild

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// tickEvery is the time between two ticks of the ledger.
const tickEvery = 2 * time.Second

// maxStrikes is how often one answer strikes its sender: as often as bans it.
const maxStrikes = 3

var errGarbledCell = errors.New("a cell does not verify")

// gathering is one block being gathered. The goroutine of gather owns all but results.
type gathering struct {
	*Rebuilder
	*ledger
	height   uint64
	verifier *erasure.Verifier
	report   *Report
	underWay int
	results  chan result
}

// result is what a task came to.
type result struct {
	task
	held  []erasure.Coord
	cells []*p2p.CellProof
	err   error
}

// gather adds verified cells until they determine the matrix.
func (r *Rebuilder) gather(ctx context.Context, height uint64, header *da.Header, to *gathered, report *Report) error {
	verifier, err := erasure.NewVerifier(r.config.Setup, header.Commitments)
	if err != nil {
		return err
	}
	report.Kept = len(to.cells)
	g := &gathering{
		Rebuilder: r, ledger: newLedger(header.K(), to), height: height, verifier: verifier, report: report,
		results: make(chan result, r.config.Concurrency),
	}
	err = g.run(ctx)
	report.Offered = len(g.offered)
	return err
}

// run asks until the cells suffice or the context ends. No request outlives it.
func (g *gathering) run(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	var requests sync.WaitGroup
	defer requests.Wait()
	defer cancel()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	late := time.NewTimer(g.config.Patience / 2)
	defer late.Stop()
	requests.Go(func() { g.config.Host.Look(ctx) })
	g.meetAll()
	for !g.done() {
		g.launch(ctx, &requests)
		select {
		case first := <-g.results:
			if err := g.settle(first); err != nil {
				return err
			}
		case <-late.C:
			g.enough = true
		case <-tick.C:
			g.tick()
		case <-look.C:
			g.meetAll()
			requests.Go(func() { g.config.Host.Look(ctx) })
		case <-ctx.Done():
			return g.tooFew()
		}
	}
	return nil
}

// tooFew says how far it came.
func (g *gathering) tooFew() error {
	return fmt.Errorf("%w: %d peers of %d asked hold some; %d of its %d cells are there by now, kept for the next attempt",
		ErrTooFew, g.report.Holders, g.report.Asked, len(g.cells), g.report.Cells)
}

// meetAll adds who can be asked by now, and lets those that failed be asked again.
func (g *gathering) meetAll() {
	connected, others := g.config.Host.Known(p2p.Held, g.height)
	for _, id := range append(connected, others...) {
		g.meet(id)
	}
	for _, h := range g.peers {
		h.failed = min(h.failed, maxTries-1)
	}
}

// launch starts as many requests as there is room for.
func (g *gathering) launch(ctx context.Context, requests *sync.WaitGroup) {
	for g.underWay < g.config.Concurrency {
		next, some := g.next()
		if !some {
			return
		}
		if next.coords == nil && g.peers[next.peer].failed == 0 {
			g.report.Asked++
		}
		g.underWay++
		requests.Go(func() { g.results <- g.ask(ctx, next) }) // has room for all under way
	}
}

func (g *gathering) ask(ctx context.Context, t task) (got result) {
	got.task = t
	if t.coords == nil {
		got.held, got.err = g.config.Host.GetHeld(ctx, t.peer, g.height)
		return got
	}
	got.cells, got.err = g.config.Host.GetCells(ctx, t.peer, g.height, t.coords)
	return got
}

// settle takes every result there is and verifies the cells among them as one batch.
func (g *gathering) settle(first result) error {
	var arrived []result
	for next, more := first, true; more; next, more = g.poll() {
		g.underWay--
		switch {
		case next.coords == nil:
			g.settleHeld(next)
		case next.err == nil:
			arrived = append(arrived, next)
		default:
			g.settleFailure(next)
		}
	}
	return g.verify(arrived)
}

func (g *gathering) poll() (result, bool) {
	select {
	case next := <-g.results:
		return next, true
	default:
		return result{}, false
	}
}

// settleHeld notes what a peer says it holds. Who does not know the height, or what it is
// asked, holds nothing.
func (g *gathering) settleHeld(got result) {
	switch {
	case got.err == nil:
		g.report.Holders++
		g.holds(got.peer, got.held)
	case isRefusal(got.err):
		g.holds(got.peer, nil)
	default:
		g.fails(got.task)
	}
}

// settleFailure notes that no cells came. A peer that does not have them after all is not
// asked for them again.
func (g *gathering) settleFailure(got result) {
	g.config.Log.Debug("cells not obtained", "height", g.height, "peer", got.peer, "cells", len(got.coords), "error", got.err)
	if isRefusal(got.err) {
		g.report.Missing += len(got.coords)
		g.answers(got.task)
		return
	}
	g.fails(got.task)
}

// isRefusal tells answers that asking again would not change.
func isRefusal(err error) bool {
	for _, refusal := range []error{da.ErrNotFound, da.ErrPruned, da.ErrFutureHeight, p2p.ErrUnsupported, p2p.ErrWrongChain, p2p.ErrBanned, p2p.ErrGarbage} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// verify checks cells against the coordinates that were asked for, whoever sent them as
// one batch, and finds who sent what is false.
func (g *gathering) verify(arrived []result) error {
	var from []peer.ID
	var coords []erasure.Coord
	var cells []*p2p.CellProof
	for _, got := range arrived {
		g.answers(got.task)
		for i, cell := range got.cells {
			if cell == nil {
				g.report.Missing++
				continue
			}
			from, coords, cells = append(from, got.peer), append(coords, got.coords[i]), append(cells, cell)
		}
	}
	bad, err := g.findInvalid(coords, cells)
	if err != nil {
		return fmt.Errorf("rebuild: verifying %d cells: %w", len(cells), err)
	}
	garbled := make(map[int]bool, len(bad))
	for _, i := range bad {
		garbled[i] = true
	}
	strikes := make(map[peer.ID]int)
	for i, cell := range cells {
		if garbled[i] {
			strikes[from[i]]++
			continue
		}
		if g.cells[coords[i]] == nil {
			g.report.Verified++
		}
		g.deliver(coords[i], cell)
		g.config.Host.Verified(from[i], 1)
	}
	g.strike(strikes)
	return nil
}

func (g *gathering) findInvalid(coords []erasure.Coord, cells []*p2p.CellProof) ([]int, error) {
	if len(cells) == 0 {
		return nil, nil
	}
	values, proofs := make([]*kzg.Cell, len(cells)), make([]kzg.Proof, len(cells))
	for i, cell := range cells {
		values[i], proofs[i] = &cell.Cell, cell.Proof
	}
	return g.verifier.FindInvalid(coords, values, proofs)
}

// strike tells the host who sent false cells, and drops them.
func (g *gathering) strike(strikes map[peer.ID]int) {
	for id, count := range strikes {
		g.report.Garbled += count
		g.report.Liars++
		g.lies(id)
		reason := fmt.Errorf("height %d: %d of its cells: %w", g.height, count, errGarbledCell)
		for range min(count, maxStrikes) {
			g.config.Host.Garbage(id, reason)
		}
	}
}
