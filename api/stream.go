package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	// heartbeat is the time after which a silent stream says that it is alive.
	heartbeat = 15 * time.Second
	// eventTimeout is how long a peer may take to receive one event.
	eventTimeout = 30 * time.Second
)

// isStream tells whether a request of a streaming route asks for the stream.
func isStream(r *http.Request, route *route) bool {
	return route.answer == nil || r.URL.Query().Has("from")
}

// lastEventID is where a stream left off, 0 if it is new.
func lastEventID(r *http.Request) (uint64, error) {
	s := r.Header.Get("Last-Event-ID")
	if s == "" {
		return 0, nil
	}
	id, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: Last-Event-ID %.40q: want the id of an event of this stream", ErrBadRequest, s)
	}
	return id, nil
}

// stream sends server-sent events.
//
// It implements [Server-sent events].
//
// [Server-sent events]: https://html.spec.whatwg.org/multipage/server-sent-events.html
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

func newStream(w http.ResponseWriter) *stream {
	return &stream{w: w, control: http.NewResponseController(w)}
}

// send sends an event; id 0 is none.
func (s *stream) send(id uint64, kind string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode an event: %w", err)
	}
	text := fmt.Sprintf("event: %s\ndata: %s\n\n", kind, data)
	if id > 0 {
		text = fmt.Sprintf("id: %d\n%s", id, text)
	}
	return s.write(text)
}

// write begins the answer if need be and sends text at once.
func (s *stream) write(text string) error {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "text/event-stream")
		s.w.Header().Set("Cache-Control", "no-store")
		s.w.WriteHeader(http.StatusOK)
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(eventTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

// beat sends a comment, so that either side learns when the other is gone.
func (s *stream) beat() error { return s.write(": alive\n\n") }

// wait calls until, which blocks, and keeps the stream alive meanwhile.
func (s *stream) wait(ctx context.Context, until func(context.Context) error) error {
	for {
		bounded, cancel := context.WithTimeout(ctx, heartbeat)
		err := until(bounded)
		timedOut := bounded.Err() != nil
		cancel()
		if err == nil || ctx.Err() != nil || !timedOut {
			return err
		}
		if err := s.beat(); err != nil {
			return err
		}
	}
}
