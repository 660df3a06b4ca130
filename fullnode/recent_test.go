package fullnode

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

func txNumber(n uint64) [da.HashSize]byte {
	var id [da.HashSize]byte
	binary.BigEndian.PutUint64(id[:], n)
	return id
}

func notLost() error { return nil }

func TestRecentWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecent()
		got := make(chan uint64, 1)
		go func() {
			height, err := r.wait(t.Context(), txNumber(7), notLost)
			if err != nil {
				t.Error(err)
			}
			got <- height
		}()
		synctest.Wait()
		r.add(4, [][da.HashSize]byte{txNumber(1)})
		synctest.Wait()
		r.add(5, [][da.HashSize]byte{txNumber(6), txNumber(7)})
		if height := <-got; height != 5 {
			t.Errorf("the transaction is said to be at height %d, not 5", height)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := r.wait(ctx, txNumber(9), notLost); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting for what never comes ends with %v", err)
		}
	})
}

// TestRecentTellsWhatIsLost: whoever waits for a transaction that was given up hears of it with
// the next block, or at once.
func TestRecentTellsWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, gone := newRecent(), errors.New("gone")
		var lost atomic.Bool
		isLost := func() error {
			if lost.Load() {
				return gone
			}
			return nil
		}
		ended := make(chan error, 1)
		go func() {
			_, err := r.wait(t.Context(), txNumber(7), isLost)
			ended <- err
		}()
		synctest.Wait()
		lost.Store(true)
		r.add(4, [][da.HashSize]byte{txNumber(1)})
		if err := <-ended; !errors.Is(err, gone) {
			t.Errorf("waiting for what is lost ends with %v", err)
		}
		if height, err := r.wait(t.Context(), txNumber(1), isLost); height != 4 || err != nil {
			t.Errorf("what was included and is lost is said to be at height %d (%v)", height, err)
		}
	})
}

func TestRecentForgets(t *testing.T) {
	r := newRecent()
	for height := range uint64(recentBlocks + 1) {
		r.add(height+1, [][da.HashSize]byte{txNumber(height + 1)})
	}
	if height, _ := r.look(txNumber(1)); height != 0 {
		t.Errorf("the oldest transaction is still said to be at height %d", height)
	}
	if height, _ := r.look(txNumber(2)); height != 2 || len(r.heights) != recentBlocks {
		t.Errorf("%d transactions are remembered, the second at height %d", len(r.heights), height)
	}
}

// TestRecentKeepsTheLaterInclusion has a transaction included twice, and a height mended:
// what expires first must not take the rest with it.
func TestRecentKeepsTheLaterInclusion(t *testing.T) {
	r := newRecent()
	again := txNumber(1 << 40)
	for height := uint64(1); height <= recentBlocks+2; height++ {
		txs := [][da.HashSize]byte{txNumber(height)}
		if height == 2 || height == recentBlocks {
			txs = append(txs, again)
		}
		r.add(height, txs)
	}
	if height, _ := r.look(again); height != recentBlocks {
		t.Errorf("the transaction is said to be at height %d, not %d", height, recentBlocks)
	}
	r.add(3, [][da.HashSize]byte{txNumber(3)})
	if height, _ := r.look(txNumber(4)); height != 4 || len(r.blocks) != recentBlocks {
		t.Errorf("a mended height displaces another: %d blocks are remembered", len(r.blocks))
	}
}
