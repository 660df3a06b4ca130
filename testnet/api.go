package testnet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxBody bounds what is read of any answer: the largest blob is under 2 MiB.
const maxBody = 16 << 20

// API asks a node over HTTP, as any user does.
type API struct {
	// Base is the address the API is at, as http://127.0.0.1:7980.
	Base string
}

// APIError is the error a node answered with.
type APIError struct {
	Status    int    `json:"-"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Hint      string `json:"hint"`
	Retryable bool   `json:"retryable"`
}

// Error names the cause, and what to do about it if the node said.
func (e *APIError) Error() string {
	text := fmt.Sprintf("%s (%d): %s", e.Code, e.Status, e.Message)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Posted is a node's answer to a blob.
type Posted struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Height uint64 `json:"height"`
}

// Get asks for a path and decodes the JSON answer into the value that answer points to.
func (a API) Get(ctx context.Context, path string, answer any) error {
	body, err := a.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return decodeJSON(path, body, answer)
}

// PostBlob posts a blob and returns once it is final and durable at the node asked.
func (a API) PostBlob(ctx context.Context, namespace, encoding string, data []byte) (Posted, error) {
	query := url.Values{"namespace": {namespace}, "encoding": {encoding}, "wait": {"included"}}
	path := "/v1/blobs?" + query.Encode()
	body, err := a.do(ctx, http.MethodPost, path, data)
	if err != nil {
		return Posted{}, err
	}
	var posted Posted
	return posted, decodeJSON(path, body, &posted)
}

// BlobData reads the bytes of a blob.
func (a API) BlobData(ctx context.Context, id string) ([]byte, error) {
	return a.do(ctx, http.MethodGet, "/v1/blobs/"+id+"/data", nil)
}

// do sends a request and reads the answer, or the error in it.
func (a API) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/octet-stream")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %w", method, a.Base+path, apiError(response.StatusCode, answer))
	}
	return answer, nil
}

// apiError decodes the error of an answer.
func apiError(status int, body []byte) *APIError {
	var wrapped struct {
		Error APIError `json:"error"`
	}
	if err := json.Unmarshal(body, &wrapped); err != nil || wrapped.Error.Code == "" {
		return &APIError{Status: status, Code: "unknown", Message: cut(string(body), 200)}
	}
	wrapped.Error.Status = status
	return &wrapped.Error
}

// decodeJSON decodes an answer.
func decodeJSON(path string, body []byte, answer any) error {
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("%s answered what is not the JSON expected: %w", path, err)
	}
	return nil
}

// pollInterval is the time between two looks at something that is waited for.
const pollInterval = 250 * time.Millisecond

// Wait calls ready until it returns true. It returns an error if that has not happened
// within limit, naming what was waited for, the last error ready returned and the cause
// that ended ctx, if it ended.
func Wait(ctx context.Context, limit time.Duration, what string, ready func(context.Context) (bool, error)) error {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last error
	for {
		ok, err := ready(bounded)
		if ok && err == nil {
			return nil
		}
		if err != nil && bounded.Err() == nil {
			last = err
		}
		select {
		case <-bounded.Done():
			return waitError(ctx, limit, what, last)
		case <-time.After(pollInterval):
		}
	}
}

// waitError says why waiting ended.
func waitError(ctx context.Context, limit time.Duration, what string, last error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(fmt.Errorf("waited %s for %s", limit, what), last)
}
