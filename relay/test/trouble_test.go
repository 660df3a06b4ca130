package test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/relay"
)

// TestReorganised has the blocks with a relay's transactions vanish, with and without what was in them.
func TestReorganised(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("lost %v", lost), func(t *testing.T) {
			w := newWorld(t, 5)
			w.ashlar.advance(30)
			r := w.open(w.config(0))
			for range 2 { // two rotations, in a block each
				w.step(r)
				w.l1.Mine(1)
			}
			if w.epoch() != 2 {
				t.Fatalf("the contract is at epoch %d", w.epoch())
			}
			w.reorganise(2, lost)
			w.relayed(r, 30, func() bool { return w.epoch() == 4 && idle(r) })
			if n := w.nonce(0); n != 4 {
				t.Errorf("%d transactions for 4 rotations\n%s", n, w.log.String())
			}
		})
	}
}

// reorganise takes blocks away, and makes others that have nothing of what was in them. If it is lost, it is out of the pool.
func (w *world) reorganise(blocks int, lost bool) {
	w.t.Helper()
	ctx := context.Background()
	head, err := w.l1.Client.HeaderByNumber(ctx, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	ancestor, err := w.l1.Client.HeaderByNumber(ctx, new(big.Int).Sub(head.Number, big.NewInt(int64(blocks))))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.l1.Fork(ancestor.Hash()); err != nil {
		w.t.Fatal(err)
	}
	if lost {
		w.l1.Rollback()
		w.l1.Mine(blocks + 1)
	}
}

// TestFeesRise has a transaction wait while fees rise beyond what it offers, then beyond all that the owner allows, and fall.
func TestFeesRise(t *testing.T) {
	w := newWorld(t, 5)
	base, err := w.l1.BaseFee()
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, w.l1.URL)
	c := w.config(0)
	c.RPC, c.Policy.MaxRotationFee = p.URL, 6*base.Uint64()
	r := w.open(c)
	p.before = func(method string) error { // what it offers, about twice the base fee, does not arrive
		if method == "eth_sendRawTransaction" {
			return errKilled
		}
		return nil
	}
	if _, err := r.Step(context.Background()); err == nil {
		t.Fatal("sent through a proxy that lets nothing through")
	}
	p.before = func(string) error { return nil }
	w.congest(3 * base.Uint64())
	w.step(r) // sends again what the pool does not know
	w.congest(4 * base.Uint64())
	w.step(r) // offers more
	if s := r.Status(); s.Sent != 2 || w.epoch() != 0 {
		t.Fatalf("sent %d, epoch %d\n%s", s.Sent, w.epoch(), w.log.String())
	}
	w.l1.Mine(1)
	w.relayed(r, 5, func() bool { return w.epoch() == 1 && idle(r) })
	if n := w.nonce(0); n != 1 {
		t.Errorf("%d transactions for one rotation", n)
	}
	w.congest(6 * base.Uint64())
	w.ashlar.advance(10)
	w.step(r)
	if !slices.Contains(about(r), relay.FeesHigh) || !strings.Contains(w.log.String(), "--max-rotation-fee") {
		t.Errorf("notices %v\n%s", r.Status().Notices, w.log.String())
	}
	w.relayed(r, 40, func() bool { return w.epoch() == 2 && idle(r) })
}

// congest makes full blocks until the base fee has risen.
func (w *world) congest(baseFee uint64) {
	w.t.Helper()
	if err := w.l1.Congest(baseFee); err != nil {
		w.t.Fatal(err)
	}
}

// TestKilledAnywhere ends a relay at each request that it makes of Ethereum, before it arrives and after it was answered, and
// starts another one with its journal. No transaction is made twice.
func TestKilledAnywhere(t *testing.T) {
	for _, arrives := range []bool{false, true} {
		t.Run(fmt.Sprintf("arrives %v", arrives), func(t *testing.T) {
			w := newWorld(t, 5)
			w.ashlar.advance(10)
			p := newProxy(t, w.l1.URL)
			c := w.config(0)
			c.RPC = p.URL
			for kill := 1; ; kill++ {
				if !w.runUntil(c, p, kill, arrives) {
					break
				}
				w.l1.Mine(1)
				if kill > 500 {
					t.Fatalf("without end\n%s", w.log.String())
				}
			}
			r := w.open(c)
			w.relayed(r, 20, func() bool { return w.epoch() == 2 && idle(r) })
			if n := w.nonce(0); n != 2 {
				t.Errorf("%d transactions for 2 rotations\n%s", n, w.log.String())
			}
		})
	}
}

