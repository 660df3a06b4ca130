package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

// hangs passes requests on to the node. Those whose body has a word have arrived, and hang until release is closed.
func hangs(t *testing.T, word string, arrived, release chan struct{}) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte(word)) {
			arrived <- struct{}{}
			<-release
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		request := must(http.NewRequestWithContext(r.Context(), r.Method, startNode().URL()+r.URL.RequestURI(), bytes.NewReader(body)))
		request.Header = r.Header
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = response.Body.Close() }()
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// gathered is the value of a counter.
func gathered(t *testing.T, from prometheus.Gatherer, name string) float64 {
	t.Helper()
	for _, family := range must(from.Gather()) {
		if family.GetName() == name {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("there is no %s", name)
	return 0
}

// serve has a handler served at an address until the test ends.
func serve(t *testing.T, h http.Handler, guard *gateway.Guard) string {
	t.Helper()
	server, err := gateway.NewServer(t.Context(), gateway.ServerConfig{Protocol: "test", Address: "127.0.0.1:0", Handler: h, Guard: guard, Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return server.Addr().String()
}

// announce opens a connection and announces a body of that many bytes, of which none comes.
func announce(t *testing.T, address, path string, size int) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: gateway\r\nContent-Length: %d\r\n\r\n", path, size); err != nil {
		t.Fatal(err)
	}
	return conn
}

// waitUntil looks now and then until something is so.
func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// TestSilentConnections has a hundred connections announce the largest body of each protocol and send nothing: who comes after
// them is served, from a memory that would not hold three of these bodies.
func TestSilentConnections(t *testing.T) {
	core, _ := gatewaytest.Alone(t)
	for _, w := range writing() {
		size := map[string]int{"OP": gateway.MaxSize, "Nitro": 5 << 20, "CDK": 33 << 20}[w.name]
		if size == 0 {
			size = 8 << 20
		}
		gate := must(gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(int64(2*size+2<<20), 1)}))
		arrived := make(chan struct{}, 100)
		h := w.make(core, gate)
		address := serve(t, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			arrived <- struct{}{}
			h.ServeHTTP(out, r)
		}), nil)
		for range 100 {
			announce(t, address, w.path, size)
			<-arrived
		}
		answer := ask(t, h, "POST", w.path, []byte(w.body))
		if strings.Contains(answer.Body.String(), gateway.ErrBusy.Error()) {
			t.Errorf("%s is busy with silence: %d %s", w.name, answer.Code, answer.Body)
		}
	}
}

// TestTheTokenComesFirst has who has no token announce the largest body: that is refused although none of it comes.
func TestTheTokenComesFirst(t *testing.T) {
	core, _ := gatewaytest.Alone(t)
	file := filepath.Join(t.TempDir(), "tokens")
	content := fmt.Appendf(nil, `[{"name":"all","sha256":"%x","scopes":["*"]}]`, sha256.Sum256([]byte("secret")))
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, w := range writing() {
		address := serve(t, w.make(core, must(gateway.NewGate(gateway.GateConfig{Tokens: file}))), nil)
		conn := announce(t, address, w.path, gateway.MaxSize)
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", w.name, err)
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %s", w.name, response.Status)
		}
	}
}

// pace notes until when a body may be read.
type pace struct {
	*httptest.ResponseRecorder
	until []time.Time
}

func (p *pace) SetReadDeadline(until time.Time) error {
	p.until = append(p.until, until)
	return nil
}

// drip is a body of which a byte comes every second.
type drip struct{ p *pace }

func (d drip) Read(into []byte) (int, error) {
	time.Sleep(time.Second)
	if time.Now().After(d.p.until[len(d.p.until)-1]) {
		return 0, os.ErrDeadlineExceeded
	}
	into[0] = ' '
	return 1, nil
}

// TestSlowBodies has bodies come slower than they may: each is given up within seconds, however large it was said to be.
func TestSlowBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := everybody()
		p := &pace{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", io.NopCloser(drip{p}))
		r.ContentLength = 33 << 20
		began := time.Now()
		if _, _, err := gate.Body(p, r, 33<<20); !errors.Is(err, gateway.ErrBadRequest) {
			t.Error(err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("waited for %s", took)
		}
		if release, err := gate.Reserve(gateway.DefaultMemory); err != nil {
			t.Error("what was given up is held")
		} else {
			release()
		}
	})
}

