package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// requestTimeout bounds one request. Waiting for inclusion is asked of the node, which
// bounds it by less.
const requestTimeout = 90 * time.Second

// Config is what a Client is made of. URL is required.
type Config struct {
	// URL is where the node's HTTP API is, as http://127.0.0.1:26659.
	URL string
	// Token is sent with every request, where the node asks for one.
	Token string
	// Signer pays for blobs; nil: the node's own key does.
	Signer *Signer
	// Setup computes commitments and proofs for Signer and recomputes them in Verify;
	// nil: it is loaded when first needed, which takes some tenths of a second.
	Setup *kzg.Setup
	// GasPrice is paid per unit of execution gas, in aash; nil is 0.
	GasPrice math.Int
	// HTTP defaults to a client that follows no redirects.
	HTTP *http.Client
}

// Client speaks to one node. It is safe for concurrent use.
type Client struct {
	url      string
	token    string
	signer   *Signer
	gasPrice math.Int
	http     *http.Client
	setup    func() (*kzg.Setup, error)

	// turn holds an element while a transaction is signed and handed to the node: one at a
	// time, since sequences are in order.
	turn chan struct{}
	next *Account // nil: ask the node. For whoever's turn it is.
}

// New returns a client. It does not ask the node anything yet.
func New(_ context.Context, cfg Config) (*Client, error) {
	parsed, err := url.Parse(cfg.URL)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, fmt.Errorf("node URL %q: give one such as http://127.0.0.1:26659", cfg.URL)
	}
	c := &Client{
		url:      strings.TrimRight(cfg.URL, "/"),
		token:    cfg.Token,
		signer:   cfg.Signer,
		gasPrice: cfg.GasPrice,
		http:     cfg.HTTP,
		setup:    sync.OnceValues(kzg.NewSetup),
		turn:     make(chan struct{}, 1),
	}
	if c.gasPrice.IsNil() {
		c.gasPrice = math.ZeroInt()
	}
	if c.http == nil {
		c.http = &http.Client{Timeout: requestTimeout, CheckRedirect: noRedirects}
	}
	if cfg.Setup != nil {
		c.setup = func() (*kzg.Setup, error) { return cfg.Setup, nil }
	}
	return c, nil
}

// noRedirects keeps a token from being carried elsewhere.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
