package lightnode

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/api"
)

func TestEventsResumeWhereAListenerLeft(t *testing.T) {
	t.Parallel()
	e := newEvents(time.UnixMicro(1000))
	first := e.listen(t.Context(), 0)
	for i := range 3 {
		e.publish(EventHead, i)
	}
	for want := range 3 {
		if event := <-first; event.ID != uint64(1000+want) || event.Data != want {
			t.Errorf("event %d: %+v", want, event)
		}
	}
	again := e.listen(t.Context(), 1000)
	for want := 1; want < 3; want++ {
		if event := <-again; event.Data != want {
			t.Errorf("resumed: %+v, want %d", event, want)
		}
	}
	if n := len(e.listen(t.Context(), 0)); n != 0 {
		t.Errorf("a new listener heard %d old events", n)
	}
}

func TestEventsCutOffWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	e := newEvents(time.UnixMicro(0))
	slow := e.listen(t.Context(), 0)
	for i := range 3 * eventHistory {
		e.publish(EventHead, i)
	}
	var last api.Event
	for event := range slow { // ends: it was closed
		last = event
	}
	resumed := e.listen(t.Context(), last.ID)
	if event := <-resumed; event.ID <= last.ID {
		t.Errorf("resumed with %+v after %+v", event, last)
	}
}

func TestEventsEndWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEvents(time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		queue := e.listen(ctx, 0)
		cancel()
		synctest.Wait()
		if event, open := <-queue; open {
			t.Errorf("heard %+v", event)
		}
		e.publish(EventHead, nil)
	})
}
