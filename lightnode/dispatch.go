package lightnode

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// firstRetry and lastRetry bound how long a height without a final verdict rests
	// before it is tried again; the rest doubles each time.
	firstRetry = time.Second
	lastRetry  = 2 * time.Minute
)

// dispatch works on open heights, newest first. New ones and those that failed before have
// places of their own, so that heights that cannot be had never keep the head waiting.
func (n *Node) dispatch(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	fresh := make(chan struct{}, n.config.Workers)
	again := make(chan struct{}, max(n.config.Workers/4, 1))
	group.Go(func() error {
		for {
			if !n.awake(ctx) {
				return nil
			}
			next := n.launch(ctx, group, fresh, false)
			if due := n.launch(ctx, group, again, true); next.IsZero() || !due.IsZero() && due.Before(next) {
				next = due
			}
			if !n.awaitWork(ctx, next) {
				return nil
			}
		}
	})
	return group.Wait()
}

// launch starts work on heights that are due, as many as there are places, and returns
// when the next is due.
func (n *Node) launch(ctx context.Context, group *errgroup.Group, places chan struct{}, again bool) time.Time {
	for {
		select {
		case places <- struct{}{}:
		default:
			return time.Time{} // a place that frees itself wakes the dispatcher
		}
		height, next := n.heights.take(n.config.Now(), again)
		if height == 0 {
			<-places
			return next
		}
		group.Go(func() error {
			err := n.checkAwake(ctx, height)
			<-places
			n.heights.release(height, n.config.Now(), firstRetry, lastRetry)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil && !isOwn(err) {
				n.config.Log.Debug("nothing learned", "height", height, "error", err)
				return nil
			}
			return err
		})
	}
}

// awake waits until the node does not rest; false if the context ends before.
func (n *Node) awake(ctx context.Context) bool {
	_, cancel, awake := n.wakefulness.await(ctx)
	cancel()
	return awake
}

// checkAwake works on a height until it is done or the node rests.
func (n *Node) checkAwake(ctx context.Context, height uint64) error {
	ctx, cancel, awake := n.wakefulness.await(ctx)
	defer cancel()
	if !awake {
		return ctx.Err()
	}
	return n.check(ctx, height)
}

// awaitWork waits for a change in the table of heights, or until the next height is due.
func (n *Node) awaitWork(ctx context.Context, next time.Time) bool {
	var due <-chan time.Time
	if !next.IsZero() {
		timer := time.NewTimer(next.Sub(n.config.Now()))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-n.heights.change:
	case <-due:
	}
	return true
}
