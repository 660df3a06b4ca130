package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// How fast a body must come: who is slower makes room for others.
const (
	// bodyGrace is the time before the first byte is missed.
	bodyGrace = 5 * time.Second
	// bodyRate is the least rate from then on, in bytes per second.
	bodyRate = 64 << 10
)

// take occupies one of the slots until release is called. It fails with ErrRateLimited
// where all are taken; what says of what there are too many.
func take(slots chan struct{}, what string) (release func(), err error) {
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	default:
		return nil, fmt.Errorf("%w: %d %s at once are as many as this node takes", ErrRateLimited, cap(slots), what)
	}
}

// upload reads a body of at most limit bytes and has it used. Meanwhile it occupies one of
// the slots that bound what is held in memory; whoever waits for a block does not.
func (h *handler) upload(w http.ResponseWriter, r *http.Request, limit int64, use func(body []byte) error) error {
	release, err := take(h.uploads, "uploads")
	if err != nil {
		return err
	}
	defer release()
	body, err := readBody(w, r, limit)
	if err != nil {
		return err
	}
	// From here on the peer owes nothing more, however long the answer takes.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return use(body)
}

// readBody reads what was posted, at most limit bytes; it is refused unread where its
// length is known.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes posted, at most %d are taken", da.ErrTooLarge, r.ContentLength, limit)
	}
	var body bytes.Buffer
	if r.ContentLength > 0 { // what is posted may stay in the mempool: it is to take no more than its size
		body.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := body.ReadFrom(&paced{
		body: http.MaxBytesReader(w, r.Body, limit), control: http.NewResponseController(w), begun: time.Now(),
	})
	if err != nil {
		return nil, bodyError(err, limit)
	}
	return body.Bytes(), nil
}

// paced is a body that must keep up with bodyRate.
type paced struct {
	body    io.Reader
	control *http.ResponseController
	begun   time.Time
	read    int64
}

// Read implements io.Reader.
func (p *paced) Read(b []byte) (int, error) {
	due := p.begun.Add(bodyGrace + time.Duration(p.read)*time.Second/bodyRate)
	_ = p.control.SetReadDeadline(due) // test recorders do not know deadlines
	n, err := p.body.Read(b)
	p.read += int64(n)
	return n, err
}

func bodyError(err error, limit int64) error {
	switch {
	case CodeOf(err) == CodeTooLarge:
		return fmt.Errorf("%w: more than %d bytes posted", da.ErrTooLarge, limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Advise(fmt.Errorf("%w: the body comes too slowly", context.DeadlineExceeded),
			fmt.Sprintf("nothing was posted: send it again, %d KiB a second or faster", bodyRate>>10))
	}
	return fmt.Errorf("%w: the request's body ends early: %w", ErrBadRequest, err)
}
