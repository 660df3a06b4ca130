package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/ashlar-da/ashlar/api/token"
	"github.com/ashlar-da/ashlar/da"
)

const (
	// maxUploads bounds the POSTs that hold what was posted in memory: those that are being
	// received, proven and checked.
	maxUploads = 16
	// maxPosts bounds all POSTs in flight, most of which wait for their block.
	maxPosts = 256
	// maxAsides bounds the requests in flight for metrics and for the API's description.
	maxAsides = 8
	// waitingShare is the part of the reads in flight that may wait for a certificate.
	waitingShare = 4
	// writeGrace is how long an answer may take to be sent once the deadline for making it has passed.
	writeGrace = 30 * time.Second
	// retryAfter is what a rate_limited or account_limit answer asks to wait.
	retryAfter = "1"
)

// handler answers requests.
type handler struct {
	config Config
	tokens *token.File
	spec   []byte
	// requests, posts, uploads, streams and asides hold one element for each in flight; a post
	// holds one of uploads too until the mempool has given its verdict, and a read that waits for a
	// certificate one of waits.
	requests, posts, uploads, streams, asides, waits chan struct{}
}

// NewHandler returns what a Server serves, for those who bring their own.
func NewHandler(config Config) (http.Handler, error) {
	config, err := config.resolve()
	if err != nil {
		return nil, err
	}
	h := &handler{
		config: config, requests: make(chan struct{}, config.MaxRequests),
		posts: make(chan struct{}, maxPosts), uploads: make(chan struct{}, maxUploads), streams: make(chan struct{}, config.MaxStreams),
		asides: make(chan struct{}, maxAsides), waits: make(chan struct{}, max(config.MaxRequests/waitingShare, 1)),
	}
	if config.Tokens != "" {
		if h.tokens, err = token.Open(config.Tokens, config.Now); err != nil {
			return nil, err
		}
	}
	routes := h.routes()
	if h.spec, err = describe(routes); err != nil {
		return nil, err
	}
	return h.mount(routes), nil
}

func (h *handler) mount(routes []route) http.Handler {
	mux := http.NewServeMux()
	for i := range routes {
		mux.HandleFunc(routes[i].pattern(), func(w http.ResponseWriter, r *http.Request) { h.answer(w, r, &routes[i]) })
	}
	unknown := route{access: anywhere, serve: func(_ http.ResponseWriter, r *http.Request) error {
		return Advise(fmt.Errorf("%w: there is no endpoint %s %s", da.ErrNotFound, r.Method, r.URL.Path), "GET /openapi.json lists the endpoints")
	}}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { h.answer(w, r, &unknown) })
	return h.withOrigin(withRequestID(mux))
}

type requestIDKey struct{}

// withRequestID gives each request an id and the headers that every answer has.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var raw [8]byte
		_, _ = rand.Read(raw[:]) // never fails
		id := hex.EncodeToString(raw[:])
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// withOrigin implements CORS: browsers may show answers to the origins allowed, and no
// other's scripts may write.
func (h *handler) withOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Origin")
		if h.allows(origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After")
		}
		if r.Method == http.MethodOptions {
			w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *handler) allows(origin string) bool {
	return slices.Contains(h.config.Origins, origin) || slices.Contains(h.config.Origins, "*")
}

// answer serves a route within its bounds, and turns errors and panics into answers.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, route *route) {
	defer func() {
		if cause := recover(); cause != nil {
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause)
			}
			h.config.Log.Error("panic in a request", "request_id", requestID(r), "cause", cause, "stack", string(debug.Stack()))
			h.fail(w, r, errors.New("panic"))
		}
	}()
	if err := h.serve(w, r, route); err != nil {
		h.fail(w, r, err)
	}
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request, route *route) error {
	h.deadline(w, h.config.ReadTimeout) // a refused request's body must end, too
	if route.access != aside && route.access != anywhere {
		if err := route.checkQuery(r); err != nil {
			return err
		}
	}
	if route.access == writes {
		if err := h.mayWrite(r); err != nil {
			return err
		}
	}
	slots, what, timeout := h.bounds(r, route)
	if slots != nil {
		release, err := take(slots, what)
		if err != nil {
			return err
		}
		defer release()
	}
	h.deadline(w, timeout)
	if timeout > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		r = r.WithContext(ctx)
	}
	return route.serve(w, r)
}

// bounds returns the slots that a request takes one of, nil if none, what those are for, and
// how long the answer may take, 0 if that is unbounded.
func (h *handler) bounds(r *http.Request, route *route) (slots chan struct{}, what string, timeout time.Duration) {
	switch {
	case route.access == always || route.access == anywhere:
		return nil, "", h.config.ReadTimeout
	case route.access == aside:
		return h.asides, "requests of this kind", h.config.ReadTimeout
	case route.access == writes:
		return h.posts, "posts", h.config.WriteTimeout
	case route.access == streams && isStream(r, route):
		return h.streams, "streams", 0
	}
	return h.requests, "requests", h.config.ReadTimeout
}

// deadline bounds how long a peer may take to send its request and take its answer; 0
// leaves both open for a stream. Test recorders do not know deadlines.
func (h *handler) deadline(w http.ResponseWriter, timeout time.Duration) {
	control := http.NewResponseController(w)
	var read, write time.Time
	if timeout > 0 {
		read, write = time.Now().Add(timeout), time.Now().Add(timeout+writeGrace)
	}
	_ = control.SetReadDeadline(read)
	_ = control.SetWriteDeadline(write)
}

// mayWrite checks the token, where there are any, and that no foreign web page asks.
func (h *handler) mayWrite(r *http.Request) error {
	if origin := r.Header.Get("Origin"); origin != "" && !h.allows(origin) {
		return Advise(fmt.Errorf("%w: pages of %s may not write here", ErrUnauthorized, origin), "the node's operator allows a web origin with --api.origins")
	}
	if h.tokens == nil {
		return nil
	}
	return h.tokens.Check(r.Header.Get("Authorization"), r.URL.Path)
}

// fail answers with an error, unless an answer has begun.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	problem, status := problemOf(err, requestID(r))
	if problem.Code == CodeInternal {
		h.config.Log.Error("request failed", "request_id", problem.RequestID, "path", r.URL.Path, "error", err)
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", retryAfter)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	body, err := json.Marshal(ErrorBody{problem})
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	send(w, status, "application/json", body)
}

// sendJSON answers with a value.
func sendJSON(w http.ResponseWriter, value any) error {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(value); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	send(w, http.StatusOK, "application/json", body.Bytes())
	return nil
}

// send writes an answer. That the peer has gone is not this side's problem.
func send(w http.ResponseWriter, status int, mediaType string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// health answers 200 with a full disk too: the node serves, and a restart frees nothing.
func (h *handler) health(w http.ResponseWriter, _ *http.Request) error {
	if h.config.Full != nil && h.config.Full.Squares.DiskFull() {
		return sendJSON(w, health{string(CodeDiskFull)})
	}
	return sendJSON(w, health{"ok"})
}

func (h *handler) metrics(w http.ResponseWriter, r *http.Request) error {
	if h.config.Metrics == nil {
		return fmt.Errorf("%w: this node keeps no metrics", da.ErrNotFound)
	}
	h.config.Metrics.ServeHTTP(w, r)
	return nil
}

func (h *handler) openAPI(w http.ResponseWriter, _ *http.Request) error {
	send(w, http.StatusOK, "application/json", h.spec)
	return nil
}
