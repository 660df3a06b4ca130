package pool

import (
	"bytes"
	"errors"
)

// ErrDisplaces is why Insert does not take a transaction that is unverified: it may wait, but
// others would have to leave for it, and are not to for blobs that turn out to be false.
var ErrDisplaces = errors.New("the transaction displaces others: its blobs must be verified first")

// Reserved tells whether just these bytes hold a place and are unverified.
func (p *Pool) Reserved(id ID, raw []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.reserved(id, raw)
	return ok
}

// reserved returns the entry of these bytes that is unverified. The caller holds mu.
func (p *Pool) reserved(id ID, raw []byte) (*entry, bool) {
	e, ok := p.byID[id]
	if !ok || !e.Unverified || !bytes.Equal(e.Raw, raw) {
		return nil, false
	}
	return e, true
}

// Confirm notes that the blobs of an unverified transaction are good: from now on it waits like
// any other. It does nothing if the transaction left meanwhile.
func (p *Pool) Confirm(id ID, raw []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.reserved(id, raw); ok {
		e.Unverified = false
	}
}

// Release takes an unverified transaction's place away, and those of what must come after it.
func (p *Pool) Release(id ID, raw []byte, why Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.reserved(id, raw); ok {
		p.cut(e, why)
	}
}
