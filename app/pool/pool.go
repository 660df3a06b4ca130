// Package pool is the application's mempool: what waits for a block, in which order it is
// offered, and what becomes of it. It decides on the committed state and its own view of
// what waits alone; record 7 in docs/adr says why.
package pool

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/mempool"

	"github.com/ashlar-da/ashlar/app/blob"
)

// Limits bound the transactions that wait for a block.
type Limits struct {
	// Txs is their number, Bytes their size together. CometBFT's mempool must hold twice as
	// much: what is evicted or replaced leaves it at the next block only, and no more than
	// this is between two blocks.
	Txs   int
	Bytes int64
	// AccountTxs and AccountBytes are the part of them that one account may have signed.
	AccountTxs   int
	AccountBytes int64
	// Blocks is how long one waits.
	Blocks int64
}

// DefaultLimits hold some twenty full blocks, for an hour, and of each account four: more
// than it can hope to have included before it hears of the first.
func DefaultLimits() Limits {
	return Limits{Txs: 5000, Bytes: 96 << 20, AccountTxs: 64, AccountBytes: 16 << 20, Blocks: 600}
}

// Pool holds the transactions that wait. Of each account it holds those that stand in a row
// from the committed sequence on, never one behind a gap. It is safe for concurrent use.
type Pool struct {
	limits Limits
	state  func() State

	mu      sync.Mutex
	byID    map[ID]*entry          // guarded by mu
	byTx    map[sdk.Tx]*entry      // guarded by mu
	lines   map[Address][]*entry   // by signer, in sequence; guarded by mu
	held    map[Address]math.Int   // fees named, by payer; guarded by mu
	granted map[allowance]math.Int // the same, by allowance; guarded by mu
	bytes   int64                  // guarded by mu
	arrived uint64                 // guarded by mu
	// dropped is what left since the last block. CometBFT holds it until the next.
	dropped struct {
		txs   int
		bytes int64
	} // guarded by mu
	market  *Market  // nil: not read yet; guarded by mu
	history *history // guarded by mu
}

var _ mempool.ExtMempool = (*Pool)(nil)

// allowance is a granter's to a grantee.
type allowance struct{ granter, grantee Address }

// New returns an empty pool on a state: the last committed one, whenever it is asked for.
func New(limits Limits, state func() State) *Pool {
	p := &Pool{limits: limits, state: state, history: newHistory()}
	p.clear()
	return p
}

// clear empties what append fills. The caller holds mu.
func (p *Pool) clear() {
	p.byID, p.byTx = make(map[ID]*entry), make(map[sdk.Tx]*entry)
	p.lines, p.held, p.granted, p.bytes = make(map[Address][]*entry), make(map[Address]math.Int), make(map[allowance]math.Int), 0
}

// Holds tells whether just these bytes wait, verified, and the gas they name.
func (p *Pool) Holds(id ID, raw []byte) (gas uint64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.byID[id]
	if !ok || e.Unverified || !bytes.Equal(e.Raw, raw) {
		return 0, false
	}
	return e.Offer.Gas, true
}

// Recheck returns the gas of a transaction that waits on, or why it does not:
// blob.ErrReplaced or blob.ErrEvicted. Refresh has decided that for all of them.
func (p *Pool) Recheck(id ID) (gas uint64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.byID[id]; ok {
		return e.Offer.Gas, nil
	}
	outcome, _ := p.history.find(id)
	switch outcome.Kind {
	case Replaced:
		return 0, blob.ErrReplaced.Wrap(outcome.Reason)
	case Included:
		return 0, blob.ErrEvicted.Wrapf("block %d included it", outcome.Height)
	}
	return 0, blob.ErrEvicted.Wrap(outcome.Reason)
}

// Pending returns the sequence that an account's next transaction must carry: the committed
// one, if nothing of it waits.
func (p *Pool) Pending(address Address, committed uint64) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if line := p.lines[address]; len(line) > 0 {
		return line[len(line)-1].sequence(address) + 1
	}
	return committed
}

