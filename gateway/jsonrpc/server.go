package jsonrpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/ashlar-da/ashlar/api/token"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// The codes of errors.
const (
	CodeParse          = -32700
	CodeInvalidRequest = -32600
	CodeNoMethod       = -32601
	CodeInvalidParams  = -32602
	CodeServer         = -32000
)

const (
	// maxBatch bounds the calls of a batch.
	maxBatch = 100
	// maxParams bounds the parameters of a call.
	maxParams = 32
	// maxRead bounds a request, in bytes, of who has no token where tokens are asked for: what is long is to be written.
	maxRead = 1 << 20
	// readLimit is how long all calls of a request that do not write may take together.
	readLimit = 2 * time.Minute
)

var (
	// ErrInvalidParams is for methods to fail with where the parameters are not theirs.
	ErrInvalidParams = errors.New("invalid params")
	// ErrAgain is for streams to fail with that are to be asked for the same value again, a moment later.
	ErrAgain = errors.New("not now")
	// ErrTooMany means that a list is longer than the bound given.
	ErrTooMany = errors.New("too many elements")
)

// Method is what a name calls.
type Method struct {
	// Call gets the parameters, and returns what JSON shows as the result.
	Call func(ctx context.Context, params []json.RawMessage) (any, error)
	// Writes tells that a token is needed where there are tokens, whose scope is the method's name.
	Writes bool
	// Answer is the memory set aside for the answer, in bytes; Hold sets more aside.
	Answer int64
}

// Stream is what a name subscribes to. It gets the parameters and returns what makes one value after the other; the
// stream ends where that fails, but for ErrAgain.
type Stream func(ctx context.Context, params []json.RawMessage) (next func(ctx context.Context) (value any, err error), err error)

// Config is what a handler is made of; all of it is required but Streams, Code, Explain and Malformed.
type Config struct {
	Methods map[string]Method
	// Streams are served over WebSocket, as Methods then are too; nil: there is no WebSocket.
	Streams map[string]Stream
	Gate    *gateway.Gate
	// Guard is the Core's: a method that panics fails.
	Guard *gateway.Guard
	// Health is what GET /health answers.
	Health func() error
	// MaxBody bounds a request, in bytes.
	MaxBody int64
	// Code is the code of a method's error; nil: CodeServer always.
	Code func(error) int
	// Explain puts why a request was not let in into the protocol's words; nil: it has none.
	Explain func(error) error
	// Malformed is the HTTP status of an answer to what is no call, whose body is then the reason; 0: such an answer is one of
	// JSON-RPC.
	Malformed int
}

// request is a call. ID is nil where no answer is wanted.
type request struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

// response answers a call: with Result or Error.
type response struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Problem        `json:"error,omitempty"`
}

// Problem is an error as the protocol shows it.
type Problem struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// New returns the handler.
func New(config Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) { serve(w, r, &config) })
	if config.Streams != nil {
		sockets := make(chan struct{}, maxSockets) // one element for each that is open
		mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { serveSocket(w, r, &config, sockets) })
	}
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		if err := config.Health(); err != nil {
			http.Error(w, err.Error(), gateway.Status(err))
		}
	})
	return mux
}

// serve answers what was posted. What cannot be read at all has an HTTP status that says so.
func serve(w http.ResponseWriter, r *http.Request, config *Config) {
	body, release, err := config.body(w, r)
	if err != nil {
		config.refuse(w, err)
		return
	}
	defer release()
	copied, err := config.Gate.Reserve(int64(len(body)))
	if err != nil {
		config.refuse(w, err)
		return
	}
	defer copied()
	calls, isBatch, problem := parse(body)
	release() // calls have copies
	if problem != nil {
		config.reject(w, problem)
		return
	}
	free, err := config.Gate.Reserve(config.answers(calls))
	if err != nil {
		config.refuse(w, err)
		return
	}
	defer free()
	ctx, letGo := holding(r.Context(), config.Gate)
	defer letGo()
	until := time.Now().Add(readLimit)
	var answers []*response
	for i := range calls {
		answer, err := call(ctx, r, config, &calls[i], until)
		if errors.Is(err, token.ErrUnauthorized) {
			config.refuse(w, err)
			return
		}
		if answer != nil {
			answers = append(answers, answer)
		}
	}
	switch {
	case len(answers) == 0:
	case isBatch:
		send(w, answers)
	default:
		send(w, answers[0])
	}
}

// body reads a request. Who asks for tokens is not sent what is long by who has none.
func (c *Config) body(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	unauthorized := c.authorize(r)
	if unauthorized == nil {
		return c.Gate.Body(w, r, c.MaxBody)
	}
	body, release, err = c.Gate.Body(w, r, min(maxRead, c.MaxBody))
	if errors.Is(err, da.ErrTooLarge) {
		return nil, nil, fmt.Errorf("%w; requests of more than %d bytes take one", unauthorized, maxRead)
	}
	return body, release, err
}

// authorize fails unless a request has a token that opens something, or none is asked for.
func (c *Config) authorize(r *http.Request) (err error) {
	for name := range c.Methods {
		if !c.Methods[name].Writes {
			continue
		}
		if err = c.Gate.Authorize(r, name); err == nil {
			return nil
		}
	}
	return err
}

