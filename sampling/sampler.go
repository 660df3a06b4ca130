package sampling

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Request asks one peer for cells of a height.
type Request struct {
	Height uint64
	Coords []erasure.Coord
	// From names the peer, as PickPeer drew it for each of the cells.
	From string
}

// Answer is what a peer sent of one cell. It is not verified.
type Answer struct {
	// Cell is nil if the peer does not hold it.
	Cell  *kzg.Cell
	Proof kzg.Proof
}

// CellGetter asks peers for cells. Calls are concurrent.
type CellGetter interface {
	// PickPeer names a random peer to ask for a cell of a height, other than those in not. It
	// does not wait; an error says that there is none. Each call should draw anew, so that
	// no peer sees more of a node's coordinates than chance gives it: that one request asks
	// for all that fell to a peer changes nothing about that.
	PickPeer(height uint64, not []string) (string, error)
	// GetCells asks the peer, and returns one answer for each cell, in order, soon after the
	// context ends. With an error wrapping context.DeadlineExceeded the peer did not answer,
	// with any other it refused.
	GetCells(ctx context.Context, request Request) ([]Answer, error)
}

// Config is what a Sampler is made of. Setup, Getter and Log are required.
type Config struct {
	Setup  *kzg.Setup
	Getter CellGetter
	// Persist stores a session under its block's hash and data root. It is called before
	// the first request of a run and at its end. Nil: the caller sees to it.
	Persist func(ctx context.Context, session *Session) error
	// Delivered is told of every cell that proved right, Garbled of cells that a peer sent and that
	// do not all prove right, from one goroutine of each run. Nil: nobody.
	Delivered func(from string, coord erasure.Coord, cell *kzg.Cell, proof kzg.Proof)
	Garbled   func(from string, coords []erasure.Coord)
	// Deadline bounds a run; 0: 60 s.
	Deadline time.Duration
	// RequestTimeout bounds one request; 0: 10 s.
	RequestTimeout time.Duration
	// Patience is how long a peer may take before another is asked for the same cell, and
	// half of it what those asked then may take; what any of them sends still counts. 0: 1 s.
	Patience time.Duration
	// Concurrency is the most cells under way in one run, not counting those that outlast
	// Patience, of which there may be seven times as many; 0: 64.
	Concurrency int
	Log         *slog.Logger
}

// Pauses between asking everybody for a cell and asking again.
const (
	firstPause = time.Second
	lastPause  = 8 * time.Second
)

const (
	// outstanding times Config.Concurrency is the most cells asked for in one run, overdue
	// ones too.
	outstanding = 8
	// together is the most cells that one request asks for: what a peer fails or keeps waiting
	// it fails as one.
	together = 16
)

// Sampler runs sessions. It is safe for concurrent use, each session in one run at a time.
type Sampler struct {
	config Config
}

// New validates a Config.
func New(config Config) (*Sampler, error) {
	if config.Setup == nil || config.Getter == nil || config.Log == nil {
		return nil, errors.New("sampling: Config needs Setup, Getter and Log")
	}
	if config.Deadline < 0 || config.RequestTimeout < 0 || config.Patience < 0 || config.Concurrency < 0 {
		return nil, errors.New("sampling: a bound of Config is negative")
	}
	if config.Deadline == 0 {
		config.Deadline = time.Minute
	}
	if config.RequestTimeout == 0 {
		config.RequestTimeout = 10 * time.Second
	}
	if config.Patience == 0 {
		config.Patience = time.Second
	}
	if config.Concurrency == 0 {
		config.Concurrency = 64
	}
	return &Sampler{config: config}, nil
}

// run is one session being sampled. The goroutine of Run owns all but the channels, which
// have room for every request that may be outstanding.
type run struct {
	*Sampler
	session  *Session
	verifier *erasure.Verifier
	failed   map[erasure.Coord][]string // peers, by the cell they failed
	owing    map[erasure.Coord][]string // peers that have yet to answer, by the cell
	underWay int                        // cells whose requests are not overdue
	open     int                        // cells not answered, overdue ones too
	overdue  chan erasure.Coord
	results  chan []result // of one request each
}

// result is what a request came to for one cell.
type result struct {
	coord   erasure.Coord
	from    string
	answer  Answer
	err     error
	overdue bool // it was announced on the other channel
}

