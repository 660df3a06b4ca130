package rebuild

import (
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

const (
	// maxTries is how often a peer that fails to answer is asked in all.
	maxTries = 3
	// maxCopies is of how many peers a cell is asked at once, where the first keep it waiting.
	maxCopies = 3
)

// gathered are the verified cells of a block, and their proofs.
type gathered struct {
	cells  map[erasure.Coord]*kzg.Cell
	proofs map[erasure.Coord]kzg.Proof
}

func newGathered() *gathered {
	return &gathered{make(map[erasure.Coord]*kzg.Cell), make(map[erasure.Coord]kzg.Proof)}
}

// ledger is who holds which cells of a block, which are under way and which are there: what
// to ask of whom next. It does no I/O and knows no clock. One goroutine uses it.
type ledger struct {
	*gathered
	k       int
	peers   map[peer.ID]*holder
	offered map[erasure.Coord]bool
	asked   map[erasure.Coord]*flight
	enough  bool // the offered cells determine the matrix, or are to be fetched all the same
}

// flight is a cell that was asked for and is not there yet.
type flight struct {
	copies int // peers that are being asked for it
	ticks  int // since the first of them was
}

// holder is a peer as far as one block is concerned.
type holder struct {
	known  bool            // said what it holds
	queue  []erasure.Coord // that it holds and was not asked for
	busy   bool
	lied   bool
	failed int // requests without an answer
}

// newLedger begins with what was gathered before.
func newLedger(k int, before *gathered) *ledger {
	l := &ledger{
		gathered: before, k: k, peers: make(map[peer.ID]*holder),
		offered: make(map[erasure.Coord]bool), asked: make(map[erasure.Coord]*flight),
	}
	for at := range before.cells {
		l.offered[at] = true
	}
	return l
}

// meet notes that a peer can be asked.
func (l *ledger) meet(id peer.ID) {
	if l.peers[id] == nil {
		l.peers[id] = new(holder)
	}
}

// task is one request to a peer: for its holdings if there are no coordinates, else for cells.
type task struct {
	peer   peer.ID
	coords []erasure.Coord
}

// next returns what to ask next, false if there is nothing. Cells go before holdings, once
// those that are known suffice, and peers that never failed before others.
func (l *ledger) next() (task, bool) {
	for tries := range maxTries {
		for id, h := range l.peers { // in no order: no holder is preferred
			if h.known && l.enough && h.idle(tries) {
				if coords := l.take(h); len(coords) > 0 {
					h.busy = true
					return task{id, coords}, true
				}
			}
		}
	}
	for tries := range maxTries {
		for id, h := range l.peers {
			if !h.known && h.idle(tries) {
				h.busy = true
				return task{peer: id}, true
			}
		}
	}
	return task{}, false
}

// idle tells whether a peer that failed so often may be asked.
func (h *holder) idle(failed int) bool { return !h.busy && !h.lied && h.failed == failed }

// tick notes that some time passed: what is under way for long is asked of others too.
func (l *ledger) tick() {
	for _, f := range l.asked {
		f.ticks++
	}
}

// open tells whether a cell is to be asked for: of one peer, and after the second tick of another,
// after the third of one more.
func (l *ledger) open(at erasure.Coord) bool {
	f := l.asked[at]
	return f == nil || f.copies < min(f.ticks, maxCopies)
}

// land takes back that a peer is being asked for cells.
func (l *ledger) land(coords []erasure.Coord) {
	for _, at := range coords {
		if l.asked[at].copies--; l.asked[at].copies == 0 {
			delete(l.asked, at)
		}
	}
}

// take removes cells from a holder's queue that are neither there nor under way, as many as
// fit a request.
func (l *ledger) take(h *holder) (coords []erasure.Coord) {
	var rest []erasure.Coord
	for i, at := range h.queue {
		switch {
		case len(coords) == p2p.MaxCells:
			h.queue = append(rest, h.queue[i:]...)
			return coords
		case l.cells[at] != nil:
		case !l.open(at):
			rest = append(rest, at)
		default:
			coords = append(coords, at)
			if l.asked[at] == nil {
				l.asked[at] = new(flight)
			}
			l.asked[at].copies++
		}
	}
	h.queue = rest
	return coords
}

// holds notes what a peer says it holds. Original cells are asked for first: who holds many
// need not code them.
func (l *ledger) holds(id peer.ID, held []erasure.Coord) {
	h := l.peers[id]
	h.busy, h.known, h.failed = false, true, 0
	for _, at := range held {
		if !at.In(l.k) {
			continue
		}
		h.queue = append(h.queue, at)
		l.offered[at] = true
	}
	original := func(at erasure.Coord) int {
		if at.Row < l.k && at.Column < kzg.RowCells {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(h.queue, func(a, b erasure.Coord) int { return original(a) - original(b) })
	l.enough = l.enough || suffices(l.k, l.offered)
}

// fails notes that a peer did not answer: it may be asked again.
func (l *ledger) fails(t task) {
	h := l.peers[t.peer]
	h.busy = false
	h.failed++
	l.land(t.coords)
	h.queue = append(t.coords, h.queue...)
}

// answers notes that a peer answered: its cells, whether they are there, are not under way.
func (l *ledger) answers(t task) {
	l.peers[t.peer].busy, l.peers[t.peer].failed = false, 0
	l.land(t.coords)
}

// deliver notes a verified cell.
func (l *ledger) deliver(at erasure.Coord, cell *p2p.CellProof) {
	l.cells[at], l.proofs[at] = &cell.Cell, cell.Proof
}

// lies notes that a peer sent garbage: nothing is asked of it again.
func (l *ledger) lies(id peer.ID) {
	l.peers[id].lied, l.peers[id].queue = true, nil
}

// done tells whether the verified cells determine the matrix.
func (l *ledger) done() bool { return suffices(l.k, l.cells) }

// suffices tells whether cells determine the matrix, at little cost where they are too few to.
func suffices[V any](k int, cells map[erasure.Coord]V) bool {
	return len(cells) >= k*kzg.RowCells && erasure.Recoverable(k, cells)
}