var errKilled = errors.New("killed")

// runUntil runs a relay that ends at the n-th request, and tells whether it came to that.
func (w *world) runUntil(c relay.Config, p *proxy, n int, arrives bool) bool {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var mu sync.Mutex
	seen := 0
	hook := func(string) error {
		mu.Lock()
		defer mu.Unlock()
		if seen++; seen < n {
			return nil
		}
		cancel()
		return errKilled
	}
	never := func(string) error { return nil }
	if p.before, p.after = hook, never; arrives {
		p.before, p.after = never, hook
	}
	defer func() { p.before, p.after = never, never }()
	r, err := relay.New(ctx, c)
	if err != nil {
		return true
	}
	_, err = r.Step(ctx)
	if closed := r.Close(); closed != nil {
		w.t.Fatal(closed)
	}
	return err != nil
}

// TestFlakyEndpoint has every third request fail.
func TestFlakyEndpoint(t *testing.T) {
	w := newWorld(t, 5)
	w.ashlar.advance(10)
	p := newProxy(t, w.l1.URL)
	c := w.config(0)
	c.RPC = p.URL
	r := w.open(c)
	requests, failures := 0, 0
	p.before = func(string) error {
		if requests++; requests%29 == 0 {
			return errKilled
		}
		return nil
	}
	for range 60 {
		if _, err := r.Step(context.Background()); err != nil {
			failures++
		}
		w.l1.Mine(1)
	}
	if w.epoch() != 2 || w.nonce(0) != 2 || failures == 0 {
		t.Errorf("epoch %d, %d transactions, %d failures\n%s", w.epoch(), w.nonce(0), failures, w.log.String())
	}
}

// TestRace has two relays with accounts of their own look at the same blocks.
func TestRace(t *testing.T) {
	w := newWorld(t, 5)
	w.ashlar.advance(40)
	c, d := w.config(0), w.config(1)
	c.Policy.Every, d.Policy.Every = 10*time.Minute, 10*time.Minute
	a, b := w.open(c), w.open(d)
	for range 25 {
		w.step(a)
		w.step(b)
		w.l1.Mine(1)
	}
	if w.epoch() != 5 || !idle(a) || !idle(b) {
		t.Errorf("epoch %d; %+v; %+v", w.epoch(), a.Status(), b.Status())
	}
	sa, sb := a.Status(), b.Status()
	if sa.Rotated+sb.Rotated != 5 || sa.Attested+sb.Attested == 0 {
		t.Errorf("%d and %d rotations, %d and %d certificates", sa.Rotated, sb.Rotated, sa.Attested, sb.Attested)
	}
}

func TestJournals(t *testing.T) {
	w := newWorld(t, 5)
	c := w.config(0)
	r := w.open(c)
	if _, err := relay.New(context.Background(), c); !errors.Is(err, relay.ErrJournalInUse) {
		t.Errorf("a second relay with the journal: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	other := c
	other.Key = key(1)
	if _, err := relay.New(context.Background(), other); !errors.Is(err, relay.ErrJournal) {
		t.Errorf("another account: %v", err)
	}
	other = c
	other.Contract = w.deploy(chainID)
	if _, err := relay.New(context.Background(), other); !errors.Is(err, relay.ErrJournal) {
		t.Errorf("another contract: %v", err)
	}
}

func TestRefusesToStart(t *testing.T) {
	w := newWorld(t, 5)
	foreign := w.deploy("another-chain")
	other, err := w.l1.Deploy("AshlarHistory")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*relay.Config)
		want   error
		says   string
	}{
		{"no code", func(c *relay.Config) { c.Contract = common.Address{1} }, relay.ErrNoContract, "has no code"},
		{"another contract", func(c *relay.Config) { c.Contract = other }, relay.ErrNotLightClient, "CHAIN"},
		{"another chain's client", func(c *relay.Config) { c.Contract = foreign }, relay.ErrOtherChain, chainID},
		{"another Ethereum", func(c *relay.Config) { c.ChainID = 1 }, relay.ErrWrongL1, "1337"},
		{"no Ethereum node", func(c *relay.Config) { c.RPC = "http://127.0.0.1:1" }, nil, "--rpc"},
		{"no Ashlar node", func(c *relay.Config) { c.Nodes = []string{"http://127.0.0.1:1"} }, nil, "is it up"},
		{"something else as Ashlar node", func(c *relay.Config) { c.Nodes = []string{w.l1.URL} }, nil, "Ashlar node's HTTP API"},
		{"no key", func(c *relay.Config) { c.Key = nil }, nil, "--key"},
	} {
		config := w.config(0)
		c.change(&config)
		_, err := relay.New(context.Background(), config)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: have %v, want %v, %q", c.name, err, c.want, c.says)
		}
	}
}

