package fullnode

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/cometbft/cometbft/p2p"
)

// named returns a submission of a size that its first byte tells from others.
func named(from p2p.ID, name byte, size int) *submission {
	raw := make([]byte, size)
	raw[0] = name
	return &submission{from: from, raw: raw}
}

func names(list []*submission) string {
	var text []byte
	for _, s := range list {
		text = append(text, s.raw[0])
	}
	return string(text)
}

// fill enters submissions that find room.
func (l *lineup) fill(t *testing.T, list ...*submission) {
	t.Helper()
	for _, s := range list {
		if err := l.enter(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *lineup) requireNext(t *testing.T, most, size int, want string) []*submission {
	t.Helper()
	have := l.take(most, size)
	if names(have) != want {
		t.Errorf("have %q want %q", names(have), want)
	}
	return have
}

// TestSourcesTakeTurns: one that sends much delays nobody else, and what each sends stays in order.
func TestSourcesTakeTurns(t *testing.T) {
	l := newLineup()
	l.fill(t, named("x", 'a', 10), named("x", 'b', 10), named("x", 'c', 10), named("x", 'd', 10), named("", 'A', 10), named("y", 'B', 10), named("y", 'C', 10))
	l.requireNext(t, 2, 1000, "aA")
	l.requireNext(t, 3, 1000, "BbC")
	l.requireNext(t, 9, 15, "c")
	l.requireNext(t, 9, 5, "d")
	l.requireNext(t, 9, 1000, "")
}

// TestWhatIsPutBackComesFirst: as if the last of a batch had never been taken.
func TestWhatIsPutBackComesFirst(t *testing.T) {
	l := newLineup()
	l.fill(t, named("x", 'a', 10), named("x", 'b', 10), named("x", 'c', 10), named("y", 'A', 10), named("y", 'B', 10))
	batch := l.requireNext(t, 4, 1000, "aAbB")
	l.putBack(batch[1:])
	select {
	case <-l.ready:
	default:
		t.Error("nothing says that something waits")
	}
	l.requireNext(t, 9, 1000, "AbBc")
}

// TestAFullLineHoldsItsSourceUp: alone, until there is room again or it gives up.
func TestAFullLineHoldsItsSourceUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLineup()
		l.fill(t, named("x", 'a', sourceBytes/2-submissionBytes), named("x", 'b', sourceBytes/2-submissionBytes))
		ctx, cancel := context.WithCancel(t.Context())
		entered, gaveUp := false, make(chan error, 1)
		go func() { entered = l.enter(t.Context(), named("x", 'c', 10)) == nil }()
		synctest.Wait()
		go func() { gaveUp <- l.enter(ctx, named("x", 'd', 10)) }()
		l.fill(t, named("y", 'A', sourceBytes))
		synctest.Wait()
		if entered {
			t.Fatal("a full line takes another")
		}
		batch := l.requireNext(t, 2, sourcesBytes, "aA")
		cancel()
		synctest.Wait()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up is told %v", err)
		}
		if entered {
			t.Error("there is room before what was taken is done with")
		}
		for _, s := range batch {
			l.done(s)
		}
		synctest.Wait()
		if !entered {
			t.Error("there is room and it does not enter")
		}
		for _, s := range l.requireNext(t, 9, sourcesBytes, "bc") {
			l.done(s)
		}
		if len(l.lines) != 0 || !l.room.TryAcquire(sourcesBytes) {
			t.Errorf("%d lines are kept, or room is lost", len(l.lines))
		}
	})
}

// TestAllSourcesTogetherAreBounded: however many peers send.
func TestAllSourcesTogetherAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLineup()
		ctx, cancel := context.WithCancel(t.Context())
		for i := range 20 {
			go func() { _ = l.enter(ctx, named(p2p.ID([]byte{byte(i)}), 'a', sourceBytes)) }()
		}
		synctest.Wait()
		if have := len(l.take(100, 1<<40)); have != sourcesBytes/sourceBytes {
			t.Errorf("%d wait, want %d", have, sourcesBytes/sourceBytes)
		}
		cancel()
		synctest.Wait()
	})
}

// TestManySmallOnesAreBounded: what is kept of each beside its bytes counts too.
func TestManySmallOnesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLineup()
		ctx, cancel := context.WithCancel(t.Context())
		entered := 0
		go func() {
			for l.enter(ctx, named("x", 'a', 1)) == nil && entered <= sourceBytes/submissionBytes {
				entered++
			}
		}()
		synctest.Wait()
		if want := sourceBytes / (submissionBytes + 1); entered != want {
			t.Errorf("%d of one byte wait in a line, want %d", entered, want)
		}
		cancel()
		synctest.Wait()
	})
}
