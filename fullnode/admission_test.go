package fullnode

import (
	"context"
	"log/slog"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtsync "github.com/cometbft/cometbft/libs/sync"
)

// TestAdmissionEndsWhenTheApplicationHalts: FinalizeBlock keeps ABCI's mutex for ever then, and a
// transaction that waits for it must not keep the node from saying why.
func TestAdmissionEndsWhenTheApplicationHalts(t *testing.T) {
	mutex, asked, stuck := new(cmtsync.Mutex), make(chan struct{}), make(chan struct{})
	closed := func(int) bool {
		close(asked)
		mutex.Lock()
		defer mutex.Unlock()
		return true
	}
	timing := admissionTiming{held: func(time.Duration) {}, verify: func(time.Duration) {}}
	a := newAdmission(nil, mutex, closed, stuck, timing, slog.New(slog.DiscardHandler))
	delivered := make(chan struct{})
	s := named("x", 'a', 1)
	s.deliver = func(*abci.ResponseCheckTx) { close(delivered) }
	a.lineup.fill(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	mutex.Lock()
	go func() { ended <- a.Run(ctx) }()
	<-asked
	cancel()
	close(stuck)
	select {
	case err := <-ended:
		if err != nil || a.running.Err() == nil {
			t.Errorf("it ended with %v, and those who wait are let go: %v", err, a.running.Err() != nil)
		}
	case <-time.After(patience):
		t.Error("it waits for an application that never answers")
	}
	mutex.Unlock()
	<-delivered
}
