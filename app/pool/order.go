package pool

import (
	"cmp"
	"container/heap"
	"context"

	"github.com/cosmos/cosmos-sdk/types/mempool"
)

// Select implements mempool.Mempool: it returns what a block can include, by priority, each
// account's in sequence. What is under the base fee or unverified is left out, and what must
// come after it.
func (p *Pool) Select(context.Context, [][]byte) mempool.Iterator {
	p.mu.Lock()
	defer p.mu.Unlock()
	return newIterator(p.order())
}

// SelectBy implements mempool.ExtMempool.
func (p *Pool) SelectBy(ctx context.Context, txs [][]byte, take func(mempool.PooledTx) bool) {
	for it := p.Select(ctx, txs); it != nil && take(it.Tx()); {
		it = it.Next()
	}
}

// iterator goes through transactions in an order decided beforehand.
type iterator []mempool.PooledTx

func newIterator(txs []mempool.PooledTx) mempool.Iterator {
	if len(txs) == 0 {
		return nil
	}
	return iterator(txs)
}

// Next implements mempool.Iterator.
func (i iterator) Next() mempool.Iterator { return newIterator(i[1:]) }

// Tx implements mempool.Iterator.
func (i iterator) Tx() mempool.PooledTx { return i[0] }

// order merges the lines: of what nothing must come before any more, what tips most comes
// next. The caller holds mu.
func (p *Pool) order() []mempool.PooledTx {
	m := merge{lines: p.lines, taken: make(map[Address]int, len(p.lines)), seen: make(map[*entry]bool)}
	for address := range p.lines {
		m.offer(address)
	}
	var txs []mempool.PooledTx
	for len(m.ready) > 0 {
		e := heap.Pop(&m.ready).(*entry)
		txs = append(txs, mempool.NewPooledTx(e.tx, e.Offer.Gas))
		for _, place := range e.Places {
			m.taken[place.Address]++
		}
		for _, place := range e.Places {
			m.offer(place.Address)
		}
	}
	return txs
}

// merge is the state of order.
type merge struct {
	lines map[Address][]*entry
	taken map[Address]int // how many of a line were taken
	ready dearestFirst
	seen  map[*entry]bool // those that were ready
}

// offer makes the next of a line ready, if it is that in all its lines, and can be included.
func (m *merge) offer(address Address) {
	e := m.next(address)
	if e == nil || e.Unverified || e.priority < 0 {
		return
	}
	for _, place := range e.Places {
		if m.next(place.Address) != e {
			return
		}
	}
	if !m.seen[e] {
		m.seen[e] = true
		heap.Push(&m.ready, e)
	}
}

// next returns what comes next in a line, nil at its end.
func (m *merge) next(address Address) *entry {
	if line := m.lines[address]; m.taken[address] < len(line) {
		return line[m.taken[address]]
	}
	return nil
}

// dearestFirst is a heap of entries: those of the highest priority on top, first come first
// of equals.
type dearestFirst []*entry

func (h dearestFirst) Len() int { return len(h) }
func (h dearestFirst) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[j].priority, h[i].priority), cmp.Compare(h[i].arrival, h[j].arrival)) < 0
}
func (h dearestFirst) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dearestFirst) Push(x any)   { *h = append(*h, x.(*entry)) }
func (h *dearestFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
