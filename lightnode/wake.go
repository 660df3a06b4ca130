package lightnode

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
)

// ErrAwake means that a wake is under way already.
var ErrAwake = errors.New("lightnode: a wake is under way")

const (
	// closingTime is what a wake leaves of its time for parting from peers.
	closingTime = time.Second
	// LeastWake is less than which a wake does not connect, in bytes.
	LeastWake = 128 << 10
	// underWay is what may still come of requests once no more are made, in bytes.
	underWay = 32 << 10
	// phoneWorkers is how many heights are sampled at once.
	phoneWorkers = 2
	// guardPause is how often a wake looks at what it has spent.
	guardPause = 5 * time.Millisecond
)

// wake is one wake of a phone.
type wake struct {
	*Node
	began          time.Time
	received, sent int64 // of the host, when it began
	verifying      sync.Mutex

	mu      sync.Mutex
	report  WakeReport // guarded by mu
	running int        // heights being worked on; guarded by mu
	own     error      // guarded by mu
}

// Wake is for the phone profile: it connects, verifies the newest header, samples the
// heights that wait and a random few of those that are new, and disconnects, within
// WakeTime and, all told, within so many bytes, if more than 0, and the data budget. A
// budget that is spent is no error: Ended says bytes.
func (n *Node) Wake(ctx context.Context, bytes int64) (*WakeReport, error) {
	if n.config.Profile != ProfilePhone {
		return nil, fmt.Errorf("%w: only the phone profile wakes; this node never sleeps", ErrConfig)
	}
	if !n.phone.waking.TryLock() {
		return nil, ErrAwake
	}
	defer n.phone.waking.Unlock()
	w := &wake{Node: n, began: n.config.Now()}
	w.received, w.sent = n.host.WireBytes()
	w.report = WakeReport{Began: w.began.UTC(), Ended: "bytes"}
	if w.report.Allowed = n.allowance(bytes); w.report.Allowed >= LeastWake {
		w.report.Ended = "done"
		w.run(ctx)
	}
	return w.end()
}

// allowance returns the bytes that a wake may take.
func (n *Node) allowance(bytes int64) int64 {
	n.strength.mu.Lock()
	defer n.strength.mu.Unlock()
	l := &n.strength.ledger
	l.grow(n.config.Now())
	credit := int64(l.Credit - restBelow*l.most())
	if bytes > 0 {
		credit = min(credit, bytes)
	}
	return max(credit, 0)
}

// spent returns what the wake has received and sent.
func (w *wake) spent() int64 {
	received, sent := w.host.WireBytes()
	return received - w.received + sent - w.sent
}

// What ends a wake early.
var (
	errBytes = errors.New("lightnode: the wake's bytes are spent")
	errTime  = errors.New("lightnode: the wake's time is over")
)

// run does a wake's work. Own errors are kept for end.
func (w *wake) run(parent context.Context) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	ctx, stop := context.WithTimeoutCause(ctx, WakeTime-closingTime, errTime)
	defer stop()
	var guard sync.WaitGroup
	defer guard.Wait()
	guard.Go(func() { w.guard(ctx, cancel) })
	w.host.Resume()
	w.greet(ctx)
	w.report.Peers = len(w.host.Peers())
	err := w.skipToHead(ctx)
	connecting := w.spent()
	if err == nil || !isOwn(err) {
		w.sampleTargets(ctx) // those that wait can be worked on without a new head
		w.note(w.learnCosts(connecting))
	}
	w.note(err)
	w.accuse(ctx)
	w.explainEnd(err, context.Cause(ctx))
	cancel(nil)
}

// explainEnd says what kept the wake from doing more.
func (w *wake) explainEnd(head, cause error) {
	switch {
	case errors.Is(cause, errBytes):
		w.report.Ended = "bytes"
	case errors.Is(cause, errTime):
		w.report.Ended = "time"
	case errors.Is(head, p2p.ErrNoPeer):
		w.report.Ended = "no_peer"
	case head != nil:
		w.report.Ended = "no_head"
	}
}