// Run samples a session's block until every cell proved right or the deadline passes,
// and returns the verdict. The commitments are those of the block's DA header, whose data
// root the caller has checked. Run again on the same session, later, revises the verdict.
// The error is the context's, Persist's, or of commitments that are none; then the
// verdict stands as it was.
func (s *Sampler) Run(ctx context.Context, session *Session, commitments []kzg.Commitment) (Availability, error) {
	if session.Done() {
		return session.Availability(), nil
	}
	if len(commitments) != session.block.K {
		return session.Availability(), fmt.Errorf("%w: %d commitments for %d rows", ErrBadSession, len(commitments), session.block.K)
	}
	verifier, err := erasure.NewVerifier(s.config.Setup, commitments)
	if err != nil {
		return session.Availability(), fmt.Errorf("sampling height %d: %w", session.block.Height, err)
	}
	if err := s.persist(ctx, session); err != nil {
		return session.Availability(), err
	}
	most := outstanding * s.config.Concurrency
	r := &run{
		Sampler: s, session: session, verifier: verifier, failed: make(map[erasure.Coord][]string), owing: make(map[erasure.Coord][]string),
		overdue: make(chan erasure.Coord, most), results: make(chan []result, most),
	}
	if err := r.sample(ctx); err != nil {
		return session.Availability(), err
	}
	return session.Availability(), s.persist(ctx, session)
}

func (s *Sampler) persist(ctx context.Context, session *Session) error {
	if s.config.Persist == nil {
		return nil
	}
	if err := s.config.Persist(ctx, session); err != nil {
		return fmt.Errorf("sampling height %d: persisting the session: %w", session.block.Height, err)
	}
	return nil
}

// sample asks until the session is done or the deadline passes. No request outlives it.
func (r *run) sample(parent context.Context) error {
	r.session.Retry()
	ctx, cancel := context.WithTimeout(parent, r.config.Deadline)
	var requests sync.WaitGroup
	defer requests.Wait()
	defer cancel()
	pause := firstPause
	retry := time.NewTimer(pause)
	defer retry.Stop()
	for !r.session.Done() {
		r.launch(ctx, &requests)
		select {
		case first := <-r.results:
			if err := r.settle(first); err != nil {
				return err
			}
		case coord := <-r.overdue:
			r.underWay--
			r.session.Again(coord)
		case <-retry.C:
			r.session.Retry()
			pause = min(2*pause, lastPause)
			retry.Reset(pause)
		case <-ctx.Done():
			return r.end(parent, &requests)
		}
	}
	return nil
}

// end counts what came in before the context ended, and lets the session expire if it
// was the deadline that did so. Where nobody at all is left to ask, this node may be cut off
// just as well as the cells withheld: that decides nothing.
func (r *run) end(parent context.Context, requests *sync.WaitGroup) error {
	requests.Wait() // they end with the context too
	if first, some := r.poll(); some {
		if err := r.settle(first); err != nil {
			return err
		}
	}
	_, nobody := r.config.Getter.PickPeer(r.session.block.Height, nil)
	if parent.Err() == nil && nobody == nil {
		r.session.Expire()
	}
	return parent.Err()
}

// launch draws a peer for each of as many cells as there is room for, and asks each peer for
// what fell to it.
func (r *run) launch(ctx context.Context, requests *sync.WaitGroup) {
	room := min(r.config.Concurrency-r.underWay, cap(r.results)-r.open)
	shares := make(map[string][]erasure.Coord)
	for _, coord := range r.session.Next(room) {
		from, err := r.config.Getter.PickPeer(r.session.block.Height, slices.Concat(r.failed[coord], r.owing[coord]))
		if err != nil {
			r.deliver(result{coord: coord, err: err}, Unasked)
			continue
		}
		r.underWay++
		r.open++
		r.owing[coord] = append(r.owing[coord], from)
		shares[from] = append(shares[from], coord)
	}
	for from, share := range shares {
		for coords := range slices.Chunk(share, together) {
			patience := r.patience(coords)
			requests.Go(func() { r.ask(ctx, coords, from, patience) })
		}
	}
}

// patience is how long a request for cells may take before they are asked of others: half as
// long where somebody is late with one already.
func (r *run) patience(coords []erasure.Coord) time.Duration {
	if slices.ContainsFunc(coords, func(coord erasure.Coord) bool { return len(r.owing[coord]) > 1 }) {
		return r.config.Patience / 2
	}
	return r.config.Patience
}

