package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// pollInterval is the time between two looks at what is waited for.
	pollInterval = 250 * time.Millisecond
	// retryInterval is the time before another attempt at what failed.
	retryInterval = time.Second
	// window bounds the transactions of one account that wait for a block.
	window = 64
)

// lane is an account and what it posts, one transaction after the other: a node takes them in
// the order of their sequences only. Its goroutine runs while there is something to do.
type lane struct {
	client  *Client
	signer  *Signer
	granter string // pays the fees; empty: the account itself
	wake    chan struct{}

	mu      sync.Mutex
	queue   []*flight // to be signed, in this order; guarded by mu
	flights []*flight // signed, by sequence; guarded by mu
	bytes   int       // of both; guarded by mu
	running bool      // guarded by mu
	account Account   // with the sequence that comes next on the chain; empty: not known; guarded by mu
	said    passed    // sequences used up, as a node said last; guarded by mu
	proven  passed    // sequences used up, as this client's final transactions show; guarded by mu
}

func newLane(c *Client, signer *Signer, granter string) *lane {
	return &lane{client: c, signer: signer, granter: granter, wake: make(chan struct{}, 1)}
}

// load is how many bytes are on their way.
func (l *lane) load() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
}

// enqueue takes a flight that is to be signed.
func (l *lane) enqueue(f *flight) {
	if f.signed != nil {
		l.client.tracker.add(f, l)
	}
	l.mu.Lock()
	l.queue = append(l.queue, f)
	l.mu.Unlock()
	l.started(f)
}

// resume takes a flight whose transaction was signed in an earlier life.
func (l *lane) resume(f *flight) {
	l.client.tracker.add(f, l)
	l.mu.Lock()
	f.doubtful = true
	l.insert(f)
	l.mu.Unlock()
	l.started(f)
}

// insert puts a flight in its place. The caller holds mu.
func (l *lane) insert(f *flight) {
	l.flights = append(l.flights, f)
	slices.SortStableFunc(l.flights, func(a, b *flight) int { return cmp.Compare(a.sequence(), b.sequence()) })
}

// started counts a new flight and sees to it that the lane's goroutine runs.
func (l *lane) started(f *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes += f.prepared.size()
	if !l.running {
		l.running = true
		l.client.tasks.Go(func() { l.run(l.client.life) })
	}
	l.rouse()
}