// TestLyingNode has a node answer what does not verify. It costs nothing, and another node's answers are taken.
func TestLyingNode(t *testing.T) {
	for _, c := range []struct {
		name string
		lie  func(any)
		says string
	}{
		{"a certificate's root", func(v any) {
			if c, ok := v.(*da.Certificate); ok {
				c.DataRoot[0]++
			}
		}, "invalid signature"},
		{"a rotation's time", func(v any) {
			if r, ok := v.(*da.SignedRotation); ok {
				r.Time++
			}
		}, "invalid signature"},
		{"more signers", func(v any) {
			if c, ok := v.(*da.Certificate); ok {
				c.Signers.Add(4)
			}
		}, "invalid signature"},
		{"fewer signers", func(v any) {
			if c, ok := v.(*da.Certificate); ok {
				c.Signers = da.Signers{31: 1}
			}
		}, "no quorum"},
		{"powers", func(v any) {
			if s, ok := v.(*da.AttesterSet); ok {
				s.Attesters[0].Power++
			}
		}, "the contract has"},
		{"another chain", func(v any) {
			if c, ok := v.(*da.Certificate); ok {
				c.ChainID = "another"
			}
		}, "another"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 5)
			config := w.config(0)
			config.Policy.Every = time.Minute
			w.ashlar.lie = c.lie
			r := w.open(config)
			for range 3 {
				w.step(r)
				w.l1.Mine(1)
			}
			if text := strings.Join(r.Status().Troubles, "\n"); !strings.Contains(text, c.says) {
				t.Errorf("have %q, want %q", text, c.says)
			}
			if r.Status().Reverted > 0 || w.attested(1) && w.epoch() > 0 {
				t.Errorf("it was posted: %+v", r.Status())
			}
			w.ashlar.lie = nil
			w.relayed(r, 10, func() bool { return w.attested(1) && w.epoch() == 1 && idle(r) })
		})
	}
}

// TestLiesAboutThePreviousSet has a node make up the set before the contract's own, which no hash in the contract betrays, and sign with
// it. It costs nothing, and the next node is asked.
func TestLiesAboutThePreviousSet(t *testing.T) {
	w := newWorld(t, 5)
	first := w.open(w.config(0))
	w.relayed(first, 10, func() bool { return w.epoch() == 1 && idle(first) })
	liar := newAshlar(t, 5, w.now(), 8)
	liar.advance(1) // its own height, of the epoch before the contract's
	c := w.config(1)
	c.Policy.Every, c.Nodes = time.Minute, []string{liar.serve()}
	r := w.open(c)
	for range 3 {
		w.step(r)
		w.l1.Mine(1)
	}
	if text := strings.Join(r.Status().Troubles, "\n"); !strings.Contains(text, "the contract would refuse it: WrongSignature") {
		t.Errorf("have %q", text)
	}
	if s := r.Status(); s.Sent != 0 || len(s.Notices) != 0 || w.nonce(1) != 0 {
		t.Errorf("status %+v", s)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	c.Nodes = append(c.Nodes, w.node)
	r = w.open(c)
	w.relayed(r, 10, func() bool { return w.attested(1) && idle(r) })
	if s := r.Status(); w.attested(2) || s.Reverted != 0 || s.Sent != 1 || w.nonce(1) != 1 {
		t.Errorf("status %+v", s)
	}
}

// TestAnotherNode asks a second node where the first is down.
func TestAnotherNode(t *testing.T) {
	w := newWorld(t, 5)
	c := w.config(0)
	c.Nodes = []string{"http://127.0.0.1:1", w.node}
	r := w.open(c)
	w.relayed(r, 10, func() bool { return w.epoch() == 1 && idle(r) })
}

// TestUselessCertificates: a node whose certificates are of an epoch that the contract does not know, or true and too old, has
// not the last word where there is another node.
func TestUselessCertificates(t *testing.T) {
	for name, useless := range map[string]func(w *world) *da.Certificate{
		"epoch": func(w *world) *da.Certificate {
			c, err := w.ashlar.Certificate(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			c.Epoch = 999
			return c
		},
		"age": func(w *world) *da.Certificate {
			w.ashlar.setTime(w.now() - 1_000_000)
			defer w.ashlar.setTime(w.now())
			c, err := w.ashlar.Certificate(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 5)
			config := w.config(0)
			config.Policy.Every = time.Minute
			config.Nodes = []string{w.certifying(useless(w)), w.node}
			r := w.open(config)
			w.relayed(r, 10, func() bool { return w.attested(1) && idle(r) })
		})
	}
}

// certifying serves one certificate whatever height is asked for, and the truth of all else.
func (w *world) certifying(c *da.Certificate) string {
	truth, err := url.Parse(w.node)
	if err != nil {
		w.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(truth)
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
		if !strings.HasPrefix(request.URL.Path, "/v1/certificates/") {
			proxy.ServeHTTP(out, request)
			return
		}
		if err := json.NewEncoder(out).Encode(api.Certificate{Certificate: c.Encode()}); err != nil {
			w.t.Error(err)
		}
	}))
	w.t.Cleanup(server.Close)
	return server.URL
}