// Insert implements mempool.Mempool: it takes what Admit let through, in another's place or
// after evicting others where Admit found that. What is unverified displaces nothing: ErrDisplaces.
func (p *Pool) Insert(ctx context.Context, tx sdk.Tx, _ mempool.InsertOption) error {
	bid, ok := bidOf(ctx)
	if !ok {
		return errors.New("a transaction without a bid reached the mempool")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	plan, err := p.plan(tx, bid)
	if err != nil {
		return err
	}
	if bid.Unverified && plan.displaces() {
		return ErrDisplaces
	}
	for _, e := range plan.evict {
		if p.byID[e.ID] == e { // else it left with one before it
			p.cut(e, p.pressed(e))
		}
	}
	if plan.old != nil {
		p.replace(plan.old, plan.entry)
		return nil
	}
	p.arrived++
	plan.entry.arrival = p.arrived
	p.append(plan.entry)
	return nil
}

// append adds an entry at the end of its lines. The caller holds mu.
func (p *Pool) append(e *entry) {
	p.byID[e.ID], p.byTx[e.tx] = e, e
	e.worth = p.worth(e)
	for _, place := range e.Places {
		p.lines[place.Address] = append(p.lines[place.Address], e)
	}
	p.count(e, 1)
}

// count adds an entry to the books, or takes it out of them. The caller holds mu.
func (p *Pool) count(e *entry, sign int64) {
	p.bytes += sign * e.Size
	add(p.held, e.Payer, e.Offer.Fee.MulRaw(sign))
	if e.Grantee != "" {
		add(p.granted, allowance{e.Payer, e.Grantee}, e.Offer.Fee.MulRaw(sign))
	}
}

// add adds to a sum, and drops it once it is zero.
func add[K comparable](sums map[K]math.Int, key K, amount math.Int) {
	total := sum(sums, key).Add(amount)
	if total.IsZero() {
		delete(sums, key)
		return
	}
	sums[key] = total
}

func sum[K comparable](sums map[K]math.Int, key K) math.Int {
	if total, ok := sums[key]; ok {
		return total
	}
	return math.ZeroInt()
}

// replace puts an entry in another's place. The caller holds mu.
func (p *Pool) replace(old, e *entry) {
	p.forget(old, Outcome{
		Kind: Replaced, Height: p.market.Height, By: e.ID,
		Reason: fmt.Sprintf("transaction %x of the same sequence offers more", e.ID),
	})
	e.arrival, e.replaced = old.arrival, true
	p.byID[e.ID], p.byTx[e.tx] = e, e
	p.count(e, 1)
	for _, place := range e.Places {
		line := p.lines[place.Address]
		line[slices.Index(line, old)] = e
	}
	p.revalue(e)
}

// revalue finds anew what an entry is worth, and what must be included after it. The caller
// holds mu.
func (p *Pool) revalue(e *entry) {
	after := map[*entry]bool{}
	p.dependents(e, after)
	for _, each := range slices.SortedFunc(maps.Keys(after), byArrival) {
		each.worth = p.worth(each)
	}
}

// cut removes an entry and all that cannot be included without it. The caller holds mu.
func (p *Pool) cut(e *entry, why Outcome) {
	gone := map[*entry]bool{}
	p.dependents(e, gone)
	for each := range gone {
		outcome := why
		if each != e {
			outcome = p.evicted(Predecessor, "an earlier transaction of its account left the mempool: submit it again after that one")
		}
		p.forget(each, outcome)
	}
	for each := range gone {
		for _, place := range each.Places {
			p.lines[place.Address] = slices.DeleteFunc(p.lines[place.Address], func(other *entry) bool { return gone[other] })
			if len(p.lines[place.Address]) == 0 {
				delete(p.lines, place.Address)
			}
		}
	}
}

// dependents adds an entry to a set, and those that must be included after it. The caller
// holds mu.
func (p *Pool) dependents(e *entry, set map[*entry]bool) {
	if set[e] {
		return
	}
	set[e] = true
	for _, place := range e.Places {
		line := p.lines[place.Address]
		for _, later := range line[slices.Index(line, e)+1:] {
			p.dependents(later, set)
		}
	}
}

// forget takes an entry out of all but its lines. The caller holds mu.
func (p *Pool) forget(e *entry, why Outcome) {
	if !e.Unverified { // else CometBFT does not hold it
		p.dropped.txs++
		p.dropped.bytes += e.Size
	}
	delete(p.byID, e.ID)
	delete(p.byTx, e.tx)
	p.count(e, -1)
	p.history.add(e.ID, why)
}

// byArrival returns all entries, first come first. In this order each comes after those that
// must be included before it. The caller holds mu.
func (p *Pool) byArrival() []*entry {
	return slices.SortedFunc(maps.Values(p.byID), byArrival)
}

func byArrival(a, b *entry) int { return cmp.Compare(a.arrival, b.arrival) }

// Remove implements mempool.Mempool.
func (p *Pool) Remove(tx sdk.Tx) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.byTx[tx]
	if !ok {
		return mempool.ErrTxNotFound
	}
	p.cut(e, p.evicted(Refusal, "the application removed it"))
	return nil
}

// RemoveWithReason implements mempool.ExtMempool. It does nothing: BaseApp calls it where a
// block executes a transaction, and Refresh takes note when that is committed; until then
// the state that new ones are held against still expects it.
func (p *Pool) RemoveWithReason(context.Context, sdk.Tx, mempool.RemoveReason) error { return nil }

// Refuse evicts a transaction that a proposer finds to break a rule, if nothing that it must
// come after can be the reason: it would be tried again at each block.
func (p *Pool) Refuse(tx sdk.Tx, reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.byTx[tx]; ok && p.isFirst(e) {
		p.cut(e, p.evicted(Refusal, reason.Error()))
	}
}

// isFirst tells whether nothing must be included before an entry. The caller holds mu.
func (p *Pool) isFirst(e *entry) bool {
	return !slices.ContainsFunc(e.Places, func(place Place) bool { return p.lines[place.Address][0] != e })
}

// Priority returns what a transaction that waits tips per blob gas of its share of a block, 0
// for one that does not.
func (p *Pool) Priority(tx sdk.Tx) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.byTx[tx]; ok {
		return e.priority
	}
	return 0
}

// CountTx implements mempool.Mempool.
func (p *Pool) CountTx() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.byID)
}

// Bytes returns the size of what waits.
func (p *Pool) Bytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes
}
