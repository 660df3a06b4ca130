// Package opaltda speaks the OP Stack's alt-DA protocol: what op-batcher and op-node take at --altda.da-server.
//
// POST or PUT /put answers a generic commitment, raw: 0x01, Layer, the height in 8 bytes big-endian, the blob id.
// POST or PUT /put/0x00… takes the keccak256 of the body as the commitment. GET /get/0x… answers the bytes that
// either commits to, verified.
//
// A derivation takes 404 for "there is no such input" and anything else for "ask again", so 404 is answered
// only where the blob is proven not to exist, or is out of retention. What is no commitment of Ashlar's is
// 400, an oversized body 413, and 503 what may succeed later: for a put no sooner than a second after it came, as
// op-batcher tries again without a pause.
package opaltda

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

const (
	// scope is what a token must open for puts.
	scope = "/put"
	// maxHex bounds the hex of a commitment.
	maxHex = 2 * GenericSize
	// retryAfter is what a 503 asks to wait, in seconds.
	retryAfter = "1"
	// refusal is how long a put takes at least that is to be tried again: op-batcher does so at once, whatever a 503 asks.
	refusal = time.Second
	// maxRefusals is how many puts wait for that to pass; others are answered at once.
	maxRefusals = 128
	octets      = "application/octet-stream"
)

// handler answers requests.
type handler struct {
	core     *gateway.Core
	gate     *gateway.Gate
	refusal  time.Duration
	refusals chan struct{} // one element for each put that waits to be refused
}

// New returns the protocol's handler.
func New(core *gateway.Core, gate *gateway.Gate) http.Handler { return newHandler(core, gate, refusal) }

func newHandler(core *gateway.Core, gate *gateway.Gate, refusal time.Duration) http.Handler {
	h := &handler{core, gate, refusal, make(chan struct{}, maxRefusals)}
	put, putKeccak := h.slowly(h.put), h.slowly(h.putKeccak)
	mux := http.NewServeMux()
	for pattern, serve := range map[string]serves{
		"POST /put": put, "PUT /put": put, "POST /put/{$}": put, "PUT /put/{$}": put,
		"POST /put/{commitment}": putKeccak, "PUT /put/{commitment}": putKeccak,
		"GET /get/{commitment}": h.get, "GET /health": h.health,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := serve(w, r); err != nil {
				fail(w, err)
			}
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, fmt.Errorf("%w: there is no %s %s: an alt-DA server has POST /put, POST /put/0x…, GET /get/0x… and GET /health", gateway.ErrBadRequest, r.Method, r.URL.Path))
	})
	return mux
}

// serves answers a request, or fails before it has.
type serves func(http.ResponseWriter, *http.Request) error

// slowly has a put take its time that is to be tried again. Its body is not held meanwhile.
func (h *handler) slowly(put serves) serves {
	return func(w http.ResponseWriter, r *http.Request) error {
		began := time.Now()
		err := put(w, r)
		if gateway.Status(err) == http.StatusServiceUnavailable {
			h.pause(r.Context(), time.Until(began.Add(h.refusal)))
		}
		return err
	}
}

// pause waits, unless as many wait as may, or until who asked is gone.
func (h *handler) pause(ctx context.Context, d time.Duration) {
	select {
	case h.refusals <- struct{}{}:
	default:
		return
	}
	defer func() { <-h.refusals }()
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// fail answers an error. Paths that are not the protocol's are 400, not 404, which is for what is proven.
func fail(w http.ResponseWriter, err error) {
	status := gateway.Status(err)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	http.Error(w, err.Error(), status)
}

func (h *handler) put(w http.ResponseWriter, r *http.Request) error {
	body, release, err := h.body(w, r)
	if err != nil {
		return err
	}
	defer release()
	ref, err := h.core.Put(r.Context(), h.gate, body)
	if err != nil {
		return err
	}
	return send(w, encodeGeneric(ref))
}

func (h *handler) putKeccak(w http.ResponseWriter, r *http.Request) error {
	named, err := parse(r.PathValue("commitment"))
	if err != nil {
		return err
	}
	if named.generic {
		return fmt.Errorf("%w: a generic commitment is not known before the put: post to /put", gateway.ErrBadRequest)
	}
	body, release, err := h.body(w, r)
	if err != nil {
		return err
	}
	defer release()
	if da.Keccak256(body) != named.keccak {
		return fmt.Errorf("%w: the body's keccak256 is not %x", gateway.ErrBadRequest, named.keccak)
	}
	_, err = h.core.Put(r.Context(), h.gate, body)
	return err
}

// body reads what whoever may put has posted.
func (h *handler) body(w http.ResponseWriter, r *http.Request) ([]byte, func(), error) {
	if err := h.gate.Authorize(r, scope); err != nil {
		return nil, nil, err
	}
	return h.gate.Body(w, r, gateway.MaxSize)
}

func (h *handler) get(w http.ResponseWriter, r *http.Request) error {
	named, err := parse(r.PathValue("commitment"))
	if err != nil {
		return err
	}
	release, err := h.gate.Await(r.Context(), gateway.MaxSize)
	if err != nil {
		return err
	}
	defer release()
	ref := named.ref
	if !named.generic {
		if ref, err = h.core.FindKeccak(r.Context(), named.keccak); err != nil {
			return err
		}
	}
	blob, err := h.core.Get(r.Context(), ref)
	if err != nil {
		return err
	}
	return send(w, blob.Data)
}

func (h *handler) health(_ http.ResponseWriter, _ *http.Request) error { return h.core.Health() }

// parse reads a commitment's hex; the prefix 0x may be missing.
func parse(text string) (commitment, error) {
	text = strings.TrimPrefix(text, "0x")
	if len(text) > maxHex {
		return commitment{}, fmt.Errorf("%w: a commitment has at most %d hex digits", gateway.ErrBadRequest, maxHex)
	}
	encoded, err := hex.DecodeString(text)
	if err != nil {
		return commitment{}, fmt.Errorf("%w: commitment: %w", gateway.ErrBadRequest, err)
	}
	return decodeCommitment(encoded)
}

// send answers raw bytes.
func send(w http.ResponseWriter, body []byte) error {
	w.Header().Set("Content-Type", octets)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // who asked may be gone
	return nil
}