// TestMemoryIsShared takes of one gate all it can get: it is more than its part, and not the other's.
func TestMemoryIsShared(t *testing.T) {
	memory := gateway.NewMemory(1000, 2)
	greedy := must(gateway.NewGate(gateway.GateConfig{Memory: memory}))
	modest := must(gateway.NewGate(gateway.GateConfig{Memory: memory}))
	take := func(gate *gateway.Gate, step int64) (taken int64, release func()) {
		var releases []func()
		for {
			free, err := gate.Reserve(step)
			if err != nil {
				return taken, func() {
					for _, free := range releases {
						free()
						free() // once more is nothing
					}
				}
			}
			taken, releases = taken+step, append(releases, free)
		}
	}
	for range 2 {
		all, free := take(greedy, 7)
		if all < 740 || all > 750 {
			t.Errorf("one gate alone got %d", all)
		}
		rest, freeRest := take(modest, 5)
		if rest < 250 || all+rest > 1000 {
			t.Errorf("the other got %d", rest)
		}
		free()
		freeRest()
	}
}

// TestPanicsEndWhatTheyAreIn has methods and streams panic, by POST and over WebSocket: the process lives, and others are answered.
func TestPanicsEndWhatTheyAreIn(t *testing.T) {
	panics, registry := prometheus.NewCounter(prometheus.CounterOpts{Name: "panics"}), prometheus.NewRegistry()
	registry.MustRegister(panics)
	guard := &gateway.Guard{Log: discard(), Panics: panics}
	fail := func() { panic("a mistake") }
	stream := func(open, next func()) jsonrpc.Stream {
		return func(context.Context, []json.RawMessage) (func(context.Context) (any, error), error) {
			open()
			return func(context.Context) (any, error) { next(); return nil, io.EOF }, nil
		}
	}
	h := jsonrpc.New(jsonrpc.Config{
		Methods: map[string]jsonrpc.Method{
			"fail": {Call: func(context.Context, []json.RawMessage) (any, error) { fail(); return nil, nil }},
			"fine": {Call: func(context.Context, []json.RawMessage) (any, error) { return "fine", nil }},
			"show": {Call: func(context.Context, []json.RawMessage) (any, error) { return showPanics{}, nil }},
		},
		Streams: map[string]jsonrpc.Stream{"open": stream(fail, func() {}), "next": stream(func() {}, fail)},
		Gate:    everybody(), Guard: guard, Health: func() error { fail(); return nil }, MaxBody: 1 << 10,
	})
	url := "http://" + serve(t, h, guard)
	if problem := rpc(t, h, "fail", "[]", nil); !strings.Contains(problem, gateway.ErrInternal.Error()) {
		t.Errorf("by POST: %s", problem)
	}
	for _, method := range []string{"fail", "open", "next", "show"} {
		s := dialSocketAt(t, url, nil)
		s.send(`{"jsonrpc":"2.0","id":1,"method":%q,"params":[]}`, method)
		_ = s.conn.SetReadDeadline(time.Now().Add(time.Minute))
		for { // whatever comes, until the answer says so, or the connection ends
			_, message, err := s.conn.ReadMessage()
			if err != nil || strings.Contains(string(message), gateway.ErrInternal.Error()) {
				break
			}
		}
	}
	response, err := http.Get(url + "/health")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusInternalServerError {
		t.Errorf("a handler's panic: %s", response.Status)
	}
	if n := gathered(t, registry, "panics"); n != 6 {
		t.Errorf("%v panics counted", n)
	}
	if problem := rpc(t, h, "fine", "[]", nil); problem != "" {
		t.Error(problem)
	}
}

// showPanics panics as it is shown as JSON.
type showPanics struct{}

func (showPanics) MarshalJSON() ([]byte, error) { panic("a mistake") }

