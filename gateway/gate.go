package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ashlar-da/ashlar/api/token"
	"github.com/ashlar-da/ashlar/da"
)

// ErrBadRequest means that a request is not one of the protocol.
var ErrBadRequest = errors.New("bad request")

// DefaultMaxPuts is how many blobs of a protocol are on their way at once, where nobody says.
const DefaultMaxPuts = 128

// flightCost is how often a blob's bytes are in memory while it is on its way: themselves, a transaction's, and as it is sent.
const flightCost = 3

// GateConfig is what a Gate is made of.
type GateConfig struct {
	// Tokens is a token file that guards puts; empty: everybody may put.
	Tokens string
	// Memory is what bodies and answers, and blobs on their way, are held in; nil: DefaultMemory, for this gate alone.
	Memory *Memory
	// MaxPuts bounds the blobs on their way to the chain; 0: DefaultMaxPuts.
	MaxPuts int
}

// Gate lets requests of a protocol in: those with a token, and as many as there is memory for. Each protocol has its own, so
// that none takes another's room. It is safe for concurrent use.
type Gate struct {
	tokens *token.File // nil: everybody may write
	memory *Memory
	used   int64         // guarded by memory.mu
	puts   chan struct{} // one element for each blob on its way
}

// NewGate reads the token file, if there is one.
func NewGate(config GateConfig) (*Gate, error) {
	if config.MaxPuts < 0 {
		return nil, errors.New("gateway: puts cannot be negative")
	}
	if config.MaxPuts == 0 {
		config.MaxPuts = DefaultMaxPuts
	}
	if config.Memory == nil {
		config.Memory = NewMemory(DefaultMemory, 1)
	}
	g := &Gate{memory: config.Memory, puts: make(chan struct{}, config.MaxPuts)}
	if config.Tokens == "" {
		return g, nil
	}
	var err error
	g.tokens, err = token.Open(config.Tokens, time.Now)
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

// launch lets a blob of that many bytes be on its way, until land is called. It fails with ErrBusy.
func (g *Gate) launch(size int) (land func(), err error) {
	release, err := g.Reserve(flightCost * int64(size))
	if err != nil {
		return nil, err
	}
	select {
	case g.puts <- struct{}{}:
		return func() { <-g.puts; release() }, nil
	default:
		release()
		return nil, fmt.Errorf("%w: %d blobs are on their way", ErrBusy, cap(g.puts))
	}
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
