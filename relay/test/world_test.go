package test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/contracts"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/relay"
	"github.com/ashlar-da/ashlar/relay/test/l1"
)

const (
	maxAge   = 6 * 3600
	trusting = 14 * 24 * 3600
)

// world is both chains, and the contract between them.
type world struct {
	t        *testing.T
	l1       *l1.Chain
	ashlar   *ashlar
	node     string
	contract *bind.BoundContract
	address  common.Address
	log      bytes.Buffer
}

// keys are the accounts that have money.
func key(i byte) *ecdsa.PrivateKey {
	k, err := crypto.ToECDSA(crypto.Keccak256([]byte{'k', i}))
	if err != nil {
		panic(err) // a mistake of the test
	}
	return k
}

func newWorld(t *testing.T, attesters int) *world {
	t.Helper()
	chain, err := l1.Start(0, relay.AddressOf(key(0)), relay.AddressOf(key(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = chain.Close() }) // the test is over
	chain.Mine(1)
	w := &world{t: t, l1: chain}
	w.ashlar = newAshlar(t, attesters, w.now(), 7)
	w.node = w.ashlar.serve()
	w.address = w.deploy(chainID)
	w.bind()
	return w
}

// bind makes the contract one that can be asked.
func (w *world) bind() {
	w.t.Helper()
	artifact, err := contracts.Load("IAshlarLightClient")
	if err != nil {
		w.t.Fatal(err)
	}
	parsed, err := abi.JSON(bytes.NewReader(artifact.ABI))
	if err != nil {
		w.t.Fatal(err)
	}
	w.contract = bind.NewBoundContract(w.address, parsed, w.l1.Client, nil, nil)
}

// trustedSet is the struct of the same name that the constructor takes.
type trustedSet struct {
	Epoch, Time, Total     uint64
	OperatorsHash, SetHash [32]byte
	Powers, Keys           []byte
}

func (w *world) deploy(chainID string) common.Address {
	w.t.Helper()
	set := w.ashlar.sets[0]
	trusted := trustedSet{Epoch: set.Epoch, Time: w.ashlar.taken[0], Total: set.Total, SetHash: hashOf(set)}
	var operators []byte
	for i := range set.Attesters {
		a := &set.Attesters[i]
		point, err := a.Key.Coordinates()
		if err != nil {
			w.t.Fatal(err)
		}
		operators, trusted.Keys = append(operators, a.Operator[:]...), append(trusted.Keys, point[:]...)
		trusted.Powers = append(trusted.Powers, new(big.Int).SetUint64(a.Power).FillBytes(make([]byte, 8))...)
	}
	trusted.OperatorsHash = da.Keccak256(operators)
	address, err := w.l1.Deploy("AshlarLightClient", chainID, uint64(maxAge), uint64(trusting), trusted)
	if err != nil {
		w.t.Fatal(err)
	}
	return address
}

// now is the time of the newest block, in seconds since 1970.
func (w *world) now() uint64 {
	w.t.Helper()
	head, err := w.l1.Client.HeaderByNumber(context.Background(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return head.Time
}

// sleep lets time pass on both chains.
func (w *world) sleep(d time.Duration) {
	w.t.Helper()
	if err := w.l1.Sleep(d); err != nil {
		w.t.Fatal(err)
	}
	w.ashlar.setTime(w.now())
}

// ask asks the contract at the newest block.
func (w *world) ask(method string, args ...any) []any {
	w.t.Helper()
	var answers []any
	if err := w.contract.Call(nil, &answers, method, args...); err != nil {
		w.t.Fatal(err)
	}
	return answers
}

func (w *world) epoch() uint64 {
	w.t.Helper()
	return w.ask("epoch")[0].(uint64)
}

// attested tells whether the contract knows the history of a height.
func (w *world) attested(height uint64) bool {
	w.t.Helper()
	return w.ask("attested", root("history", height))[0].(uint64) == height
}

// nonce is how many transactions of an account blocks have.
func (w *world) nonce(i byte) uint64 {
	w.t.Helper()
	n, err := w.l1.Client.NonceAt(context.Background(), relay.AddressOf(key(i)), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// config is that of a relay with an account and a journal of its own.
func (w *world) config(i byte) relay.Config {
	policy := relay.DefaultPolicy()
	policy.Confirmations, policy.BumpAfter = 3, 2
	return relay.Config{
		RPC: w.l1.URL, Contract: w.address, Nodes: []string{w.node}, Key: key(i), Journal: filepath.Join(w.t.TempDir(), "journal"),
		Policy: policy, Poll: time.Millisecond, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
}

func (w *world) open(c relay.Config) *relay.Relay {
	w.t.Helper()
	r, err := relay.New(context.Background(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = r.Close() }) // some tests have closed it
	return r
}

// step has a relay look and act, and fails the test unless that works.
func (w *world) step(r *relay.Relay) bool {
	w.t.Helper()
	done, err := r.Step(context.Background())
	if err != nil {
		w.t.Fatalf("%v\n%s", err, w.log.String())
	}
	return done
}

// relayed steps and mines until a condition holds, for at most so many blocks.
func (w *world) relayed(r *relay.Relay, blocks int, holds func() bool) {
	w.t.Helper()
	for range blocks {
		w.step(r)
		w.l1.Mine(1)
		if holds() {
			return
		}
	}
	w.t.Fatalf("not after %d blocks; status %+v\n%s", blocks, r.Status(), w.log.String())
}

// idle tells whether all that a relay sent is settled.
func idle(r *relay.Relay) bool { return len(r.Status().Waiting) == 0 }

// about lists what a relay's notices are about.
func about(r *relay.Relay) (subjects []relay.Subject) {
	for _, n := range r.Status().Notices {
		subjects = append(subjects, n.Subject)
	}
	return subjects
}

// proxy is between a relay and its Ethereum node. Before and after each request a hook may fail it.
type proxy struct {
	URL           string
	before, after func(method string) error
}

func newProxy(t *testing.T, target string) *proxy {
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{before: func(string) error { return nil }, after: func(string) error { return nil }}
	forward := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = p.before(methodOf(body))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		r.Header.Del("Accept-Encoding") // what is recorded is passed on without its headers
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		recorder := httptest.NewRecorder()
		forward.ServeHTTP(recorder, r)
		if err := p.after(methodOf(body)); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes()) // who does not hear it asks again
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// methodOf is what a JSON-RPC request asks for.
func methodOf(body []byte) string {
	_, rest, _ := bytes.Cut(body, []byte(`"method":"`))
	method, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(method)
}
