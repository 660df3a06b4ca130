package gateway

import "errors"

var (
	// ErrBehind means that the chain, the nodes asked or this gateway have not come far enough: ask again.
	ErrBehind = errors.New("the chain is behind")
	// ErrUnavailable means that no node answered what verifies: ask again.
	ErrUnavailable = errors.New("no node gave a verified answer")
	// ErrBusy means that as much is in flight as the gateway takes: ask again.
	ErrBusy = errors.New("too many requests in flight")
)
