package lightnode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
)

// inTurn draws peers named 0, 1, 2 and so on, of which there are so many.
func inTurn(n int) func(not []peer.ID) (peer.ID, error) {
	return func(not []peer.ID) (peer.ID, error) {
		for i := range n {
			if id := peer.ID(fmt.Sprint(i)); !slices.Contains(not, id) {
				return id, nil
			}
		}
		return "", errors.New("nobody left")
	}
}

func TestFirstOf(t *testing.T) {
	t.Parallel()
	silent := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	refuses := func(context.Context) error { return errors.New("refused") }
	early := func(context.Context) error { return da.ErrFutureHeight }
	slow := func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(3500 * time.Millisecond):
			return nil
		}
	}
	for _, test := range []struct {
		name   string
		others func(context.Context) error // what all do but the last
		peers  int
		asked  int32
		took   time.Duration
		fails  bool
	}{
		{"the first answers", refuses, 1, 1, 0, false},
		{"all but the last refuse", refuses, 21, 21, 0, false},
		{"all but the last are silent", silent, 21, 21, 5 * time.Second, false},
		{"all are slow", slow, 3, 3, 2 * time.Second, false},
		{"it is early for most", early, 9, tooEarly, 0, true},
		{"it is early for one", early, 2, 2, 0, false},
		{"more refuse than are asked", refuses, mostAsked + 1, mostAsked, 0, true},
		{"nobody is there", refuses, 0, 0, 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int32
				began := time.Now()
				last := peer.ID(fmt.Sprint(test.peers - 1))
				got, err := firstOf(t.Context(), inTurn(test.peers), func(ctx context.Context, id peer.ID) (peer.ID, error) {
					asked.Add(1)
					if id == last {
						return id, nil
					}
					return id, test.others(ctx)
				})
				took := time.Since(began)
				synctest.Wait() // those asked last may yet have to begin
				if (err != nil) != test.fails || err == nil && got != last {
					t.Errorf("have %q, %v", got, err)
				}
				if asked.Load() != test.asked || took != test.took {
					t.Errorf("asked %d after %v, want %d after %v", asked.Load(), took, test.asked, test.took)
				}
			})
		})
	}
}

func TestFirstOfEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := firstOf(ctx, inTurn(2), func(ctx context.Context, _ peer.ID) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
	})
}
