package rebuild

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// row returns the coordinates of some columns of a row.
func row(i, from, to int) (coords []erasure.Coord) {
	for column := from; column < to; column++ {
		coords = append(coords, erasure.Coord{Row: i, Column: column})
	}
	return coords
}

// met returns a ledger of one row and peers that hold what is given.
func met(held map[peer.ID][]erasure.Coord) *ledger {
	l := newLedger(1, newGathered())
	for id, coords := range held {
		l.meet(id)
		l.holds(id, coords)
	}
	return l
}

// none fails if there is something to ask.
func none(t *testing.T, l *ledger, when string) {
	t.Helper()
	if asked, some := l.next(); some {
		t.Errorf("%s: asks %+v", when, asked)
	}
}

// ask fails if there is nothing to ask.
func ask(t *testing.T, l *ledger, cells int) task {
	t.Helper()
	asked, some := l.next()
	if !some || len(asked.coords) != cells {
		t.Fatalf("asks for %d cells of %s, %v; want %d", len(asked.coords), asked.peer, some, cells)
	}
	return asked
}

func TestNothingIsFetchedBeforeEnoughIsOffered(t *testing.T) {
	l := met(map[peer.ID][]erasure.Coord{"a": row(0, 0, 63), "b": append(row(0, 10, 20), erasure.Coord{Row: 9, Column: 64})})
	none(t, l, "63 cells of 64 are held")
	l.meet("c")
	if asked := ask(t, l, 0); asked.peer != "c" {
		t.Fatalf("asks %s what it holds again", asked.peer)
	}
	l.holds("c", row(1, 100, 101))
	if asked, some := l.next(); !some || len(asked.coords) == 0 {
		t.Errorf("asks %+v although 64 are held", asked)
	}
}

func TestEachCellIsAskedOfOnePeerAtATime(t *testing.T) {
	l := met(map[peer.ID][]erasure.Coord{"a": row(0, 0, 64), "b": row(0, 0, 64)})
	first := ask(t, l, 64)
	none(t, l, "all is under way")
	l.tick()
	none(t, l, "after one tick")
	l.tick()
	second := ask(t, l, 64) // who keeps them waiting is not waited for
	if first.peer == second.peer {
		t.Errorf("asks %s twice", first.peer)
	}
	l.answers(second)
	for _, at := range second.coords {
		l.deliver(at, &p2p.CellProof{})
	}
	l.fails(first)
	none(t, l, "all is there")
	if !l.done() || len(l.asked) != 0 {
		t.Errorf("done: %v, under way: %d", l.done(), len(l.asked))
	}
}

func TestWhoFailsIsAskedLastAndNotForEver(t *testing.T) {
	l := met(map[peer.ID][]erasure.Coord{"a": row(0, 0, 64)})
	for range maxTries {
		l.fails(ask(t, l, 64))
	}
	none(t, l, "it failed too often")
	l.meet("b")
	l.holds(ask(t, l, 0).peer, row(1, 0, 64))
	if asked := ask(t, l, 64); asked.peer != "b" {
		t.Errorf("asks %s", asked.peer)
	}
	l.lies("b")
	none(t, l, "who lied")
}

func TestOriginalCellsAreAskedForFirst(t *testing.T) {
	l := newLedger(4, newGathered())
	l.meet("a")
	if _, some := l.next(); !some {
		t.Fatal("nothing to ask")
	}
	var all []erasure.Coord
	for i := range 8 {
		all = append(all, row(i, 0, kzg.Columns)...)
	}
	l.holds("a", all)
	for _, at := range ask(t, l, p2p.MaxCells).coords {
		if at.Row >= 4 || at.Column >= kzg.RowCells {
			t.Errorf("asks for %v, which must be coded", at)
		}
	}
}

func TestWhatWasGatheredBeforeCounts(t *testing.T) {
	before := met(map[peer.ID][]erasure.Coord{"a": row(0, 0, 64)})
	for _, at := range ask(t, before, 64).coords[:63] {
		before.deliver(at, &p2p.CellProof{})
	}
	l := newLedger(1, before.gathered)
	l.meet("b")
	l.holds("b", append(row(0, 0, 10), row(1, 90, 91)...))
	asked := ask(t, l, 1)
	l.answers(asked)
	l.deliver(asked.coords[0], &p2p.CellProof{})
	if !l.done() || asked.coords[0].Row != 1 {
		t.Errorf("asked for %v; done: %v", asked.coords, l.done())
	}
}
