package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// restTime is how long a node that failed is asked last.
const restTime = 5 * time.Second

// endpoint is a node that can be asked.
type endpoint struct {
	url string
}

// endpoints are the nodes of a client. The one that answered last is asked first: a mempool
// knows best what it took itself.
type endpoints struct {
	all []*endpoint

	mu        sync.Mutex
	preferred *endpoint               // guarded by mu
	resting   map[*endpoint]time.Time // until when; guarded by mu
}

func newEndpoints(first string, others []string) (*endpoints, error) {
	e := &endpoints{resting: make(map[*endpoint]time.Time)}
	for _, address := range append([]string{first}, others...) {
		address, err := parseURL(address)
		if err != nil {
			return nil, err
		}
		e.all = append(e.all, &endpoint{address})
	}
	e.preferred = e.all[0]
	return e, nil
}

// order returns the nodes in the order they are to be asked in.
func (e *endpoints) order() []*endpoint {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	rank := func(p *endpoint) int {
		switch {
		case now.Before(e.resting[p]):
			return 2
		case p == e.preferred:
			return 0
		}
		return 1
	}
	order := slices.Clone(e.all)
	slices.SortStableFunc(order, func(a, b *endpoint) int { return rank(a) - rank(b) })
	return order
}

// prefer has a node asked first from now on.
func (e *endpoints) prefer(p *endpoint) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.preferred = p
	delete(e.resting, p)
}

// rest has a node asked last for a while.
func (e *endpoints) rest(p *endpoint) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.resting[p] = time.Now().Add(restTime)
}

// rests tells whether a node is to be left alone for now.
func (e *endpoints) rests(p *endpoint) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.Now().Before(e.resting[p])
}

// attempt asks one node after another, each for at most the client's timeout, until one
// answers what verifies. It fails with what all of them failed with, a node's own words
// before what the network said.
func attempt[T any](ctx context.Context, c *Client, ask func(context.Context, *endpoint) (T, error)) (T, error) {
	return attemptFor(ctx, c, c.timeout, ask)
}

func attemptFor[T any](ctx context.Context, c *Client, timeout time.Duration, ask func(context.Context, *endpoint) (T, error)) (T, error) {
	var none T
	var failures []error
	for _, node := range c.nodes.order() {
		bounded, cancel := context.WithTimeout(ctx, timeout)
		answer, err := ask(bounded, node)
		if err != nil && ctx.Err() == nil && bounded.Err() != nil {
			err = fmt.Errorf("%w: no answer within %s: %w", bounded.Err(), timeout, err)
		}
		cancel()
		switch {
		case err == nil:
			c.nodes.prefer(node)
			return answer, nil
		case ctx.Err() != nil || errors.Is(err, ErrForked): // which no other node can mend
			return none, errors.Join(append(failures, c.at(node, err))...)
		case isNodesFault(err):
			c.nodes.rest(node)
		}
		failures = append(failures, c.at(node, err))
	}
	slices.SortStableFunc(failures, func(a, b error) int { return weight(a) - weight(b) })
	if len(failures) == 1 {
		return none, failures[0]
	}
	return none, errors.Join(failures...)
}

// at says which node an error is of, where there are several.
func (c *Client) at(node *endpoint, err error) error {
	if len(c.nodes.all) == 1 {
		return err
	}
	return fmt.Errorf("%s: %w", node.url, err)
}

// weight orders errors by how much they say about what was asked.
func weight(err error) int {
	switch {
	case CodeOf(err) != "" && !isNodesFault(err):
		return 0
	case errors.Is(err, da.ErrMismatch) || errors.Is(err, da.ErrInvalidProof) || errors.Is(err, da.ErrMalformed):
		return 1
	}
	return 2
}

// isNodesFault tells whether an error is about the node that was asked: it is not reached,
// not able, or not honest.
func isNodesFault(err error) bool {
	switch CodeOf(err) {
	case "", CodeSyncing, CodeNoPeer, CodeTimeout, CodeInternal, CodeDiskFull, CodeRateLimited:
		return true
	}
	return false
}