// ask asks a peer for cells, and makes known when it takes long.
func (r *run) ask(ctx context.Context, coords []erasure.Coord, from string, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, r.config.RequestTimeout)
	defer cancel()
	impatience := time.AfterFunc(patience, func() {
		for _, coord := range coords {
			r.overdue <- coord
		}
	})
	answers, err := r.config.Getter.GetCells(ctx, Request{Height: r.session.block.Height, Coords: coords, From: from})
	overdue := !impatience.Stop()
	results := make([]result, len(coords))
	for i, coord := range coords {
		results[i] = result{coord: coord, from: from, err: err, overdue: overdue}
		if i < len(answers) {
			results[i].answer = answers[i]
		}
	}
	r.results <- results
}

// settle takes every result there is and verifies the cells among them as one batch.
func (r *run) settle(first []result) error {
	var cells []result
	for results, more := first, true; more; results, more = r.poll() {
		for _, next := range results {
			r.account(next)
			if next.err == nil && next.answer.Cell != nil {
				cells = append(cells, next)
				continue
			}
			r.deliver(next, failure(next.err))
		}
	}
	return r.verify(cells)
}

// account takes a result off what is asked for.
func (r *run) account(got result) {
	r.open--
	if !got.overdue {
		r.underWay--
	}
	r.owing[got.coord] = slices.DeleteFunc(r.owing[got.coord], func(owing string) bool { return owing == got.from })
}

func (r *run) poll() ([]result, bool) {
	select {
	case next := <-r.results:
		return next, true
	default:
		return nil, false
	}
}

// failure tells what kind a request without a cell is.
func failure(err error) Outcome {
	if errors.Is(err, context.DeadlineExceeded) {
		return TimedOut
	}
	return Refused
}

// verify checks cells against the coordinates that were asked for. Who sent some that are wrong is
// found by bisection among the senders: which they are does not matter, as nobody is owed another look
// at the rest of what a liar sent, and each look takes as long as verifying all that honest peers send.
func (r *run) verify(got []result) error {
	if len(got) == 0 {
		return nil
	}
	slices.SortStableFunc(got, func(a, b result) int { return strings.Compare(a.from, b.from) })
	coords, cells, proofs := make([]erasure.Coord, len(got)), make([]*kzg.Cell, len(got)), make([]kzg.Proof, len(got))
	var ends []int // of each sender's cells
	for i, g := range got {
		coords[i], cells[i], proofs[i] = g.coord, g.answer.Cell, g.answer.Proof
		if i+1 == len(got) || got[i+1].from != g.from {
			ends = append(ends, i+1)
		}
	}
	bad, err := r.verifier.FindInvalidParts(coords, cells, proofs, ends)
	if err != nil {
		return fmt.Errorf("sampling height %d: verifying %d cells: %w", r.session.block.Height, len(got), err)
	}
	from := 0
	for sender, to := range ends {
		r.judge(got[from:to], slices.Contains(bad, sender))
		from = to
	}
	return nil
}

// judge delivers what one peer sent.
func (r *run) judge(sent []result, garbled bool) {
	if !garbled {
		for _, g := range sent {
			r.deliver(g, Verified)
		}
		return
	}
	coords := make([]erasure.Coord, len(sent))
	for i, g := range sent {
		coords[i] = g.coord
		r.deliver(g, Garbled)
	}
	if r.config.Garbled != nil {
		r.config.Garbled(sent[0].from, coords)
	}
}

// deliver tells the session and whoever else wants to know what came of a request. What
// failed is asked of another peer at once, and once there is none left, of all after a pause.
func (r *run) deliver(got result, outcome Outcome) {
	news := !r.session.has(got.coord)
	r.session.Deliver(got.coord, got.from, outcome)
	switch outcome {
	case Verified:
		if news && r.config.Delivered != nil {
			r.config.Delivered(got.from, got.coord, got.answer.Cell, got.answer.Proof)
		}
		return
	case Unasked:
		delete(r.failed, got.coord)
	default:
		r.failed[got.coord] = append(r.failed[got.coord], got.from)
		r.session.Again(got.coord)
	}
	r.config.Log.Debug("cell not obtained", "height", r.session.block.Height, "row", got.coord.Row, "column", got.coord.Column, "peer", got.from, "outcome", outcome, "error", got.err)
}
