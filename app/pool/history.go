package pool

import (
	"fmt"
)

// Kind says what became of a transaction.
type Kind string

// The kinds, all there are.
const (
	Waiting  Kind = "waiting"
	Included Kind = "included"
	Evicted  Kind = "evicted"
	Replaced Kind = "replaced"
	Refused  Kind = "refused"
	Unknown  Kind = "unknown"
)

// Cause says why a transaction was evicted.
type Cause string

// The causes, all there are.
const (
	// Age: it waited as long as a transaction may.
	Age Cause = "age"
	// Pressure: the mempool was full and others offered more.
	Pressure Cause = "pressure"
	// Underpriced: the mempool was full, and the base fee above its cap.
	Underpriced Cause = "underpriced"
	// Sequence: a block included another transaction of its signer's sequence.
	Sequence Cause = "sequence"
	// Predecessor: an earlier transaction of its signer left.
	Predecessor Cause = "predecessor"
	// Funds: the payer or the allowance no longer covers it.
	Funds Cause = "funds"
	// Expiry: its own timeout passed.
	Expiry Cause = "expiry"
	// Refusal: it broke a rule of the chain when a block was built.
	Refusal Cause = "refused"
)

const (
	// keptIncluded, keptGone and keptRefused bound the outcomes that are remembered: of what
	// blocks included, of what left otherwise, and of what never came in. They are apart, since
	// anybody may have any number of transactions refused.
	keptIncluded = 16384
	keptGone     = 8192
	keptRefused  = 4096
	// maxReason bounds a reason in bytes.
	maxReason = 400
)

// Outcome is what became of a transaction.
type Outcome struct {
	Kind Kind
	// Height is the block's that included it, or the last one when it left or was refused.
	Height int64
	// Index is its place in that block, what is injected left out, and Code what it resulted in;
	// or Code is why it was refused, in Codespace.
	Index     int
	Code      uint32
	Codespace string
	// Cause is why it was evicted, Reason the same, or why it was refused, in words.
	Cause  Cause
	Reason string
	// By replaced it.
	By ID
}

// Status is an outcome, or how a transaction waits.
type Status struct {
	Outcome
	// Priority is its tip per blob gas of its share of a block at the next block's price;
	// negative: its cap per blob gas is that much below the base fee.
	Priority int64
	// BaseFee is the next block's, Cap the highest at which a block can include it.
	BaseFee, Cap string
	// Before is how many of its signers' transactions must be included first.
	Before int
}

// history remembers outcomes.
type history struct {
	included, gone, refused ring
}

func newHistory() *history {
	return &history{included: newRing(keptIncluded), gone: newRing(keptGone), refused: newRing(keptRefused)}
}

// add remembers an outcome.
func (h *history) add(id ID, o Outcome) {
	if len(o.Reason) > maxReason {
		o.Reason = o.Reason[:maxReason]
	}
	switch o.Kind {
	case Included:
		h.included.add(id, o)
	case Refused:
		h.refused.add(id, o)
	default:
		h.gone.add(id, o)
	}
}

// find returns what became of a transaction. A refusal says the least: strangers can have an
// envelope refused that holds another's transaction.
func (h *history) find(id ID) (Outcome, bool) {
	for _, ring := range []*ring{&h.included, &h.gone, &h.refused} {
		if kept, ok := ring.byID[id]; ok {
			return kept.outcome, true
		}
	}
	return Outcome{Kind: Unknown}, false
}

// ring remembers the outcomes added last.
type ring struct {
	byID map[ID]kept
	ids  []ID
	size int
	next int
}

// kept is an outcome and where in the ring its id is.
type kept struct {
	outcome Outcome
	at      int
}

func newRing(size int) ring { return ring{byID: make(map[ID]kept), size: size} }

func (r *ring) has(id ID) bool { _, ok := r.byID[id]; return ok }

func (r *ring) add(id ID, o Outcome) {
	at := r.next
	if at == len(r.ids) {
		r.ids = append(r.ids, id)
	} else if old, ok := r.byID[r.ids[at]]; ok && old.at == at {
		delete(r.byID, r.ids[at])
	}
	r.ids[at] = id
	r.byID[id] = kept{o, at}
	r.next = (at + 1) % r.size
}

// evicted returns an outcome as of now. The caller holds mu.
func (p *Pool) evicted(cause Cause, reason string) Outcome {
	return Outcome{Kind: Evicted, Height: p.market.Height, Cause: cause, Reason: reason}
}

// pressed is why an entry makes room for another. The caller holds mu.
func (p *Pool) pressed(e *entry) Outcome {
	if e.priority < 0 {
		return p.evicted(Underpriced, fmt.Sprintf("the mempool is full and the base fee of %s above its cap of %s: submit it again with a higher one",
			p.market.Prices.BaseFee, e.Offer.Cap(p.market.Prices.Gas)))
	}
	return p.evicted(Pressure, "the mempool is full and others tip more: submit it again with a higher tip")
}

// NoteIncluded remembers what a block included.
func (p *Pool) NoteIncluded(id ID, height int64, index int, code uint32, codespace string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.history.add(id, Outcome{Kind: Included, Height: height, Index: index, Code: code, Codespace: codespace})
}

// NoteRefused remembers why a transaction was not let in.
func (p *Pool) NoteRefused(id ID, height int64, code uint32, codespace, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.history.add(id, Outcome{Kind: Refused, Height: height, Code: code, Codespace: codespace, Reason: reason})
}

// Status returns what is known of a transaction. One that is unverified is not accepted yet.
func (p *Pool) Status(id ID) Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.byID[id]
	if !ok || e.Unverified {
		outcome, _ := p.history.find(id)
		return Status{Outcome: outcome}
	}
	status := Status{
		Outcome: Outcome{Kind: Waiting, Height: e.since}, Priority: e.priority,
		BaseFee: p.market.Prices.BaseFee.String(), Cap: e.Offer.Cap(p.market.Prices.Gas).String(),
	}
	for _, place := range e.Places {
		status.Before += int(place.Sequence - p.lines[place.Address][0].sequence(place.Address))
	}
	return status
}
