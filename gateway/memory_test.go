package gateway_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/gateway"
)

// TestWhoReadsWaitsForMemory has a hundred reads of a gate whose memory holds three at once: all have their turn. Who waits
// too long, or goes, is let go.
func TestWhoReadsWaitsForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := must(gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(30, 1)}))
		for range 100 {
			go func() {
				release, err := gate.Await(t.Context(), 10)
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(100 * time.Millisecond)
				release()
			}()
		}
		time.Sleep(time.Minute)
		release := must(gate.Reserve(30))
		began := time.Now()
		if _, err := gate.Await(t.Context(), 1); !errors.Is(err, gateway.ErrBusy) || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		began = time.Now()
		if _, err := gate.Await(gone, 1); !errors.Is(err, gateway.ErrBusy) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		release()
		if _, err := gate.Await(t.Context(), 30); err != nil {
			t.Error(err)
		}
	})
}