// accuse hands over the evidence of an attack, if that is what ends the node, or what is left of a
// former run's, to those who are there.
func (w *wake) accuse(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if own := w.own; errors.Is(own, ErrAttack) {
		w.fatal.Store(&own)
		w.own = fmt.Errorf("%w; %v", own, w.submitEvidence(ctx, w.chain.found))
		return
	}
	if len(w.chain.pending) == 0 {
		return
	}
	s := newSubmission()
	w.offerEvidence(ctx, w.chain.pending, &s)
	if len(s.taken) > 0 {
		w.chain.settleEvidence(w.chain.pending)
		w.chain.pending = nil
	}
}

// guard ends the wake when what it may receive and send is nearly spent.
func (w *wake) guard(ctx context.Context, cancel context.CancelCauseFunc) {
	for sleep(ctx, guardPause) {
		if w.spent() > w.report.Allowed-underWay {
			cancel(errBytes)
		}
	}
}

// note keeps an error of the node's own.
func (w *wake) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && isOwn(err) && w.own == nil {
		w.own = err
	}
}

// skipToHead verifies the newest header, and draws the random heights.
func (w *wake) skipToHead(ctx context.Context) error {
	header, err := w.verifyHead(ctx)
	if err != nil {
		w.noteHeadError(err)
		return err
	}
	w.headError.Store(nil)
	w.contact.Store(w.config.Now().UnixNano())
	if header == nil {
		return nil
	}
	head := &HeadReport{Height: uint64(header.Signed.Height), Hash: api.Hex(header.Signed.Hash()), Time: header.Signed.Time}
	err = w.phone.change(func(t *targets) error {
		waiting := len(t.Waiting)
		left := min(float64(w.report.Allowed), float64(w.allowance(0))-w.reserve())
		err := t.advance(rand.Reader, head, t.affords(left-underWay))
		w.report.Drawn = len(t.Waiting) - waiting
		return err
	})
	w.config.Log.Info("verified header", "height", head.Height, "hash", fmt.Sprintf("%x", []byte(head.Hash)), "witnesses", w.chain.witnesses.Load(), "drawn", w.report.Drawn)
	w.events.publish(EventHead, head)
	return err
}

// verifyHead verifies the newest header that peers claim, or the next that verifies; nil if
// none is newer than what is known.
func (w *wake) verifyHead(ctx context.Context) (header *p2p.Header, err error) {
	began, err := w.chain.began()
	if err != nil {
		return nil, err
	}
	if !began {
		if header, err = w.chain.advance(ctx, 0); err != nil {
			return nil, err
		}
	}
	claims, err := w.chain.claims(ctx)
	for _, claimed := range claims {
		if claimed.height <= w.newest() || header != nil && claimed.height <= uint64(header.Signed.Height) {
			break
		}
		w.chain.claimed = claimed
		newer, failed := w.chain.advance(ctx, claimed.height)
		if failed == nil {
			return newer, nil
		}
		if err = failed; isOwn(err) || ctx.Err() != nil {
			break
		}
	}
	if header != nil && (err == nil || !isOwn(err)) {
		return header, nil
	}
	return nil, err
}

// reserve is what random heights leave of the credit to those that may be named.
func (n *Node) reserve() float64 {
	n.strength.mu.Lock()
	defer n.strength.mu.Unlock()
	return (wakeAt - restBelow) * n.strength.ledger.most()
}

// sampleTargets works on the heights that wait, a few at a time, while there are bytes for
// another.
func (w *wake) sampleTargets(ctx context.Context) {
	w.phone.mu.Lock()
	due := w.phone.targets.due()
	w.phone.mu.Unlock()
	places := make(chan struct{}, phoneWorkers)
	var group sync.WaitGroup
	defer group.Wait()
	for _, t := range due {
		select {
		case <-ctx.Done():
			return
		case places <- struct{}{}:
		}
		if !w.begin() {
			return
		}
		group.Go(func() {
			w.finish(t.Height, w.sampleTarget(ctx, t.Height))
			<-places
		})
	}
}

// begin counts a height in, unless it may take more than is left.
func (w *wake) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	each := heightCeiling(w.strength.samples(mostRows))
	if w.spent()+int64(w.running+1)*each > w.report.Allowed-underWay {
		w.report.Ended = "bytes"
		return false
	}
	w.running++
	return true
}

