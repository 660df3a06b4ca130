package api

import (
	"net/http"
	"time"
)

func (h *handler) lightStatus(w http.ResponseWriter, r *http.Request) error {
	status, err := h.config.Light.Node.Status(r.Context())
	if err != nil {
		return err
	}
	return sendJSON(w, status)
}

func (h *handler) availability(w http.ResponseWriter, r *http.Request) error {
	height, err := parseHeight(r.PathValue("height"))
	if err != nil {
		return err
	}
	availability, err := h.config.Light.Node.Availability(r.Context(), height)
	if err != nil {
		return err
	}
	return sendJSON(w, availability)
}

// lightEvents passes events on until either side ends the stream.
func (h *handler) lightEvents(w http.ResponseWriter, r *http.Request) error {
	after, err := lastEventID(r)
	if err != nil {
		return err
	}
	events := h.config.Light.Node.Events(r.Context(), after)
	s, ticker := newStream(w), time.NewTicker(heartbeat)
	defer ticker.Stop()
	if err := s.beat(); err != nil {
		return nil
	}
	for {
		var err error
		select {
		case event, open := <-events:
			if !open {
				return nil
			}
			err = s.send(event.ID, event.Kind, event.Data)
		case <-ticker.C:
			err = s.beat()
		case <-r.Context().Done():
			return nil
		}
		if err != nil {
			h.config.Log.Debug("stream ended", "request_id", requestID(r), "error", err)
			return nil
		}
	}
}
