package lightnode

import (
	"context"
	"slices"
	"strings"
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

// A node that is cut off, and whose namespace cannot be delivered for another reason, says both, and
// tells of each once.
func TestAlarmsOfSeveralCauses(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.Follow = &Follow{Namespace: followedSpace, Out: t.TempDir()}
	n, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	events := n.events.listen(t.Context(), 0)
	told := func() []string {
		n.setAlarms(n.judgeAlarms())
		select {
		case event := <-events:
			return event.Data.(*AlarmReport).Alarms
		default:
			return []string{"nothing"}
		}
	}
	old := func(height uint64) {
		at := n.config.Now().Add(-2 * standstill * n.config.AlarmAfter)
		if err := n.heights.put(&record{Height: height, Time: at, BlockHash: hash{byte(height)}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name   string
		change func()
		want   []string // what each alarm begins with
	}{
		{"nothing is wrong", func() {}, []string{"nothing"}},
		{"the namespace contradicts itself", func() { n.following.stop(3, errContradicted, deliverPause) }, []string{"nothing of namespace"}},
		{"the node is cut off as well", func() { n.contact.Store(0) }, []string{"cut off", "nothing of namespace"}},
		{"a while later", func() {}, []string{"nothing"}},
		{"a peer answers", func() { n.contact.Store(n.config.Now().UnixNano()) }, []string{"nothing of namespace"}},
		{"the owner goes on", n.following.resume, nil},
		{"the newest block is old", func() { old(1) }, []string{"the chain stands still"}},
		{"the next is no younger", func() { old(2) }, []string{"nothing"}},
	} {
		step.change()
		got := told()
		if !slices.EqualFunc(got, step.want, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
		if status := status(t, n); len(got) > 1 && (len(status.Alarms) != len(got) || !strings.Contains(status.Alarm, got[0]+"; besides, ")) {
			t.Errorf("%s: the status says %q, %q", step.name, status.Alarm, status.Alarms)
		}
	}
}