// TestTimeMovesOn: whatever the pool still thinks to be waiting.
func TestTimeMovesOn(t *testing.T) {
	w := newWorld(t, 5)
	w.step(w.open(w.config(0))) // sends a rotation, which waits
	before := w.now()
	w.sleep(time.Hour)
	if passed := w.now() - before; passed < 3600 || w.epoch() != 0 {
		t.Errorf("%d s passed, the contract is at epoch %d", passed, w.epoch())
	}
}

func TestExpired(t *testing.T) {
	w := newWorld(t, 5)
	w.ashlar.advance(20)
	w.sleep((trusting - 3600) * time.Second)
	c := w.config(0)
	r := w.open(c)
	c.Policy.Warn = 2 * time.Hour
	w.sleep(2 * time.Hour)
	w.step(r)
	s := r.Status()
	if !slices.Contains(about(r), relay.Expired) || !s.Expired || s.Sent != 0 {
		t.Errorf("status %+v", s)
	}
	c = w.config(1)
	c.Once = true
	if _, err := w.open(c).Step(context.Background()); !errors.Is(err, relay.ErrNothingToDo) {
		t.Errorf("once: %v", err)
	}
}

func TestOutOfFunds(t *testing.T) {
	w := newWorld(t, 5)
	c := w.config(9) // which nobody gave anything
	r := w.open(c)
	w.step(r)
	s := r.Status()
	if len(s.Notices) != 1 || s.Notices[0].Subject != relay.Funds || !s.Notices[0].Alarm || !strings.Contains(s.Notices[0].Text, "has 0 ETH") || s.Sent != 0 {
		t.Errorf("status %+v", s)
	}
}

func TestDryRun(t *testing.T) {
	w := newWorld(t, 5)
	c := w.config(0)
	c.DryRun, c.Key, c.Journal = true, nil, ""
	r := w.open(c)
	if done := w.step(r); !done || w.nonce(0) != 0 || !strings.Contains(w.log.String(), "would send") {
		t.Errorf("done %v\n%s", done, w.log.String())
	}
}

// TestKeyUsedElsewhere has somebody use the nonce that a transaction waits with.
func TestKeyUsedElsewhere(t *testing.T) {
	w := newWorld(t, 5)
	c := w.config(0)
	first := w.open(c)
	w.step(first)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	w.l1.Rollback() // what it sent is lost, and somebody else with the same key is faster
	w.l1.Mine(1)    // and offers less, so that it is another transaction
	other := w.config(0)
	other.Journal += ".other"
	w.relayed(w.open(other), 10, func() bool { return w.epoch() == 1 })
	w.l1.Mine(5)
	again := w.open(c)
	w.relayed(again, 10, func() bool { return idle(again) })
	if !strings.Contains(w.log.String(), "is not in the journal") {
		t.Error(w.log.String())
	}
}

// TestWholeSetChanges has so many keys change that they do not fit into one transaction's contract.
func TestWholeSetChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a thousand signatures")
	}
	w := newWorld(t, 256)
	w.ashlar.change = func(set *da.AttesterSet) {
		for i := range set.Attesters {
			set.Attesters[i] = w.ashlar.newcomer(set.Epoch<<8 | uint64(i))
		}
	}
	w.ashlar.advance(10)
	r := w.open(w.config(0))
	w.relayed(r, 20, func() bool { return w.epoch() == 2 && idle(r) })
	if s := r.Status(); s.Reverted > 0 {
		t.Errorf("%d transactions without effect\n%s", s.Reverted, w.log.String())
	}
	t.Log(w.log.String())
}
