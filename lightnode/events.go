package lightnode

import "sync"

// The kinds of events.
const (
	EventHead    = "head"
	EventVerdict = "verdict"
)

// Event is something that happened: of its fields the one is set that Kind names.
type Event struct {
	Kind    string
	Head    *HeadReport
	Verdict *AvailabilityReport
}

// eventQueue is how many events may wait for one listener before it misses some.
const eventQueue = 256

// events passes events to whoever listens. It is safe for concurrent use.
type events struct {
	mu        sync.Mutex
	listeners map[chan Event]struct{} // guarded by mu
}

func newEvents() *events { return &events{listeners: make(map[chan Event]struct{})} }

// listen returns what is published from now on, until stop is called. A listener that
// falls behind by eventQueue events misses those that follow.
func (e *events) listen() (heard <-chan Event, stop func()) {
	queue := make(chan Event, eventQueue)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.listeners[queue] = struct{}{}
	return queue, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.listeners, queue)
	}
}

func (e *events) publish(event Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for queue := range e.listeners {
		select {
		case queue <- event:
		default:
		}
	}
}
