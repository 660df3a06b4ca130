package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/ashlar-da/ashlar/api/httpserver"
	"github.com/ashlar-da/ashlar/api/token"
	"github.com/ashlar-da/ashlar/gateway"
)

// What one connection may have open, and how long its peer may be silent.
const (
	maxCalls   = 128
	maxSockets = 256 // of a handler
	maxStreams = 16
	pingEvery  = 30 * time.Second
	idleLimit  = 2 * time.Minute
	// messageGrace is the time that a message has, either way, besides what messageRate, in bytes per second, gives it.
	messageGrace = 5 * time.Second
	messageRate  = 64 << 10
	// againAfter is the time between two attempts of a stream.
	againAfter = 500 * time.Millisecond
)

// The methods by which [go-jsonrpc] cancels calls and carries channels.
//
// [go-jsonrpc]: https://github.com/filecoin-project/go-jsonrpc/blob/v0.10.2/websocket.go
const (
	methodCancel = "xrpc.cancel"
	methodValue  = "xrpc.ch.val"
	methodClose  = "xrpc.ch.close"
)

// socket is a connection whose calls run at once.
type socket struct {
	config  *Config
	request *http.Request // the one that was upgraded, which has the token
	conn    *websocket.Conn
	limit   int64 // of a message's bytes
	ctx     context.Context
	end     context.CancelFunc // of ctx
	tasks   sync.WaitGroup

	writing sync.Mutex // of messages to conn

	mu       sync.Mutex
	open     map[string]*opened // calls and streams by id; guarded by mu
	calls    int                // guarded by mu
	streams  int                // guarded by mu
	channels int                // the last number given to one; guarded by mu
}

// opened is a call or stream that can be cancelled.
type opened struct{ cancel context.CancelFunc }

