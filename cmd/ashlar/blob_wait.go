package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// reasons tells whoever waits why nothing moves, each reason once.
type reasons struct {
	mu  sync.Mutex
	out io.Writer
	had map[string]bool // guarded by mu
}

func newReasons(out io.Writer) *reasons { return &reasons{out: out, had: make(map[string]bool)} }

func (r *reasons) tell(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if text := err.Error(); !r.had[text] && len(r.had) < 100 {
		r.had[text] = true
		_, _ = fmt.Fprintf(r.out, "waiting: %s\n", text) // who does not hear it waits all the same
	}
}

// postOne posts a blob, and tells meanwhile what keeps it from the block.
func postOne(ctx context.Context, c *client.Client, blob da.Blob, wait client.State, why *reasons) (*client.Posted, error) {
	if len(c.Accounts()) == 0 {
		return c.Post(ctx, blob, wait)
	}
	if err := wait.Waitable(); err != nil {
		return nil, err
	}
	submission, err := c.Submit(ctx, blob)
	if err != nil {
		return nil, err
	}
	watched, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		for u := range submission.Updates(watched) {
			if u.Err != nil && u.State != client.Failed {
				why.tell(u.Err)
			}
		}
	})
	posted, err := submission.Wait(ctx, wait)
	stop()
	watch.Wait()
	if err != nil {
		return nil, err
	}
	return &posted[0], nil
}