// TestFollowingPanics runs a Core whose client is none: its looks at the chain panic, and it goes on until it is ended.
func TestFollowingPanics(t *testing.T) {
	registry := prometheus.NewRegistry()
	core, err := gateway.New(gateway.Config{
		Client: new(client.Client), Namespace: namespace(t), Index: filepath.Join(t.TempDir(), "index"), Log: discard(), Poll: time.Millisecond, Metrics: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- core.Run(ctx) }()
	waitUntil(t, "no panic is counted", func() bool { return gathered(t, registry, "ashlar_gateway_panics_total") > 1 })
	if core.Health() == nil {
		t.Error("healthy")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := core.Close(); err != nil {
		t.Error(err)
	}
}

// TestIndexThatCannotBeWritten takes the index's file from a gateway that runs: it says that it is not well, reads go on, and so does
// who runs it; and it is well again once the file is.
func TestIndexThatCannotBeWritten(t *testing.T) {
	core := live(t)
	mend := core.BreakIndex()
	data := []byte("what the index is to be written of")
	ref := put(t, core, data)
	waitUntil(t, "the gateway is well with an index that it cannot write", func() bool { return core.Health() != nil })
	if _, err := core.Put(t.Context(), everybody(), []byte("meanwhile")); !errors.Is(err, gateway.ErrBehind) {
		t.Errorf("put: %v", err)
	}
	if _, err := core.Get(t.Context(), ref); err != nil {
		t.Errorf("get: %v", err)
	}
	mend()
	waitUntil(t, "the gateway does not recover", func() bool { return core.Health() == nil })
	if found, err := core.FindKeccak(t.Context(), da.Keccak256(data)); err != nil || found != ref {
		t.Errorf("%v, %v", found, err)
	}
}

// TestNoProtocolOccupiesAnother has one protocol's puts meet a node that does not answer, until it takes no more: each other one's
// puts become final meanwhile.
func TestNoProtocolOccupiesAnother(t *testing.T) {
	const slow, most = "occupied by a node that does not answer", 2
	release, arrived := make(chan struct{}), make(chan struct{}, len(writing())*most)
	var hanging sync.WaitGroup
	defer hanging.Wait()
	defer close(release)
	core, _ := open(t, hangs(t, slow, arrived, release), t.TempDir(), func(c *client.Config, _ *gateway.Config) { c.Signer, c.Journal = nil, "" })
	ready(t, core)
	memory := gateway.NewMemory(256<<20, len(writing()))
	handlers := map[string]http.Handler{}
	for _, w := range writing() {
		handlers[w.name] = w.make(core, must(gateway.NewGate(gateway.GateConfig{Memory: memory, MaxPuts: most})))
	}
	free := writing()
	for len(free) > 1 {
		w := free[0]
		free = free[1:]
		for i := range most {
			hanging.Go(func() { w.put(t, handlers[w.name], fmt.Sprintf("%s %s %d", w.name, slow, i)) })
			<-arrived
		}
		if answer := w.put(t, handlers[w.name], w.name+" has room"); !strings.Contains(answer, gateway.ErrBusy.Error()) {
			t.Errorf("%s takes more than it may: %s", w.name, answer)
		}
		for _, other := range free {
			if answer := other.put(t, handlers[other.name], "of "+other.name+" while "+w.name+" hangs"); answer != "" {
				t.Errorf("%s while %s hangs: %s", other.name, w.name, answer)
			}
		}
	}
}

// TestPosters has a stranger's blobs in the namespace.
func TestPosters(t *testing.T) {
	poster := must(da.ParseAddress(startNode().Signer.Address()))
	everyone := live(t)
	data := []byte("by a stranger, as far as some are concerned")
	ref := put(t, everyone, data)
	dir := t.TempDir()
	only := func(posters ...gateway.Poster) (*gateway.Core, func()) {
		core, stop := open(t, startNode().URL(), dir, func(c *client.Config, g *gateway.Config) {
			g.Posters, g.Payers = posters, []gateway.Poster{poster}
		})
		waitUntil(t, "the namespace is not read", func() bool { return core.Health() == nil })
		return core, stop
	}
	strict, stop := only(gateway.Poster{1}, gateway.Poster{2})
	if _, err := strict.FindKeccak(t.Context(), da.Keccak256(data)); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("a stranger's, searched for: %v", err)
	}
	if block, err := strict.Block(t.Context(), ref.Height); err != nil || len(block.Blobs) > 0 {
		t.Errorf("a stranger's, listed: %v, %v", block, err)
	}
	if entries, err := strict.Entries(t.Context(), ref.Height); err != nil || len(entries) > 0 {
		t.Errorf("a stranger's, as entries: %d, %v", len(entries), err)
	}
	if blob, err := strict.Get(t.Context(), ref); err != nil || string(blob.Data) != string(data) {
		t.Errorf("what is named by height and id: %v", err)
	}
	if _, err := strict.Get(t.Context(), gateway.Ref{Height: ref.Height, ID: da.BlobID{1}}); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("what does not exist: %v", err)
	}
	if _, err := strict.Put(t.Context(), everybody(), []byte("would not count")); !errors.Is(err, gateway.ErrUnavailable) {
		t.Errorf("put by who is no poster: %v", err)
	}
	stop()
	theirs, stop := only(gateway.Poster{1}, poster) // with the index of the others
	if found, err := theirs.FindKeccak(t.Context(), da.Keccak256(data)); err != nil || found != ref {
		t.Errorf("a poster's: %v, %v", found, err)
	}
	if again := put(t, theirs, data); again != ref {
		t.Errorf("put again: %v", again)
	}
	put(t, theirs, []byte("counts"))
	stop()
	again, _ := only(poster, gateway.Poster{1})
	if found, err := again.FindKeccak(t.Context(), da.Keccak256(data)); err != nil || found != ref {
		t.Errorf("after a restart: %v, %v", found, err)
	}
}