// notification is a call that we make.
type notification struct {
	Version string `json:"jsonrpc"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

func serveSocket(w http.ResponseWriter, r *http.Request, config *Config, sockets chan struct{}) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "JSON-RPC comes by POST or WebSocket", http.StatusMethodNotAllowed)
		return
	}
	select {
	case sockets <- struct{}{}:
		defer func() { <-sockets }()
	default:
		config.refuse(w, fmt.Errorf("%w: %d WebSockets are open", gateway.ErrBusy, maxSockets))
		return
	}
	upgrader := websocket.Upgrader{HandshakeTimeout: messageGrace}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the peer was told
	}
	ctx, cancel := context.WithCancel(r.Context())
	s := &socket{config: config, request: r, conn: conn, limit: config.MaxBody, ctx: ctx, end: cancel, open: make(map[string]*opened)}
	if config.authorize(r) != nil {
		s.limit = min(s.limit, maxRead)
	}
	closed := context.AfterFunc(ctx, func() { _ = conn.Close() })
	stop := make(chan struct{})
	s.do(func() { s.ping(httpserver.Stopping(r.Context()), stop, cancel) })
	_ = config.Guard.Call(func() error { s.read(); return nil })
	cancel()
	close(stop)
	s.tasks.Wait()
	if closed() {
		_ = conn.Close()
	}
}

// do runs a task of the connection, which ends if the task panics.
func (s *socket) do(task func()) {
	s.tasks.Go(func() {
		if err := s.config.Guard.Call(func() error { task(); return nil }); err != nil {
			s.end()
		}
	})
}

// ping asks the peer now and then whether it is there, until stop is closed; where the server stops, it ends everything.
func (s *socket) ping(stopping <-chan struct{}, stop chan struct{}, cancel func()) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(messageGrace)); err != nil {
				cancel()
				return
			}
		case <-stopping:
			cancel()
			return
		case <-stop:
			return
		}
	}
}

// read takes messages until the connection or its peer ends.
func (s *socket) read() {
	s.conn.SetReadLimit(s.limit)
	within := false // a message, whose deadline pings do not move
	alive := func() {
		if !within {
			_ = s.conn.SetReadDeadline(time.Now().Add(idleLimit))
		}
	}
	pong := s.conn.PingHandler()
	s.conn.SetPingHandler(func(data string) error { alive(); return pong(data) })
	s.conn.SetPongHandler(func(string) error { alive(); return nil })
	for {
		alive()
		_, message, err := s.conn.NextReader()
		if err != nil {
			return
		}
		within = true
		_ = s.conn.SetReadDeadline(time.Now().Add(messageGrace + time.Duration(s.limit)*time.Second/messageRate))
		body, release, err := s.config.Gate.Read(message, s.limit)
		if err != nil {
			return
		}
		within = false
		s.take(body, release)
	}
}

// take starts what a message asks for.
func (s *socket) take(body []byte, release func()) {
	calls, isBatch, problem := parse(body)
	if problem == nil && isBatch {
		problem = &Problem{CodeInvalidRequest, "batches come by POST"}
	}
	if problem != nil {
		release()
		_ = s.write(&response{Version: "2.0", ID: null(), Error: problem})
		return
	}
	c := &calls[0]
	if c.Method == methodCancel {
		s.cancel(c.Params)
		release()
		return
	}
	ctx, done, problem := s.begin(c)
	if problem != nil {
		release()
		s.refuse(c, problem)
		return
	}
	s.do(func() {
		defer done()
		defer release() // a stream keeps its id, which may be as long as a message
		if stream, ok := s.config.Streams[c.Method]; ok {
			s.stream(ctx, c, stream)
			return
		}
		s.answer(ctx, c, int64(len(body)))
	})
}

// begin notes a call, for peers to cancel it by its id.
func (s *socket) begin(c *request) (context.Context, func(), *Problem) {
	_, isStream := s.config.Streams[c.Method]
	s.mu.Lock()
	defer s.mu.Unlock()
	count, most := &s.calls, maxCalls
	if isStream {
		count, most = &s.streams, maxStreams
	}
	if *count == most {
		return nil, nil, &Problem{s.config.code(gateway.ErrBusy), fmt.Sprintf("%v: %d on this connection", gateway.ErrBusy, most)}
	}
	*count++
	ctx, cancel := context.WithCancel(s.ctx)
	id, this := string(c.ID), &opened{cancel}
	s.open[id] = this // an id that is used twice cancels the later call
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		*count--
		if s.open[id] == this {
			delete(s.open, id)
		}
	}, nil
}

// cancel ends the call whose id is the first parameter.
func (s *socket) cancel(encoded json.RawMessage) {
	params, err := positional(encoded)
	if err != nil || len(params) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.open[string(params[0])]; found != nil {
		found.cancel()
	}
}

// answer calls a method.
func (s *socket) answer(ctx context.Context, c *request, size int64) {
	free, err := s.config.Gate.Reserve(size + s.config.Methods[c.Method].Answer)
	if err != nil {
		s.refuse(c, &Problem{s.config.code(err), err.Error()})
		return
	}
	defer free()
	ctx, letGo := holding(ctx, s.config.Gate)
	defer letGo()
	answer, err := call(ctx, s.request, s.config, c, time.Now().Add(readLimit))
	if errors.Is(err, token.ErrUnauthorized) {
		s.refuse(c, &Problem{s.config.code(err), fmt.Sprintf("%v: missing permission to invoke '%s'", err, c.Method)})
		return
	}
	if answer != nil {
		_ = s.write(answer)
	}
}

// stream answers with the number of a channel and sends its values.
func (s *socket) stream(ctx context.Context, c *request, open Stream) {
	answer := c.answer()
	if !c.valid() || len(c.ID) == 0 {
		s.refuse(c, &Problem{CodeInvalidRequest, "invalid request"})
		return
	}
	params, err := positional(c.Params)
	var next func(context.Context) (any, error)
	if err == nil {
		err = s.config.Guard.Call(func() (err error) {
			next, err = open(ctx, params)
			return err
		})
	}
	if err != nil {
		s.refuse(c, &Problem{codeOf(s.config, err), err.Error()})
		return
	}
	s.mu.Lock()
	s.channels++
	channel := s.channels
	s.mu.Unlock()
	answer.Result, _ = json.Marshal(channel) // a number never fails
	_ = s.write(answer)
	for err == nil { // why it ends is not told: the protocol has no words for it
		if err = s.forward(ctx, channel, next); errors.Is(err, ErrAgain) {
			err = pause(ctx)
		}
	}
	_ = s.write(&notification{"2.0", methodClose, []any{channel}})
}

// pause waits before a stream is asked again.
func pause(ctx context.Context) error {
	select {
	case <-time.After(againAfter):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// forward sends a channel's next value.
func (s *socket) forward(ctx context.Context, channel int, next func(context.Context) (any, error)) error {
	ctx, letGo := holding(ctx, s.config.Gate)
	defer letGo()
	value, err := next(ctx)
	if err != nil {
		return err
	}
	return s.write(&notification{"2.0", methodValue, []any{channel, value}})
}

// refuse answers with a problem, where an answer is wanted.
func (s *socket) refuse(c *request, problem *Problem) {
	answer := c.answer()
	answer.Error = problem
	if len(c.ID) > 0 {
		_ = s.write(answer)
	}
}

// write sends a message, in the time that its size gives it.
func (s *socket) write(message any) error {
	encoded, err := json.Marshal(message)
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(messageGrace + time.Duration(len(encoded))*time.Second/messageRate))
	return s.conn.WriteMessage(websocket.TextMessage, encoded)
}
