package lightnode

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/api"
)

// The kinds of events: a head carries a HeadReport, a verdict an AvailabilityReport, an alarm
// that is raised, of another cause now or lifted an AlarmReport.
const (
	EventHead    = "head"
	EventVerdict = "verdict"
	EventAlarm   = "alarm"
)

// AlarmReport says why the node cannot do its work from a time on; empty if it can again.
type AlarmReport struct {
	Alarm string `json:"alarm"`
	// Alarms are the reasons one by one, which Alarm has in one text.
	Alarms []string  `json:"alarms,omitempty"`
	Time   time.Time `json:"time"`
}

// eventHistory is how many events are remembered for those who come back, and how many
// may wait for one listener before it is cut off, to come back.
const eventHistory = 256

// events passes events to whoever listens. It is safe for concurrent use.
type events struct {
	mu        sync.Mutex
	next      uint64                      // guarded by mu, like the rest
	history   []api.Event                 // ascending, at most eventHistory
	listeners map[chan api.Event]struct{} // open ones
}

// newEvents numbers events from the time on, so that numbers grow across restarts.
func newEvents(now time.Time) *events {
	return &events{next: uint64(now.UnixMicro()), listeners: make(map[chan api.Event]struct{})}
}

// listen returns what is published from now on, preceded by what is remembered after an
// event, 0 meaning none. It is closed when the context ends, or when it is not read.
func (e *events) listen(ctx context.Context, after uint64) <-chan api.Event {
	queue := make(chan api.Event, 2*eventHistory)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.history {
		if after != 0 && event.ID > after {
			queue <- event // has room for all of history
		}
	}
	e.listeners[queue] = struct{}{}
	context.AfterFunc(ctx, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.cut(queue)
	})
	return queue
}

// cut ends a listener; mu must be held.
func (e *events) cut(queue chan api.Event) {
	if _, open := e.listeners[queue]; open {
		delete(e.listeners, queue)
		close(queue)
	}
}

// publish tells everybody of an event.
func (e *events) publish(kind string, data any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	event := api.Event{ID: e.next, Kind: kind, Data: data}
	e.next++
	if len(e.history) == eventHistory {
		e.history = slices.Delete(e.history, 0, 1)
	}
	e.history = append(e.history, event)
	for queue := range e.listeners {
		select {
		case queue <- event:
		default:
			e.cut(queue)
		}
	}
}