// rouse has the goroutine look again at once.
func (l *lane) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run takes one step after another until there is nothing on its way.
func (l *lane) run(ctx context.Context) {
	for l.busy() {
		if pause := l.step(ctx); pause > 0 {
			select {
			case <-l.wake:
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// busy tells whether there is something to do; if not, the goroutine is to end.
func (l *lane) busy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = len(l.queue)+len(l.flights) > 0
	return l.running
}

// step does the most urgent thing and returns how long to wait for the next.
func (l *lane) step(ctx context.Context) time.Duration {
	if l.account.ChainID == "" {
		if err := l.refresh(ctx); err != nil {
			return l.stuck(err)
		}
	}
	l.bury()
	switch toSend, toSign := l.choose(); {
	case toSend != nil:
		return l.send(ctx, toSend)
	case toSign != nil:
		return l.sign(ctx, toSign)
	}
	return l.review(ctx)
}

// choose returns the flight to send next, or else the one to sign. Whatever fills a gap in
// the sequences goes first.
func (l *lane) choose() (toSend, toSign *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	free := l.free()
	for _, f := range l.flights {
		if !f.sent && f.sequence() >= l.account.Sequence {
			toSend = f
			break
		}
	}
	if toSend != nil && toSend.sequence() < free || len(l.flights) >= window {
		return toSend, nil
	}
	for _, f := range l.queue {
		if l.signable(f, free) {
			return nil, f
		}
	}
	return toSend, nil
}

// free returns the least sequence that no flight has. The caller holds mu.
func (l *lane) free() uint64 {
	free := l.account.Sequence
	for _, f := range l.flights {
		if f.sequence() == free {
			free++
		}
	}
	return free
}

// signable tells whether a flight may be signed at a sequence: what was signed at another
// first has to be dead. The caller holds mu.
func (l *lane) signable(f *flight, sequence uint64) bool {
	return f.signed == nil || l.isDead(f) || f.sequence() == sequence
}

// isDead tells whether a flight may be signed anew at another sequence. The caller holds mu.
func (l *lane) isDead(f *flight) bool {
	if f.signed.account.ChainID != l.account.ChainID {
		return true // of another chain
	}
	if l.client.trust.onNode() {
		return f.isDead(l.proven, l.said)
	}
	return f.isDead(l.proven, passed{})
}

// bury takes flights that can no longer be included back into the queue, before all others.
func (l *lane) bury() {
	l.mu.Lock()
	defer l.mu.Unlock()
	var dead []*flight
	l.flights = slices.DeleteFunc(l.flights, func(f *flight) bool {
		if !l.isDead(f) {
			return false
		}
		f.sent, f.doubtful, f.refusals = false, false, 0
		dead = append(dead, f)
		return true
	})
	l.queue = append(dead, l.queue...)
}

// refresh asks for the account. What this client knows to be final counts for more than what
// a node says that lags.
func (l *lane) refresh(ctx context.Context) error {
	account, height, err := l.client.accountNow(ctx, l.signer.address)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.said = passed{account.Sequence, height}
	account.Sequence = max(account.Sequence, l.proven.below)
	l.account = account
	strange := slices.DeleteFunc(slices.Clone(l.flights), func(f *flight) bool { return f.signed.account.ChainID == account.ChainID })
	l.mu.Unlock()
	for _, f := range strange {
		l.fail(f, &Error{
			Code: CodeWrongChain, Message: fmt.Sprintf("it was signed for chain %s, and the node's is %s", f.signed.account.ChainID, account.ChainID),
			Hint: "submit it again to post it to this one",
		})
	}
	return nil
}

// stuck notes why nothing goes on. Where the account does not exist, what was never signed
// fails.
func (l *lane) stuck(cause error) time.Duration {
	l.mu.Lock()
	waiting := slices.Concat(l.flights, l.queue)
	l.mu.Unlock()
	for _, f := range waiting {
		if CodeOf(cause) == CodeInsufficientFunds && f.signed == nil {
			l.fail(f, cause)
			continue
		}
		f.sub.hindered(cause)
	}
	return retryInterval
}

// remove takes a flight off the lane and tells whether it was on it.
func (l *lane) remove(f *flight) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.flights) + len(l.queue)
	same := func(other *flight) bool { return other == f }
	l.flights, l.queue = slices.DeleteFunc(l.flights, same), slices.DeleteFunc(l.queue, same)
	if before == len(l.flights)+len(l.queue) {
		return false
	}
	l.bytes -= f.prepared.size()
	l.rouse()
	return true
}

// landed notes that a flight is final.
func (l *lane) landed(f *flight, height uint64) {
	if !l.remove(f) {
		return
	}
	l.mu.Lock()
	id := f.signed.id()
	if next := f.sequence() + 1; next > l.proven.below {
		l.proven = passed{next, height}
		l.account.Sequence = max(l.account.Sequence, next)
	}
	l.mu.Unlock()
	l.client.known.final(f.sub.key)
	cause := l.client.journal.final(f.sub.key, &finalRecord{height: height, signer: l.signer.address, tx: id, infos: f.sub.infos})
	f.sub.note(Update{State: Final, Height: height, Tx: id, Signer: l.signer.address, Err: cause})
}

// fail gives a flight up.
func (l *lane) fail(f *flight, cause error) {
	if !l.remove(f) {
		return
	}
	l.client.tracker.remove(f)
	l.client.known.fail(f.sub.key, f.signed) // it may be submitted again
	if err := l.client.journal.failed(f.sub.key); err != nil {
		cause = errors.Join(cause, err)
	}
	u := f.sub.State()
	u.State, u.Err = Failed, cause
	f.sub.note(u)
}
