package fullnode

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestPosterGivesUpWaitingForItsTurn has somebody else post while a request is cancelled.
func TestPosterGivesUpWaitingForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPoster(nil, nil)
		p.turn <- struct{}{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.send(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting ends with %v", err)
		}
		if len(p.turn) != 1 {
			t.Error("the turn of the other was given away")
		}
	})
}
