package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// binaryType is the media type of what is posted.
const binaryType = "application/octet-stream"

// maxAnswer bounds what is read of an answer: twice the largest blob's hex.
const maxAnswer = 32 << 20

// get asks the nodes for a path and decodes the JSON answer.
func get[T any](ctx context.Context, c *Client, path string) (*T, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*T, error) { return getFrom[T](ctx, c, node, path) })
}

// getFrom is get from one node.
func getFrom[T any](ctx context.Context, c *Client, node *endpoint, path string) (*T, error) {
	body, err := c.do(ctx, node, http.MethodGet, path, "", nil)
	if err != nil {
		return nil, err
	}
	answer := new(T)
	return answer, decode(path, body, answer)
}

// post sends bytes to a path of one node and decodes the JSON answer.
func post[T any](ctx context.Context, c *Client, node *endpoint, path string, body []byte) (*T, error) {
	response, err := c.do(ctx, node, http.MethodPost, path, binaryType, body)
	if err != nil {
		return nil, err
	}
	answer := new(T)
	return answer, decode(path, response, answer)
}

func decode(path string, body []byte, answer any) error {
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("%s answered what this client cannot read, is it an Ashlar node? %w", path, err)
	}
	return nil
}

// do sends a request to a node and returns the body of the answer, or the error in it.
func (c *Client) do(ctx context.Context, node *endpoint, method, path, mediaType string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, node.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if mediaType != "" {
		request.Header.Set("Content-Type", mediaType)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the node, is it up? %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("%s %s: the answer exceeds %d bytes", method, path, maxAnswer)
	case response.StatusCode/100 != 2:
		return nil, decodeError(response, answer)
	}
	return answer, nil
}

// decodeError reads the error of an answer; what is no error of this API becomes one
// that quotes its beginning.
func decodeError(response *http.Response, body []byte) *Error {
	var wrapped struct {
		Error Error `json:"error"`
	}
	if err := json.Unmarshal(body, &wrapped); err != nil || wrapped.Error.Code == "" {
		wrapped.Error = Error{
			Code: CodeInternal, Hint: "is this the URL of an Ashlar node's HTTP API?",
			Message: fmt.Sprintf("%s: %.200s", response.Status, strings.TrimSpace(string(body))),
		}
	}
	wrapped.Error.Status = response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		wrapped.Error.RetryAfter = time.Duration(seconds) * time.Second
	}
	return &wrapped.Error
}
