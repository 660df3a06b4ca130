package pool

import (
	"cmp"
	"container/heap"
	"errors"
	"slices"
	"time"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app/blob"
)

// bump is what a replacement must offer at least, in percent of what it replaces.
const bump = 110

// What expires sooner displaces nobody: a full mempool is what some twenty full blocks hold,
// and takes them in time two minutes.
const (
	soonBlocks = 24
	soonTime   = soonBlocks * 6 * time.Second
)

// plan is how a new transaction enters.
type plan struct {
	entry *entry
	// old is the one it replaces, nil if it comes last.
	old *entry
	// evict are those that make room for it, later ones of an account before earlier ones.
	evict []*entry
}

// displaces tells whether others leave for the new one.
func (p plan) displaces() bool { return p.old != nil || len(p.evict) > 0 }

// Admit tells whether a transaction with a bid may wait: sdkerrors.ErrWrongSequence,
// blob.ErrUnderpriced, blob.ErrReplacedLately, blob.ErrAccountLimit,
// blob.ErrInsufficientFunds and sdkerrors.ErrMempoolIsFull say why not. It changes nothing.
func (p *Pool) Admit(ctx sdk.Context, tx sdk.Tx) error {
	bid, ok := bidOf(ctx)
	if !ok {
		return errors.New("a transaction without a bid reached the mempool")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.plan(tx, bid)
	return err
}

// plan is a function of the committed state, of what waits and of the bid. The caller holds mu.
func (p *Pool) plan(tx sdk.Tx, bid *Bid) (plan, error) {
	state := p.state()
	if err := p.readMarket(state); err != nil {
		return plan{}, err
	}
	old, err := p.occupant(state, bid)
	if err != nil {
		return plan{}, err
	}
	made := plan{entry: newEntry(tx, bid, *p.market), old: old}
	if old != nil {
		if err := p.outbids(made.entry, old); err != nil {
			return plan{}, err
		}
	}
	if err := p.fitsAccounts(made); err != nil {
		return plan{}, err
	}
	if err := p.isFunded(state, made); err != nil {
		return plan{}, err
	}
	if made.evict, err = p.room(made); err != nil {
		return plan{}, err
	}
	return made, p.mayDrop(made)
}

// mayDrop bounds what is displaced between two blocks, which costs whoever displaces it nothing
// but funds that are held, and stays in CometBFT's mempool: without a bound that one would
// fill up, and refuse everybody. The caller holds mu.
func (p *Pool) mayDrop(made plan) error {
	if !made.displaces() {
		return nil
	}
	if p.dropped.txs >= p.limits.Txs || p.dropped.bytes >= p.limits.Bytes {
		return sdkerrors.ErrMempoolIsFull.Wrapf("%d transactions were displaced since the last block, and no more may be before the next: submit it again after that", p.dropped.txs)
	}
	return nil
}

// readMarket reads the market once for each committed state. The caller holds mu.
func (p *Pool) readMarket(state State) error {
	if p.market != nil {
		return nil
	}
	market, err := state.Market()
	if err != nil {
		return err
	}
	p.market = &market
	return nil
}

// occupant returns the entry whose place a bid wants, nil if it comes last in all its lines.
// The caller holds mu.
func (p *Pool) occupant(state State, bid *Bid) (*entry, error) {
	var old *entry
	for i, place := range bid.Places {
		found, err := p.at(place, state.Sequence(place.Address))
		if err != nil {
			return nil, err
		}
		if i > 0 && found != old {
			return nil, sdkerrors.ErrWrongSequence.Wrapf("%s signed another transaction of this sequence with others: only one that all of them sign replaces it", place.Address)
		}
		old = found
	}
	if old != nil && len(old.Places) != len(bid.Places) {
		return nil, sdkerrors.ErrWrongSequence.Wrap("a transaction of this sequence waits that others signed too: only one that all of them sign replaces it")
	}
	return old, nil
}

// at returns what waits at a place, nil if that is the next one. The caller holds mu.
func (p *Pool) at(place Place, committed uint64) (*entry, error) {
	line := p.lines[place.Address]
	next := committed + uint64(len(line))
	switch {
	case place.Sequence < committed || place.Sequence > next:
		return nil, sdkerrors.ErrWrongSequence.Wrapf("account sequence mismatch, expected %d, got %d", next, place.Sequence)
	case place.Sequence == next:
		return nil, nil
	}
	return line[place.Sequence-committed], nil
}

// outbids tells whether an entry offers enough more than one it is to replace, and whether it
// is time: each replacement costs all nodes as much as a transaction, and pays nothing.
func (p *Pool) outbids(e, old *entry) error {
	had, offers := terms(old, *p.market), terms(e, *p.market)
	for i, term := range had {
		if least := term.amount.MulRaw(bump).AddRaw(99).QuoRaw(100); offers[i].amount.LT(least) {
			return blob.ErrUnderpriced.Wrapf("transaction %x waits with this sequence, its %s is %s: to replace it offer at least %s, which is %s more than %s",
				old.ID, term.name, term.amount, least, least.Sub(offers[i].amount), offers[i].amount)
		}
	}
	if old.replaced && old.since == p.market.Height {
		return blob.ErrReplacedLately.Wrapf("transaction %x replaced another since height %d: replace it after the next block", old.ID, old.since)
	}
	return nil
}

// term is one amount of an offer, by its name.
type term struct {
	name   string
	amount math.Int
}

// terms returns what must rise in a replacement. A transaction without blobs offers the same
// as cap and tip: all of its fee that its execution leaves.
func terms(e *entry, market Market) []term {
	most := math.MaxInt(e.Offer.Cap(market.Prices.Gas), math.ZeroInt())
	tip := most
	if e.Offer.TipCap != nil {
		tip = *e.Offer.TipCap
	}
	if e.Offer.FeeCap != nil {
		most = *e.Offer.FeeCap
	}
	fee := e.Offer.Fee.Sub(market.Prices.Gas.Mul(math.NewIntFromUint64(e.Offer.Gas)))
	return []term{{"fee cap", most}, {"tip cap", tip}, {"fee above its execution's price", fee}}
}

// fitsAccounts holds a plan against what may wait of each account. The caller holds mu.
func (p *Pool) fitsAccounts(made plan) error {
	for _, place := range made.entry.Places {
		line := p.lines[place.Address]
		bytes := made.entry.Size
		for _, e := range line {
			if e != made.old {
				bytes += e.Size
			}
		}
		if made.old == nil && len(line) >= p.limits.AccountTxs {
			return blob.ErrAccountLimit.Wrapf("%d transactions of %s wait, as many as may: wait for a block, or post from another account too", len(line), place.Address)
		}
		if bytes > p.limits.AccountBytes {
			return blob.ErrAccountLimit.Wrapf("%d bytes of %s would wait, at most %d may: wait for a block, or post from another account too", bytes, place.Address, p.limits.AccountBytes)
		}
	}
	return nil
}

// isFunded tells whether all that waits can be paid for besides the new one, whatever the base
// fee does. An allowance must cover the fees named, as funds must: what a grantee names is kept
// from all else that the granter pays for. The caller holds mu.
func (p *Pool) isFunded(state State, made plan) error {
	e, held := made.entry, sum(p.held, made.entry.Payer)
	if made.old != nil && made.old.Payer == e.Payer {
		held = held.Sub(made.old.Offer.Fee)
	}
	if spendable := state.Spendable(e.Payer); held.Add(e.Offer.Fee).GT(spendable) {
		return blob.ErrInsufficientFunds.Wrapf("%s can spend %s, the fee named is %s and those of what waits already are %s: fund the account, lower the fee or wait for a block",
			e.Payer, spendable, e.Offer.Fee, held)
	}
	if e.Grantee == "" {
		return nil
	}
	named := sum(p.granted, allowance{e.Payer, e.Grantee})
	if made.old != nil && made.old.Payer == e.Payer && made.old.Grantee == e.Grantee {
		named = named.Sub(made.old.Offer.Fee)
	}
	return state.Allowed(e.Payer, e.Grantee, named.Add(e.Offer.Fee), e.tx.GetMsgs())
}

// worth is the priority of an entry, or the least of what must be included before it. What may
// yet come to nothing without a fee displaces nobody: one that is about to expire, one that
// names gas no block has left beside others, and one that follows a transaction without blobs,
// which may move away what it pays with. The caller holds mu.
func (p *Pool) worth(e *entry) int64 {
	worth := e.priority
	if e.expiresSoon(*p.market) || e.needsMostGas(p.market.Capacity) {
		worth = min(worth, 0)
	}
	for _, before := range p.before(e) {
		worth = min(worth, before.worth)
		if !before.Blobs {
			worth = min(worth, 0)
		}
	}
	return worth
}

// expiresSoon tells whether an entry may expire before the blocks that a full mempool makes.
func (e *entry) expiresSoon(market Market) bool {
	return e.TimeoutHeight > 0 && e.TimeoutHeight-market.Height < soonBlocks ||
		!e.Timeout.IsZero() && e.Timeout.Sub(market.Time) < soonTime
}

// needsMostGas tells whether an entry names more than half of a block's gas. Whatever it offers,
// others of the block can always keep it out.
func (e *entry) needsMostGas(capacity blob.Capacity) bool {
	return capacity.Gas > 0 && e.Offer.Gas > capacity.Gas/2
}

// before returns the entries right before one in its lines, which it may stand in already. The
// caller holds mu.
func (p *Pool) before(e *entry) []*entry {
	var before []*entry
	for _, place := range e.Places {
		line := p.lines[place.Address]
		at := slices.IndexFunc(line, func(other *entry) bool { return other.sequence(place.Address) >= place.Sequence })
		if at < 0 {
			at = len(line)
		}
		if at > 0 {
			before = append(before, line[at-1])
		}
	}
	return before
}

// sequence returns that of an account among an entry's signers.
func (e *entry) sequence(address Address) uint64 {
	at := slices.IndexFunc(e.Places, func(place Place) bool { return place.Address == address })
	return e.Places[at].Sequence
}

// room returns what to evict for a plan's entry: what is worth least, the latest of equals
// first, and nothing that is worth as much as the new one. The caller holds mu.
func (p *Pool) room(made plan) ([]*entry, error) {
	txs, bytes := len(p.byID)+1-p.limits.Txs, p.bytes+made.entry.Size-p.limits.Bytes
	if made.old != nil {
		txs, bytes = txs-1, bytes-made.old.Size
	}
	if txs <= 0 && bytes <= 0 {
		return nil, nil
	}
	worth := p.worth(made.entry)
	if least := p.least(worth, made.old); least != nil && txs <= 1 && bytes <= least.Size {
		return []*entry{least}, nil // as mostly: all are about as large
	}
	candidates := p.worthLess(worth, made.old)
	heap.Init(&candidates)
	var evict []*entry
	for len(candidates) > 0 {
		e := heap.Pop(&candidates).(*entry)
		evict = append(evict, e)
		if txs, bytes = txs-1, bytes-e.Size; txs <= 0 && bytes <= 0 {
			return evict, nil
		}
	}
	return nil, sdkerrors.ErrMempoolIsFull.Wrapf("all that wait offer as much as this transaction's %d: its tip per blob gas of its share of a block, or of one it must come after. Tip more, or submit again after the next block", worth)
}

// worthLess returns the entries that are worth less than that, except one. The caller holds mu.
func (p *Pool) worthLess(worth int64, except *entry) leastFirst {
	var less leastFirst
	for _, e := range p.byID {
		if e.worth < worth && e != except {
			less = append(less, e)
		}
	}
	return less
}

// least returns the first of worthLess to make room, nil if there is none. The caller holds mu.
func (p *Pool) least(worth int64, except *entry) *entry {
	var least *entry
	for _, e := range p.byID {
		if e.worth < worth && e != except && (least == nil || e.leavesBefore(least)) {
			least = e
		}
	}
	return least
}

// leavesBefore tells which of two entries makes room first.
func (e *entry) leavesBefore(other *entry) bool {
	return cmp.Or(cmp.Compare(e.worth, other.worth), cmp.Compare(other.arrival, e.arrival)) < 0
}

// leastFirst is a heap of entries: those worth least on top, the latest of equals first. So of
// one account's the last comes first.
type leastFirst []*entry

func (h leastFirst) Len() int           { return len(h) }
func (h leastFirst) Less(i, j int) bool { return h[i].leavesBefore(h[j]) }
func (h leastFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *leastFirst) Push(x any)        { *h = append(*h, x.(*entry)) }
func (h *leastFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
