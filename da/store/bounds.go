package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/ashlar-da/ashlar/da"
)

// bounds are the heights that exist, roughly: there may be gaps above contiguous.
type bounds struct {
	mu                     sync.Mutex
	tail, head, contiguous uint64        // guarded by mu
	changed                chan struct{} // closed, and replaced, when they change; guarded by mu
}

func newBounds() *bounds { return &bounds{changed: make(chan struct{})} }

func (b *bounds) get() (tail, head, contiguous uint64, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tail, b.head, b.contiguous, b.changed
}

func (b *bounds) set(tail, head, contiguous uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tail, b.head, b.contiguous = tail, head, contiguous
	close(b.changed)
	b.changed = make(chan struct{})
}

// added takes note of a new height; has tells which others exist.
func (b *bounds) added(height uint64, has func(uint64) bool) {
	tail, head, contiguous, _ := b.get()
	if tail == 0 {
		b.set(height, height, height)
		return
	}
	if height < tail {
		if height+1 != tail {
			contiguous = height
		}
		tail = height
	}
	head = max(head, height)
	for contiguous < head && has(contiguous+1) {
		contiguous++
	}
	b.set(tail, head, contiguous)
}

// absent says why there is no such height.
func (b *bounds) absent(height uint64) error {
	tail, head, _, _ := b.get()
	switch {
	case height > head:
		return fmt.Errorf("%w: height %d, the newest stored is %d", da.ErrFutureHeight, height, head)
	case height == 0:
		return fmt.Errorf("%w: heights begin at 1", da.ErrNotFound)
	case height < tail:
		return fmt.Errorf("%w: height %d, the oldest kept is %d", da.ErrPruned, height, tail)
	}
	return fmt.Errorf("%w: height %d is not stored", da.ErrNotFound, height)
}

// Head is the newest height held, 0 if there is none.
func (s *Store) Head() uint64 {
	_, head, _, _ := s.bounds.get()
	return head
}

// Tail is the oldest height held, 0 if there is none.
func (s *Store) Tail() uint64 {
	tail, _, _, _ := s.bounds.get()
	return tail
}

// Contiguous is the greatest height to which all from Tail on are held, 0 if there is
// none: a follower goes on from the next.
func (s *Store) Contiguous() uint64 {
	_, _, contiguous, _ := s.bounds.get()
	return contiguous
}

// Wait returns once every height from Tail to height is held, or with ctx's error.
func (s *Store) Wait(ctx context.Context, height uint64) error {
	for {
		_, _, contiguous, changed := s.bounds.get()
		if contiguous >= height {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