// sampleTarget verifies the header of a height and samples its block.
func (w *wake) sampleTarget(ctx context.Context, height uint64) error {
	r, err := w.heights.get(height)
	if err != nil {
		return err
	}
	if r == nil {
		if err := w.verify(ctx, height); err != nil {
			return err
		}
	}
	return w.check(ctx, height)
}

// verify puts a height's verified header into the table.
func (w *wake) verify(ctx context.Context, height uint64) error {
	w.verifying.Lock()
	defer w.verifying.Unlock()
	if err := w.chain.reaches(height); err != nil {
		return err
	}
	header, err := w.chain.advance(ctx, height)
	if err != nil {
		return err
	}
	return w.admit(header)
}

// finish notes what came of a height.
func (w *wake) finish(height uint64, err error) {
	r, failed := w.heights.get(height)
	if err == nil {
		err = failed
	}
	if err != nil {
		w.config.Log.Debug("nothing learned", "height", height, "error", err)
	}
	w.note(err)
	w.note(w.phone.change(func(t *targets) error {
		t.settle(height, r)
		if errors.Is(err, errTooOld) {
			w.config.Log.Warn("a height is given up: nobody gave its header in time", "height", height, "reason", err)
			t.drop(height)
		}
		return nil
	}))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	verdict := sampling.Pending
	if r != nil {
		verdict = r.Verdict.Verdict
	}
	switch verdict {
	case sampling.Available:
		w.report.Available++
	case sampling.Unavailable:
		w.report.Unavailable++
	case sampling.Invalid:
		w.report.Invalid++
	default:
		w.report.Pending++
	}
}

// learnCosts takes in what connecting and sampling cost.
func (w *wake) learnCosts(connecting int64) error {
	w.mu.Lock()
	heights := w.report.Available
	w.mu.Unlock()
	sampled := w.spent() - connecting
	return w.phone.change(func(t *targets) error { t.learn(connecting, sampled, heights); return nil })
}

// end parts from peers, and writes down what the wake came to.
func (w *wake) end() (*WakeReport, error) {
	if err := w.host.Rest(); err != nil {
		w.config.Log.Debug("closing connections", "error", err)
	}
	received, sent := w.host.WireBytes()
	r := &w.report
	r.Received, r.Sent, r.Seconds = received-w.received, sent-w.sent, w.config.Now().Sub(w.began).Seconds()
	err := errors.Join(w.own, w.charge(), w.saveSpent())
	err = errors.Join(err, w.phone.change(func(t *targets) error {
		r.Head, r.Waiting = t.head(), len(t.Waiting)
		last := *r
		t.Last = &last
		return nil
	}))
	w.setAlarms(w.judgeAlarms())
	w.config.Log.Info("wake ended", "because", r.Ended, "head", r.Head, "bytes", r.Bytes(), "seconds", r.Seconds, "available", r.Available, "waiting", r.Waiting)
	return r, err
}

// wakeGap is the least time between the end of a wake and the next.
const wakeGap = 10 * time.Second

// wakes wakes the phone every so often, and soon after a height is named, until the context
// ends.
func (n *Node) wakes(ctx context.Context) error {
	return schedule(ctx, n.config.WakeEvery, n.phone.soon, func() error {
		_, err := n.Wake(ctx, 0)
		if errors.Is(err, ErrAwake) {
			return nil
		}
		return err
	})
}

// schedule calls wake at once, then so long after each call began, or soon after there is
// something in soon; it returns wake's error, nil when the context ends.
func schedule(ctx context.Context, every time.Duration, soon <-chan struct{}, wake func() error) error {
	for {
		next := time.NewTimer(every)
		if err := wake(); err != nil && ctx.Err() == nil {
			next.Stop()
			return err
		}
		if !sleep(ctx, min(wakeGap, every)) {
			next.Stop()
			return nil
		}
		select {
		case <-ctx.Done():
			next.Stop()
			return nil
		case <-soon:
			next.Stop()
		case <-next.C:
		}
	}
}

// shuffled returns a list in an order that nobody can foresee.
func shuffled(list []string) []string {
	out := append([]string(nil), list...)
	for i := len(out) - 1; i > 0; i-- {
		j, err := rand.Int(rand.Reader, big.NewInt(int64(i+1)))
		if err != nil {
			return out
		}
		out[i], out[j.Int64()] = out[j.Int64()], out[i]
	}
	return out
}
