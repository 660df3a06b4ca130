package lightnode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
)

const (
	// deliverPause is how long a height that is not delivered rests; what is not for want of its turn
	// rests up to longestDeliverPause, and what waiting does not help finalPause.
	deliverPause        = 500 * time.Millisecond
	longestDeliverPause = 30 * time.Second
	finalPause          = 10 * time.Minute
)

// stall is why the next height is not delivered.
type stall struct {
	height uint64
	reason error
	since  time.Time
}

// final tells whether waiting will not help: somebody has to decide.
func (s *stall) final() bool {
	for _, cause := range []error{errContradicted, errOtherChain, errBelowWindow} {
		if errors.Is(s.reason, cause) {
			return true
		}
	}
	return false
}

// errOtherChain means that the next height does not follow the one that was delivered last.
var errOtherChain = errors.New("lightnode: what was delivered is not of this chain")

// deliver delivers height after height until the context ends.
func (n *Node) deliver(ctx context.Context) error {
	f := n.following
	if f == nil || f.folder == nil {
		return nil
	}
	pause := deliverPause
	for {
		err := f.deliverNext(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && isOwn(err):
			return err
		case err == nil:
			f.resume()
			pause = deliverPause
			continue
		}
		pause = f.stop(f.folder.at().Next, err, pause)
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// deliverNext delivers the height at the cursor, which may be that it has nothing to deliver.
func (f *following) deliverNext(ctx context.Context) error {
	if err := f.begin(); err != nil {
		return err
	}
	cursor := f.folder.at()
	r, err := f.judged(cursor.Next)
	if err != nil {
		return err
	}
	if len(cursor.LastHash) > 0 && !bytes.Equal(cursor.LastHash, r.LastHash[:]) {
		return fmt.Errorf("%w: below height %d it has the block %x, in %s there are blobs of %x; give --out another folder", errOtherChain, r.Height, r.LastHash, f.folder.dir, []byte(cursor.LastHash))
	}
	if err := f.deliverBlock(ctx, r); err != nil {
		return err
	}
	return f.folder.advance(r.Height+1, r.BlockHash[:])
}

// begin sets the cursor of a new folder, and moves it where the owner wants to begin higher.
func (f *following) begin() error {
	cursor, from := f.folder.at(), f.config.From
	if cursor.Next >= max(from, 1) {
		return nil
	}
	if from == 0 {
		if from = f.node.heights.summary().newest; from == 0 {
			return fmt.Errorf("%w: no header is verified: %w", errWaiting, da.ErrFutureHeight)
		}
	}
	if cursor.Next > 0 {
		f.node.config.Log.Warn("heights of the namespace are left out, as configured", "namespace", f.config.Namespace, "from", cursor.Next, "below", from)
	}
	return f.folder.advance(from, nil)
}

// deliverBlock writes a height's blobs, unless a crash came after they were written and before
// the cursor was.
func (f *following) deliverBlock(ctx context.Context, r *record) error {
	before, err := f.folder.delivered(r.Height)
	if err != nil {
		return err
	}
	if before != nil {
		if !bytes.Equal(before.Hash, r.BlockHash[:]) {
			return fmt.Errorf("%w: of height %d there are blobs of block %x; give --out another folder", errOtherChain, r.Height, []byte(before.Hash))
		}
		return nil
	}
	found, err := f.read(ctx, r)
	if err != nil || len(found.entries) == 0 {
		return err
	}
	if err := f.node.space.Check(); err != nil {
		return err
	}
	w, err := f.folder.begin(r.Height)
	if err != nil {
		return err
	}
	size, err := f.writeBlobs(ctx, found, w)
	if err == nil {
		err = w.commit(f.about(r, found))
	}
	if err != nil {
		return errors.Join(err, w.abort())
	}
	f.node.metrics.blobs.Add(float64(len(found.entries)))
	f.node.config.Log.Info("blobs delivered", "height", r.Height, "blobs", len(found.entries), "bytes", size, "verdict", r.Verdict.Verdict)
	return nil
}

// writeBlobs writes a block's blobs, one after another, and returns how many bytes they have.
func (f *following) writeBlobs(ctx context.Context, found *indexed, w *delivery) (size int, err error) {
	for i := range found.entries {
		data, err := f.blob(ctx, found, &found.entries[i])
		if err != nil {
			return size, err
		}
		if err := w.add(found.entries[i].ID, data); err != nil {
			return size, err
		}
		size += len(data)
	}
	return size, nil
}

// about is what is said of a height beside its blobs.
func (f *following) about(r *record, found *indexed) *Delivered {
	return &Delivered{
		NamespaceBlobs: *api.ShowNamespace(found.header.DA(), r.Height, f.config.Namespace, found.entries, found.proof),
		ChainID:        f.node.config.ChainID, Hash: r.BlockHash[:], Time: r.Time,
		Verdict: r.Verdict.Verdict.String(), Confidence: r.Verdict.Confidence, IndexVerified: f.config.VerifyIndex,
	}
}

// stop notes why a height is not delivered, and returns how long it rests after it rested for
// before. Each reason is logged once.
func (f *following) stop(height uint64, reason error, before time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stall == nil || f.stall.height != height {
		f.stall = &stall{height: height, since: f.node.config.Now()}
	}
	s := f.stall
	news := s.reason == nil || s.reason.Error() != reason.Error()
	s.reason = reason
	if errors.Is(reason, errWaiting) {
		return deliverPause
	}
	if news {
		f.node.config.Log.Warn("the namespace waits", "height", height, "reason", reason)
	}
	if s.final() {
		return finalPause
	}
	return min(2*before, longestDeliverPause)
}

// resume notes that a height was delivered.
func (f *following) resume() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stall = nil
}

// judgeAlarm returns why nothing is delivered, empty if that is no reason for an alarm, or for one
// of its own: heights without a verdict have theirs.
func (f *following) judgeAlarm(now time.Time) string {
	if f == nil {
		return ""
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stall
	if s == nil || errors.Is(s.reason, errWaiting) || !s.final() && now.Sub(s.since) <= f.node.config.AlarmAfter {
		return ""
	}
	text := fmt.Sprintf("nothing of namespace %s is delivered from height %d on, since %s: %v", f.config.Namespace, s.height, s.since.UTC().Format(time.RFC3339), s.reason)
	if s.final() {
		text += "; that does not change by itself: once you know what it means to you, go on with --from above it"
	}
	return text
}

// NamespaceReport is how far the delivery of a namespace has got.
type NamespaceReport struct {
	Namespace   da.Namespace `json:"namespace"`
	Out         string       `json:"out,omitempty"`
	VerifyIndex bool         `json:"verify_index"`
	// Next is the height that comes next: all below are delivered. 0: there is no folder, or it
	// is not begun.
	Next uint64 `json:"next"`
	// Waits tells why Next is not delivered, empty if its turn has not come: it has no verdict yet.
	Waits string `json:"waits,omitempty"`
}

// report is nil if nothing is followed.
func (f *following) report() *NamespaceReport {
	if f == nil {
		return nil
	}
	r := &NamespaceReport{Namespace: f.config.Namespace, Out: f.config.Out, VerifyIndex: f.config.VerifyIndex}
	if f.folder != nil {
		r.Next = f.folder.at().Next
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stall != nil && !errors.Is(f.stall.reason, errWaiting) {
		r.Waits = f.stall.reason.Error()
	}
	return r
}