// refuse answers a request that is not let in.
func (c *Config) refuse(w http.ResponseWriter, err error) {
	status := gateway.Status(err)
	if c.Explain != nil {
		err = c.Explain(err)
	}
	http.Error(w, err.Error(), status)
}

// reject answers what is no call.
func (c *Config) reject(w http.ResponseWriter, problem *Problem) {
	if c.Malformed != 0 {
		http.Error(w, problem.Message, c.Malformed)
		return
	}
	send(w, &response{Version: "2.0", ID: null(), Error: problem})
}

// answers is what the answers of calls take.
func (c *Config) answers(calls []request) (size int64) {
	for i := range calls {
		size += c.Methods[calls[i].Method].Answer
	}
	return size
}

func null() json.RawMessage { return json.RawMessage("null") }

// parse reads a call or a batch.
func parse(body []byte) (calls []request, isBatch bool, _ *Problem) {
	body = bytes.TrimSpace(body)
	isBatch = len(body) > 0 && body[0] == '['
	if !isBatch {
		calls = make([]request, 1)
		if err := json.Unmarshal(body, &calls[0]); err != nil {
			return nil, false, &Problem{CodeParse, "parse error: " + err.Error()}
		}
		return calls, false, nil
	}
	list, err := List(body, maxBatch)
	switch {
	case errors.Is(err, ErrTooMany):
		return nil, true, &Problem{CodeInvalidRequest, fmt.Sprintf("a batch has at most %d calls", maxBatch)}
	case err != nil:
		return nil, true, &Problem{CodeParse, "parse error: " + err.Error()}
	}
	calls = make([]request, len(list))
	for i := range list {
		if err := json.Unmarshal(list[i], &calls[i]); err != nil {
			return nil, true, &Problem{CodeParse, "parse error: " + err.Error()}
		}
	}
	if len(calls) == 0 {
		return nil, true, &Problem{CodeInvalidRequest, "empty batch"}
	}
	return calls, true, nil
}

// List reads a JSON list of most elements at most, for which it fails with ErrTooMany before it has them in memory. null and
// nothing are a list without elements, as for encoding/json.
func List(encoded json.RawMessage, most int) ([]json.RawMessage, error) {
	encoded = bytes.TrimSpace(encoded)
	if len(encoded) == 0 || string(encoded) == "null" {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('[') {
		return nil, errors.New("want a list")
	}
	var list []json.RawMessage
	for decoder.More() {
		if len(list) == most {
			return nil, fmt.Errorf("%w: at most %d", ErrTooMany, most)
		}
		var next json.RawMessage
		if err := decoder.Decode(&next); err != nil {
			return nil, err
		}
		list = append(list, next)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the list")
	}
	return list, nil
}

// call answers one call, with nil where no answer is wanted. What does not write ends by until. It fails with token.ErrUnauthorized.
func call(ctx context.Context, r *http.Request, config *Config, c *request, until time.Time) (*response, error) {
	answer := c.answer()
	if !c.valid() {
		answer.Error = &Problem{CodeInvalidRequest, "invalid request"}
		return answer, nil
	}
	method, ok := config.Methods[c.Method]
	if !ok {
		answer.Error = &Problem{CodeNoMethod, fmt.Sprintf("the method %s does not exist/is not available", c.Method)}
		if config.Streams[c.Method] != nil {
			answer.Error.Message = fmt.Sprintf("the method %s is not supported in this mode: subscribe over WebSocket", c.Method)
		}
		return unlessNotified(c, answer), nil
	}
	if method.Writes {
		if err := config.Gate.Authorize(r, c.Method); err != nil {
			return nil, err
		}
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	result, err := invoke(ctx, config.Guard, &method, c.Params)
	if err == nil {
		answer.Result, err = json.Marshal(result)
	}
	if err != nil {
		answer.Error = &Problem{codeOf(config, err), err.Error()}
	}
	return unlessNotified(c, answer), nil
}

// answer is one without result.
func (c *request) answer() *response {
	if len(c.ID) == 0 {
		return &response{Version: "2.0", ID: null()}
	}
	return &response{Version: "2.0", ID: c.ID}
}

func (c *request) valid() bool { return c.Version == "2.0" && c.Method != "" && isID(c.ID) }

// isID tells whether a call's id is a string, a number, null or missing.
func isID(id json.RawMessage) bool {
	return len(id) == 0 || id[0] != '{' && id[0] != '[' && id[0] != 't' && id[0] != 'f'
}

func unlessNotified(c *request, answer *response) *response {
	if len(c.ID) == 0 {
		return nil
	}
	return answer
}

func invoke(ctx context.Context, guard *gateway.Guard, method *Method, encoded json.RawMessage) (result any, err error) {
	params, err := positional(encoded)
	if err != nil {
		return nil, err
	}
	err = guard.Call(func() (err error) {
		result, err = method.Call(ctx, params)
		return err
	})
	return result, err
}

// positional reads parameters.
func positional(encoded json.RawMessage) ([]json.RawMessage, error) {
	params, err := List(encoded, maxParams)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidParams, err)
	}
	return params, nil
}

func codeOf(config *Config, err error) int {
	if errors.Is(err, ErrInvalidParams) {
		return CodeInvalidParams
	}
	return config.code(err)
}

func (c *Config) code(err error) int {
	if c.Code != nil {
		return c.Code(err)
	}
	return CodeServer
}

func send(w http.ResponseWriter, answer any) {
	encoded, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(encoded, '\n')) // who asked may be gone
}
