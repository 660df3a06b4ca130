package rebuild

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/p2p"
)

// lookEvery is the time between two looks for more peers.
const lookEvery = 10 * time.Second

var errOtherHeader = errors.New("a header of another hash")

// header gets the header of a height from whichever peer has the one of this hash, with its
// DA header. Many are asked at once, since some may be silent.
func (r *Rebuilder) header(ctx context.Context, height uint64, hash [da.HashSize]byte) (*chain.Header, error) {
	for {
		connected, others := r.config.Host.Known(p2p.Headers, height)
		bound, err := r.headerFromAny(ctx, append(connected, others...), height, hash)
		if bound != nil || errors.Is(err, da.ErrMalformed) {
			return bound, err
		}
		if !r.sleep(ctx) {
			return nil, fmt.Errorf("%w: of %d peers none has the header %x: %w", ErrTooFew, len(connected)+len(others), hash, errors.Join(ctx.Err(), err))
		}
	}
}

// LastHash returns the hash of the header below a height's, whose own header has a hash. It fails
// with ErrTooFew when its patience is over, or with ctx's error.
func (r *Rebuilder) LastHash(ctx context.Context, height uint64, hash [da.HashSize]byte) (last [da.HashSize]byte, err error) {
	patient, cancel := context.WithTimeout(ctx, r.config.Patience)
	defer cancel()
	bound, err := r.header(patient, height, hash)
	if err != nil {
		return last, errors.Join(ctx.Err(), err)
	}
	if copy(last[:], bound.Signed().LastBlockID.Hash) != len(last) {
		return last, fmt.Errorf("height %d is the chain's first: %w", height, da.ErrNotFound)
	}
	return last, nil
}

// headerFromAny returns the first header that is right, or that is known to be malformed; else
// nil and the last error.
func (r *Rebuilder) headerFromAny(parent context.Context, peers []peer.ID, height uint64, hash [da.HashSize]byte) (bound *chain.Header, err error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	var mu sync.Mutex
	var requests errgroup.Group
	requests.SetLimit(r.config.Concurrency)
	for _, from := range peers {
		requests.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			got, failure := r.headerFrom(ctx, from, height, hash)
			mu.Lock()
			defer mu.Unlock()
			if bound != nil || errors.Is(err, da.ErrMalformed) {
				return nil
			}
			bound, err = got, failure
			if got != nil || errors.Is(failure, da.ErrMalformed) {
				cancel()
			}
			return nil
		})
	}
	_ = requests.Wait() // none of them fails
	return bound, err
}

func (r *Rebuilder) headerFrom(ctx context.Context, from peer.ID, height uint64, hash [da.HashSize]byte) (*chain.Header, error) {
	// The hash vouches for the header: neither commit nor validators are of use.
	header, err := r.config.Host.GetHeader(ctx, from, p2p.HeaderRequest{Height: height, Proof: true, Alone: true})
	if err != nil {
		return nil, err
	}
	if string(header.Signed.Hash()) != string(hash[:]) {
		return nil, fmt.Errorf("peer %s: %w", from, errOtherHeader) // it may follow a fork in good faith
	}
	bound, err := chain.Bind(header.Signed, *header.Proof)
	if errors.Is(err, da.ErrInvalidProof) {
		r.config.Host.Garbage(from, err)
	}
	return bound, err
}

// sleep looks for peers, waits a while, and tells whether the context outlasted it.
func (r *Rebuilder) sleep(ctx context.Context) bool {
	r.config.Host.Look(ctx)
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
