package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// controls lets tests do to the network what a rollup's client cannot:
//
//	POST /restart-node      kills the validator that the gateway "first" asks, and starts it again
//	POST /restart-gateway   kills the gateway "first", and starts it again
//	POST /stop-gateway      kills the gateway "first"
//	POST /start-gateway     starts it again
//	POST /halt, /resume     kills the other validator, without which there are no blocks, and starts it again
//	POST /lie?about=…       has the proxy that "lied-to" asks lie: see lies
//
// Each answers once it is done, and with the reason where it is not.
func (d *devnet) controls() http.Handler {
	mux := http.NewServeMux()
	nodes := d.chain.FullNodes
	for path, do := range map[string]func(r *http.Request) error{
		"/restart-node": func(r *http.Request) error {
			nodes[0].Kill()
			if err := nodes[0].Start(); err != nil {
				return err
			}
			return d.gateways[0].wait(r.Context())
		},
		"/restart-gateway": func(r *http.Request) error {
			d.gateways[0].Kill()
			return d.gateways[0].start(r.Context())
		},
		"/stop-gateway":  func(*http.Request) error { d.gateways[0].Kill(); return nil },
		"/start-gateway": func(r *http.Request) error { return d.gateways[0].start(r.Context()) },
		"/halt":          func(*http.Request) error { nodes[1].Kill(); return nil },
		"/resume": func(r *http.Request) error {
			if err := nodes[1].Start(); err != nil {
				return err
			}
			return d.gateways[0].wait(r.Context())
		},
		"/lie": func(r *http.Request) error { return d.lies.tell(r.URL.Query().Get("about")) },
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			if err := do(r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	return mux
}

// lies passes requests on to a node and changes the answers.
type lies struct {
	to string

	mu    sync.Mutex
	about string // guarded by mu
}

// lie is what a node could say that is not so: it changes answers to paths that contain part.
type lie struct {
	part   string
	answer func(status int, body []byte) (int, []byte)
}

func says(status int, code string) func(int, []byte) (int, []byte) {
	return func(int, []byte) (int, []byte) {
		return status, fmt.Appendf(nil, `{"error":{"code":%q,"message":"a lie"}}`, code)
	}
}

// known are the lies; "" is the truth.
func known() map[string]lie {
	return map[string]lie{
		"":        {"/", func(status int, body []byte) (int, []byte) { return status, body }},
		"bytes":   {"/data", func(status int, body []byte) (int, []byte) { return status, bytes.Repeat([]byte{'x'}, len(body)) }},
		"short":   {"/data", func(status int, body []byte) (int, []byte) { return status, body[:len(body)/2] }},
		"missing": {"/v1/blobs/", says(http.StatusNotFound, "not_found")},
		"pruned":  {"/v1/blobs/", says(http.StatusGone, "pruned")},
		"entries": {"/v1/namespaces/", says(http.StatusNotFound, "not_found")},
		"headers": {"/v1/headers/", says(http.StatusNotFound, "not_found")},
		"proofs": {"/v1/blobs/", func(status int, body []byte) (int, []byte) {
			return status, bytes.ReplaceAll(body, []byte("0"), []byte("1"))
		}},
		"silence":  {"/", func(int, []byte) (int, []byte) { return http.StatusBadGateway, nil }},
		"nonsense": {"/", func(int, []byte) (int, []byte) { return http.StatusOK, []byte("{}") }},
	}
}

func (l *lies) tell(about string) error {
	if _, ok := known()[about]; !ok {
		return fmt.Errorf("there is no lie about %q", about)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.about = about
	return nil
}

// ServeHTTP implements http.Handler.
func (l *lies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := http.NewRequestWithContext(r.Context(), r.Method, l.to+r.URL.RequestURI(), r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	l.mu.Lock()
	told := known()[l.about]
	l.mu.Unlock()
	status := response.StatusCode
	if strings.Contains(r.URL.Path, told.part) {
		status, body = told.answer(status, body)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
