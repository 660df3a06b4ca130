package fullnode

import (
	"context"
	"slices"
	"sync"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/p2p"
	"golang.org/x/sync/semaphore"
)

const (
	// sourceBytes bounds what waits of one source, sourcesBytes what waits of all. Each holds
	// the largest transaction.
	sourceBytes  = 8 << 20
	sourcesBytes = 64 << 20
	// submissionBytes is more than a submission takes beside its bytes: else a peer that sends
	// many of one byte each would have a node hold twenty times what they weigh and more.
	submissionBytes = 512
)

// submission is a transaction that waits to be verified.
type submission struct {
	// from is the peer that sent it, empty for the API.
	from p2p.ID
	raw  []byte
	// deliver hands it on: to CometBFT's mempool, or back with a refusal.
	deliver func(refusal *abci.ResponseCheckTx)
}

// lineup is where transactions wait to be verified, in one line for each source. A source whose
// line is full waits itself. Sources take turns, and what one of them sends stays in order.
type lineup struct {
	room  *semaphore.Weighted // for sourcesBytes
	ready chan struct{}       // holds a token if something waits

	mu    sync.Mutex
	lines map[p2p.ID]*line // guarded by mu
	turns []p2p.ID         // those of whom something waits, the next one first; guarded by mu
}

// line is what waits of one source. The lineup's mu guards it.
type line struct {
	room    *semaphore.Weighted // for sourceBytes
	waiting []*submission
	users   int // submissions that have room in the line, or want to
}

func newLineup() *lineup {
	return &lineup{room: semaphore.NewWeighted(sourcesBytes), ready: make(chan struct{}, 1), lines: make(map[p2p.ID]*line)}
}

// enter puts a submission at the end of its source's line, once there is room for it. It fails
// with ctx's error.
func (l *lineup) enter(ctx context.Context, s *submission) error {
	l.mu.Lock()
	of := l.lines[s.from]
	if of == nil {
		of = &line{room: semaphore.NewWeighted(sourceBytes)}
		l.lines[s.from] = of
	}
	of.users++
	l.mu.Unlock()
	size := weight(s)
	if err := of.room.Acquire(ctx, size); err != nil {
		l.leave(s.from)
		return err
	}
	if err := l.room.Acquire(ctx, size); err != nil {
		of.room.Release(size)
		l.leave(s.from)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if of.waiting = append(of.waiting, s); len(of.waiting) == 1 {
		l.turns = append(l.turns, s.from)
	}
	l.wake()
	return nil
}

// weight is the room that a submission takes.
func weight(s *submission) int64 { return min(int64(len(s.raw))+submissionBytes, sourceBytes) }

// wake says that something waits. The caller holds mu.
func (l *lineup) wake() {
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

// leave forgets a user of a line, and the line with its last.
func (l *lineup) leave(from p2p.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.lines[from]
	if of.users--; of.users == 0 {
		delete(l.lines, from)
	}
}

// done gives back the room of a submission that was taken.
func (l *lineup) done(s *submission) {
	l.mu.Lock()
	of := l.lines[s.from]
	l.mu.Unlock()
	of.room.Release(weight(s))
	l.room.Release(weight(s))
	l.leave(s.from)
}

// take returns what comes next, one of each source in turn, up to so many and so many bytes, but
// one at least if any waits.
func (l *lineup) take(most int, size int) []*submission {
	l.mu.Lock()
	defer l.mu.Unlock()
	var taken []*submission
	for len(l.turns) > 0 && len(taken) < most {
		from := l.turns[0]
		of := l.lines[from]
		next := of.waiting[0]
		if size -= len(next.raw); size < 0 && len(taken) > 0 {
			break
		}
		taken = append(taken, next)
		of.waiting, l.turns = of.waiting[1:], l.turns[1:]
		if len(of.waiting) > 0 {
			l.turns = append(l.turns, from)
		}
	}
	if len(l.turns) > 0 {
		l.wake()
	}
	return taken
}

// putBack undoes take for the last it returned.
func (l *lineup) putBack(last []*submission) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range slices.Backward(last) {
		of := l.lines[s.from]
		of.waiting = slices.Insert(of.waiting, 0, s)
		l.turns = slices.Insert(slices.DeleteFunc(l.turns, func(id p2p.ID) bool { return id == s.from }), 0, s.from)
	}
	if len(l.turns) > 0 {
		l.wake()
	}
}
