package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

const (
	// bodyGrace is the time that a body, and each piece of it, has besides what bodyRate, in bytes per second, gives it.
	bodyGrace = 5 * time.Second
	bodyRate  = 64 << 10
	bodyPiece = 64 << 10
	// firstChunk is what is set aside for a body before any of it came. It doubles as the body grows.
	firstChunk = 4 << 10
)

func timeFor(size int64) time.Duration { return bodyGrace + time.Duration(size)*time.Second/bodyRate }

// Body reads what was posted, at most limit bytes, into memory that is set aside as it comes, until release is
// called. Who falls silent is not waited for. It fails with da.ErrTooLarge, unread where the length is known, with ErrBusy
// or ErrBadRequest.
func (g *Gate) Body(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, release func(), err error) {
	size := r.ContentLength
	if size > limit {
		return nil, nil, fmt.Errorf("%w: %d bytes posted, at most %d are taken", da.ErrTooLarge, size, limit)
	}
	if size < 0 {
		size = limit
	}
	paced := &pacedBody{from: http.MaxBytesReader(w, r.Body, limit), control: http.NewResponseController(w), end: time.Now().Add(timeFor(size))}
	body, release, err = g.Read(paced, size)
	if err != nil {
		return nil, nil, bodyError(err, limit)
	}
	_ = paced.control.SetReadDeadline(time.Time{})
	return body, release, nil
}

// pacedBody has each piece of a body come in its time, and all of it by the end.
type pacedBody struct {
	from    io.Reader
	control *http.ResponseController
	end     time.Time
	left    int // of the piece
}

// Read implements io.Reader.
func (p *pacedBody) Read(into []byte) (int, error) {
	if p.left <= 0 {
		until := time.Now().Add(timeFor(bodyPiece))
		if until.After(p.end) {
			until = p.end
		}
		_ = p.control.SetReadDeadline(until) // test recorders do not know deadlines
		p.left = bodyPiece
	}
	n, err := p.from.Read(into)
	p.left -= n
	return n, err
}

// Read reads all of what has at most size bytes into memory that is set aside as it comes, until release is called. It fails
// as the reader does, with da.ErrTooLarge, or with ErrBusy.
func (g *Gate) Read(from io.Reader, size int64) (body []byte, release func(), err error) {
	release = func() {}
	for {
		if len(body) == cap(body) {
			if int64(len(body)) > size {
				release()
				return nil, nil, fmt.Errorf("%w: more than %d bytes", da.ErrTooLarge, size)
			}
			grown := min(max(2*int64(cap(body)), firstChunk), size+1) // by one, to see that nothing follows
			more, err := g.Reserve(grown)
			if err != nil {
				release()
				return nil, nil, err
			}
			body = append(make([]byte, 0, grown), body...)
			release()
			release = more
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, release, nil
		case err != nil:
			release()
			return nil, nil, err
		}
	}
}

func bodyError(err error, limit int64) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, ErrBusy), errors.Is(err, da.ErrTooLarge):
		return err
	case errors.As(err, &tooLarge):
		return fmt.Errorf("%w: more than %d bytes posted", da.ErrTooLarge, limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: the body comes too slowly, send %d KiB a second or faster", ErrBadRequest, bodyRate>>10)
	}
	return fmt.Errorf("%w: the body ends early: %w", ErrBadRequest, err)
}
