package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	// requestTimeout bounds one request that waits for a block.
	requestTimeout = 90 * time.Second
	// defaultTimeout bounds what one node may take to answer another request.
	defaultTimeout = 15 * time.Second
	// defaultExpiry is how many blocks a signed transaction is good for.
	defaultExpiry = 200
	// maxLanes bounds the sub-accounts: each is a grant on the chain.
	maxLanes = 256
)

// Config is what a Client is made of. URL is required.
type Config struct {
	// URL is where the node's HTTP API is, as http://127.0.0.1:26659.
	URL string
	// Fallbacks are the URLs of further nodes of the same chain, asked in turn where one
	// fails, lags or answers what does not verify.
	Fallbacks []string
	// Token is sent with every request, where the nodes ask for one.
	Token string
	// Signer pays for blobs; nil: the node's own key does.
	Signer *Signer
	// Lanes is how many sub-accounts of Signer post in its place, each with sequences of its
	// own, see OpenLanes; 0: Signer's account itself posts.
	Lanes int
	// Journal is a file that remembers what was submitted, so that a client made with it later
	// goes on where this one ended. It is created if need be, and one client's at a time.
	// Empty: nothing outlives the client.
	Journal string
	// MaxFeePerGas is the most that is offered per unit of blob gas and MaxFee the most per
	// transaction, execution included, in aash; nil: no bound.
	MaxFeePerGas, MaxFee math.Int
	// Tip is what the proposer is offered at least, per unit of blob gas, in aash: where blocks
	// are full, who tips more goes first. Nil: a twentieth of the base fee alone.
	Tip math.Int
	// Within is the number of blocks within which nine in ten submissions are to be included: the
	// node's estimate for that is offered where it is more than twice the base fee. 0: it is not
	// asked for.
	Within int
	// Expiry is how many blocks a transaction is good for once it is signed, 0: 200. One that
	// was not included is then signed anew.
	Expiry uint64
	// Trust decides which headers are the chain's. The zero value is TrustNode: those that the
	// node asked gives.
	Trust Trust
	// Sets are the attester sets that certificates are verified against; nil: the nodes' word is
	// taken for which set is the chain's, see FollowSets.
	Sets *Sets
	// Setup computes commitments and proofs for Signer and recomputes them in Verify;
	// nil: it is loaded when first needed, which takes some tenths of a second.
	Setup *kzg.Setup
	// GasPrice is paid per unit of execution gas, in aash; nil is 0.
	GasPrice math.Int
	// Timeout is what one node may take to answer, 0: 15 s. What is uploaded has more.
	Timeout time.Duration
	// HTTP defaults to a client that follows no redirects.
	HTTP *http.Client
}

// Client posts to and reads from a chain by way of its nodes. It is safe for concurrent use.
type Client struct {
	nodes    *endpoints
	token    string
	signer   *Signer
	gasPrice math.Int
	maxPrice math.Int // nil: no bound
	maxFee   math.Int // nil: no bound
	tip      math.Int
	within   int
	expiry   uint64
	timeout  time.Duration
	trust    Trust
	sets     *Sets
	http     *http.Client
	setup    func() (*kzg.Setup, error)
	lanes    []*lane
	tracker  *tracker
	journal  *journal // nil: there is none
	known    *register

	mu     sync.Mutex
	former []*lane // lanes that go on with what was submitted when they were in use; guarded by mu

	life  context.Context // of the goroutines that submit and track
	end   context.CancelFunc
	tasks sync.WaitGroup // those goroutines
}

// New returns a client. It asks no node anything yet, except to go on with what the journal
// has unfinished. It fails with ErrJournalInUse or ErrJournal where the journal cannot be used.
func New(_ context.Context, cfg Config) (*Client, error) {
	nodes, err := newEndpoints(cfg.URL, cfg.Fallbacks)
	if err != nil {
		return nil, err
	}
	c := &Client{
		nodes: nodes, token: cfg.Token, signer: cfg.Signer, http: cfg.HTTP, trust: cfg.Trust, sets: cfg.Sets,
		gasPrice: cfg.GasPrice, maxPrice: cfg.MaxFeePerGas, maxFee: cfg.MaxFee, tip: cfg.Tip, within: cfg.Within, expiry: cfg.Expiry, timeout: cfg.Timeout,
		setup: sync.OnceValues(kzg.NewSetup), known: newRegister(),
	}
	c.fill(&cfg)
	c.life, c.end = context.WithCancel(context.Background())
	c.tracker = newTracker(c)
	if err := c.openLanes(cfg.Lanes); err != nil {
		return nil, err
	}
	return c, c.resume(cfg.Journal)
}

// fill replaces what was left out by its default.
func (c *Client) fill(cfg *Config) {
	if c.gasPrice.IsNil() {
		c.gasPrice = math.ZeroInt()
	}
	if c.tip.IsNil() {
		c.tip = math.ZeroInt()
	}
	if c.http == nil {
		c.http = &http.Client{Timeout: 2 * requestTimeout, CheckRedirect: noRedirects}
	}
	if cfg.Setup != nil {
		c.setup = func() (*kzg.Setup, error) { return cfg.Setup, nil }
	}
	if c.expiry == 0 {
		c.expiry = defaultExpiry
	}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
}

// Setup returns what the client commits and proves with.
func (c *Client) Setup() (*kzg.Setup, error) { return c.setup() }

// openLanes makes the lanes that submissions go to.
func (c *Client) openLanes(count int) error {
	switch {
	case c.signer == nil && count > 0:
		return errors.New("lanes need a signer to derive their keys from")
	case count < 0 || count > maxLanes:
		return fmt.Errorf("%d lanes: at most %d", count, maxLanes)
	case c.signer == nil:
		return nil
	case count == 0:
		c.lanes = []*lane{newLane(c, c.signer, "")}
		return nil
	}
	for i := range count {
		sub, err := c.signer.Lane(i)
		if err != nil {
			return err
		}
		c.lanes = append(c.lanes, newLane(c, sub, c.signer.Address()))
	}
	return nil
}

// Close ends what the client does in the background and lets go of the journal. What is not
// final yet stays in the journal, and whoever waits for it here gets an error; without a
// journal, what was accepted may still be included.
func (c *Client) Close() error {
	c.end()
	c.tasks.Wait()
	c.known.abandon()
	return c.journal.close()
}

// parseURL checks the address of a node.
func parseURL(address string) (string, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return "", fmt.Errorf("node URL %q: give one such as http://127.0.0.1:26659", address)
	}
	return strings.TrimRight(address, "/"), nil
}

// noRedirects keeps a token from being carried elsewhere.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
