package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ashlar-da/ashlar/api/token"
	"github.com/ashlar-da/ashlar/da"
)

const (
	// bodyGrace is the time that a body has besides what bodyRate, in bytes per second, gives it.
	bodyGrace = 5 * time.Second
	bodyRate  = 64 << 10
	// DefaultMemory is how many bytes of bodies and answers a Gate lets be in memory at once.
	DefaultMemory = 512 << 20
)

// ErrBadRequest means that a request is not one of the protocol.
var ErrBadRequest = errors.New("bad request")

// Gate lets requests in: those with a token, and as many as memory is set aside for. Each protocol has its own,
// so that none takes another's room. It is safe for concurrent use.
type Gate struct {
	tokens *token.File // nil: everybody may write
	memory *semaphore.Weighted
}

// NewGate reads the token file, if there is one; memory is in bytes, 0: DefaultMemory.
func NewGate(tokens string, memory int64) (*Gate, error) {
	if memory == 0 {
		memory = DefaultMemory
	}
	g := &Gate{memory: semaphore.NewWeighted(memory)}
	if tokens == "" {
		return g, nil
	}
	var err error
	g.tokens, err = token.Open(tokens, time.Now)
	return g, err
}

// Authorize fails with token.ErrUnauthorized unless the request has a token that opens the scope. The
// clients of rollups take URLs, not headers: the password of http://x:TOKEN@host is a token as well.
func (g *Gate) Authorize(r *http.Request, scope string) error {
	if g.tokens == nil {
		return nil
	}
	authorization := r.Header.Get("Authorization")
	if _, password, ok := r.BasicAuth(); ok {
		authorization = "Bearer " + password
	}
	return g.tokens.Check(authorization, scope)
}

// Reserve sets memory aside for as many bytes, until release is called. It fails with ErrBusy.
func (g *Gate) Reserve(size int64) (release func(), err error) {
	if !g.memory.TryAcquire(size) {
		return nil, fmt.Errorf("%w: there is no memory left for %d bytes", ErrBusy, size)
	}
	return func() { g.memory.Release(size) }, nil
}

// Body reads what was posted, at most limit bytes, into memory that was set aside before, until release is
// called. It fails with da.ErrTooLarge, unread where the length is known, with ErrBusy or ErrBadRequest.
func (g *Gate) Body(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, release func(), err error) {
	if r.ContentLength > limit {
		return nil, nil, fmt.Errorf("%w: %d bytes posted, at most %d are taken", da.ErrTooLarge, r.ContentLength, limit)
	}
	size := r.ContentLength
	if size < 0 {
		size = limit
	}
	if release, err = g.Reserve(size + bytes.MinRead); err != nil {
		return nil, nil, err
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyGrace + time.Duration(size)*time.Second/bodyRate)) // test recorders do not know deadlines
	body, err = readBody(http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
	if err != nil {
		release()
		return nil, nil, bodyError(err, limit)
	}
	_ = control.SetReadDeadline(time.Time{})
	return body, release, nil
}

func readBody(from io.Reader, size int64) ([]byte, error) {
	var body bytes.Buffer
	if size > 0 {
		body.Grow(int(size) + bytes.MinRead)
	}
	_, err := body.ReadFrom(from)
	return body.Bytes(), err
}

func bodyError(err error, limit int64) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return fmt.Errorf("%w: more than %d bytes posted", da.ErrTooLarge, limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: the body comes too slowly, send %d KiB a second or faster", ErrBadRequest, bodyRate>>10)
	}
	return fmt.Errorf("%w: the body ends early: %w", ErrBadRequest, err)
}

// Status is the HTTP status that says what an error means, to be asked again where it is 503.
func Status(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, token.ErrUnauthorized):
		return http.StatusUnauthorized
	case errors.Is(err, da.ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrBadRequest), errors.Is(err, da.ErrInvalidBlob):
		return http.StatusBadRequest
	case errors.Is(err, da.ErrNotFound), errors.Is(err, da.ErrPruned):
		return http.StatusNotFound
	case errors.Is(err, ErrBehind), errors.Is(err, ErrBusy), errors.Is(err, ErrUnavailable):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
