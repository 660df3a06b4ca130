package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Config is what a Server is made of. Log and exactly one of Full and Light are required.
type Config struct {
	// Address is where to listen, host:port; empty: 127.0.0.1 and a free port.
	Address string
	Full    *Full
	Light   *Light
	// Metrics answers /metrics; nil: not_found.
	Metrics http.Handler
	// Origins are the web origins browsers may call from, such as https://example.org;
	// "*" allows any.
	Origins []string
	// Tokens is the path of a token file that guards what writes; empty: nothing does.
	Tokens string
	// ReadTimeout bounds what answers a read, WriteTimeout a POST, waiting included. 0: 15 s and 2 minutes.
	ReadTimeout, WriteTimeout time.Duration
	// MaxRequests bounds reads in flight, MaxStreams event streams; the next is rate_limited. 0: 256 and 64.
	// /healthz is always answered.
	MaxRequests, MaxStreams int
	// Now is the clock that tokens expire by; nil: time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Full is what a full node's API asks.
type Full struct {
	Squares   Squares
	Chain     Chain
	Submitter Submitter
	// Attestations are what the node has collected; nil: what asks for them is unsupported.
	Attestations Attestations
}

// Light is what a light node's API asks.
type Light struct {
	Node Lights
	// Status, Availability, Settings and Named are zero values of what Node returns, which
	// /openapi.json describes.
	Status, Availability, Settings, Named any
	// Followed is the namespace that the node follows; nil: none, and its endpoints are not_found.
	Followed Followed
}

// Defaults of a Config.
const (
	DefaultReadTimeout  = 15 * time.Second
	DefaultWriteTimeout = 2 * time.Minute
	DefaultMaxRequests  = 256
	DefaultMaxStreams   = 64
)

func (c Config) resolve() (Config, error) {
	switch {
	case c.Log == nil:
		return c, errors.New("api: no logger")
	case (c.Full == nil) == (c.Light == nil):
		return c, errors.New("api: want exactly one of Full and Light")
	case c.Full != nil && (c.Full.Squares == nil || c.Full.Chain == nil || c.Full.Submitter == nil):
		return c, errors.New("api: Full needs Squares, Chain and Submitter")
	case c.Light != nil && c.Light.Node == nil:
		return c, errors.New("api: Light needs Node")
	case c.ReadTimeout < 0 || c.WriteTimeout < 0 || c.MaxRequests < 0 || c.MaxStreams < 0:
		return c, errors.New("api: timeouts and bounds cannot be negative")
	}
	if c.Address == "" {
		c.Address = "127.0.0.1:0"
	}
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return c, fmt.Errorf("api: address %q: want host:port, such as 127.0.0.1:26680: %w", c.Address, err)
	}
	return c.withDefaults(), nil
}

func (c Config) withDefaults() Config {
	if c.ReadTimeout == 0 {
		c.ReadTimeout = DefaultReadTimeout
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = DefaultWriteTimeout
	}
	if c.MaxRequests == 0 {
		c.MaxRequests = DefaultMaxRequests
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = DefaultMaxStreams
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
