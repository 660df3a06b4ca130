package pool

import (
	"fmt"
	"time"

	"cosmossdk.io/math"
)

// Refresh holds all that waits against a state that was just committed. In the order of their
// arrival, those leave that a block used up, that waited too long or whose time is over, that
// can no longer be paid for, and that would stand behind a gap. The others are ranked anew:
// what is now under the base fee stays.
func (p *Pool) Refresh(state State) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped.txs, p.dropped.bytes = 0, 0
	if len(p.byID) == 0 {
		p.market = nil // it is read when something comes
		return nil
	}
	market, err := state.Market()
	if err != nil {
		return err
	}
	p.market = &market
	entries := p.byArrival()
	committed := newCommitted(state)
	p.clear()
	for _, e := range entries {
		e.rank(*p.market)
		why, gone := p.judge(committed, e)
		switch {
		case !gone:
			p.append(e)
		case !p.history.included.has(e.ID):
			p.history.add(e.ID, why)
		}
	}
	return nil
}

// committed reads each account of a state once.
type committed struct {
	State
	sequences map[Address]uint64
	spendable map[Address]math.Int
}

func newCommitted(state State) *committed {
	return &committed{State: state, sequences: make(map[Address]uint64), spendable: make(map[Address]math.Int)}
}

// Sequence implements State.
func (c *committed) Sequence(address Address) uint64 {
	return once(c.sequences, address, c.State.Sequence)
}

// Spendable implements State.
func (c *committed) Spendable(address Address) math.Int {
	return once(c.spendable, address, c.State.Spendable)
}

// once returns what was read before, or reads it.
func once[T any](known map[Address]T, address Address, read func(Address) T) T {
	value, ok := known[address]
	if !ok {
		value = read(address)
		known[address] = value
	}
	return value
}

// judge tells whether an entry leaves, and why. The caller holds mu, and those that arrived
// before it and stay are in their lines again.
func (p *Pool) judge(state *committed, e *entry) (Outcome, bool) {
	for _, place := range e.Places {
		next := state.Sequence(place.Address) + uint64(len(p.lines[place.Address]))
		switch {
		case place.Sequence < state.Sequence(place.Address):
			return p.evicted(Sequence, fmt.Sprintf("a block used sequence %d of %s for another transaction", place.Sequence, place.Address)), true
		case place.Sequence != next:
			return p.evicted(Predecessor, "an earlier transaction of its account left the mempool: submit it again after that one"), true
		}
	}
	if why, gone := p.outlived(e); gone {
		return why, true
	}
	if err := p.isFunded(state, plan{entry: e}); err != nil {
		return p.evicted(Funds, err.Error()), true
	}
	return Outcome{}, false
}

// outlived tells whether an entry's time is over. The caller holds mu.
func (p *Pool) outlived(e *entry) (Outcome, bool) {
	height, old := p.market.Height, p.market.Height-e.since > p.limits.Blocks
	switch {
	case old && e.priority < 0:
		return p.evicted(Age, fmt.Sprintf("it has waited since height %d, and the base fee is above its cap of %s: submit it again with a higher one", e.since, e.Offer.Cap(p.market.Prices.Gas))), true
	case old:
		return p.evicted(Age, fmt.Sprintf("no block had room for it since height %d: submit it again with a higher tip or a lower gas limit", e.since)), true
	case e.TimeoutHeight > 0 && height >= e.TimeoutHeight:
		return p.evicted(Expiry, fmt.Sprintf("it was not to be included after height %d", e.TimeoutHeight)), true
	case !e.Timeout.IsZero() && e.Timeout.Before(p.market.Time):
		return p.evicted(Expiry, fmt.Sprintf("it was not to be included after %s", e.Timeout.UTC().Format(time.RFC3339))), true
	}
	return Outcome{}, false
}
