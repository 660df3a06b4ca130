package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// DefaultMemory is how many bytes gates let be in memory at once, where nobody says.
const DefaultMemory = 512 << 20

// Memory is what the gates of a process may have in memory at once, all together. Each has a part that no other takes, so
// that none stops another; the rest is whoever's comes first. It is safe for concurrent use.
type Memory struct {
	own int64 // each gate's part

	mu     sync.Mutex
	common int64 // what is left of the rest; guarded by mu
	// freed is closed, and another made, when something is released; guarded by mu.
	freed chan struct{}
}

// NewMemory shares out bytes: half of them among as many gates, and half is common.
func NewMemory(size int64, gates int) *Memory {
	own := size / 2 / int64(max(gates, 1))
	return &Memory{own: own, common: size - own*int64(max(gates, 1)), freed: make(chan struct{})}
}

// beyond is how much of what a gate has is not of its own part.
func (m *Memory) beyond(used int64) int64 { return max(0, used-m.own) }

// Reserve sets memory aside for as many bytes, until release is called. It fails with ErrBusy.
func (g *Gate) Reserve(size int64) (release func(), err error) {
	m := g.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	more := m.beyond(g.used+size) - m.beyond(g.used)
	if more > m.common {
		return nil, fmt.Errorf("%w: there is no memory left for %d bytes", ErrBusy, size)
	}
	m.common -= more
	g.used += size
	return sync.OnceFunc(func() { g.free(size) }), nil
}

// patience is how long who reads waits for memory: many short reads at once each take a long one's until they know.
const patience = 10 * time.Second

// Await sets memory aside as Reserve does, and waits a while where there is none left. Who has much already does not wait for more.
func (g *Gate) Await(ctx context.Context, size int64) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		freed := g.memory.whenFreed()
		if release, err = g.Reserve(size); err == nil {
			return release, nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// whenFreed returns what is closed once something is released.
func (m *Memory) whenFreed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.freed
}

func (g *Gate) free(size int64) {
	m := g.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.common += m.beyond(g.used) - m.beyond(g.used-size)
	g.used -= size
	close(m.freed)
	m.freed = make(chan struct{})
}
