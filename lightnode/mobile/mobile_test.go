package mobile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/testnet/lightbench"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// chain is a chain that grows, served by real hosts of this machine.
type chain struct {
	trust string
	peers []string
}

// lines takes in what a generator writes.
type lines struct {
	mu    sync.Mutex
	text  bytes.Buffer // guarded by mu
	first chan lightbench.Line
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(b)
	if before, _, whole := bytes.Cut(l.text.Bytes(), []byte("\n")); whole && l.first != nil {
		var line lightbench.Line
		if err := json.Unmarshal(before, &line); err != nil {
			return 0, err
		}
		l.first <- line
		l.first = nil
	}
	return len(b), nil
}

func serve(t *testing.T) chain {
	t.Helper()
	first := make(chan lightbench.Line, 1)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	config := lightbench.GeneratorConfig{
		Chain: lightbench.ChainConfig{ID: "mobile-1", Validators: 4, Txs: 4, SetHeights: 25}, K: 1, Interval: time.Second, History: 8,
		Addresses: []string{"127.0.0.1", "127.0.0.2"}, Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
	}
	go func() { done <- lightbench.Generate(ctx, config, &lines{first: first}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	select {
	case line := <-first:
		return chain{line.Trust, line.Peers}
	case err := <-done:
		done <- err
		t.Fatal(err)
	}
	return chain{}
}

func (c chain) config(t *testing.T) *Config {
	t.Helper()
	config := NewConfig(t.TempDir(), "mobile-1")
	for _, peer := range c.peers {
		config.AddPeer(peer)
	}
	if err := config.SetTrust(c.trust); err != nil {
		t.Fatal(err)
	}
	return config
}

// ear hears what a node tells.
type ear struct {
	mu       sync.Mutex
	heads    []int64          // guarded by mu, like the rest
	verdicts map[int64]string // by height
	alarms   []string
	panics   bool
}

func (e *ear) OnHead(height int64, hash string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(hash) == 64 {
		e.heads = append(e.heads, height)
	}
	if e.panics {
		panic("an app's mistake")
	}
}

func (e *ear) OnVerdict(height int64, verdict string, confidence float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if confidence > 0.99 {
		e.verdicts[height] = verdict
	}
}

func (e *ear) OnAlarm(reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alarms = append(e.alarms, reason)
}

func (e *ear) verdict(height int64) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.verdicts[height]
}

func TestAppWakesItsNode(t *testing.T) {
	t.Parallel()
	c := serve(t)
	e := &ear{verdicts: map[int64]string{}, panics: true}
	n, err := NewNode(c.config(t), e)
	if err != nil {
		t.Fatal(err)
	}
	for _, allowed := range []int64{200_000, 0} {
		r, err := n.SampleOnce(allowed)
		if err != nil || r.Head < 8 || r.Checked < 1 || r.Passed < r.Checked || r.Millis > 25_000 || allowed > 0 && r.Bytes > allowed || r.Share() <= 0 {
			t.Fatalf("allowed %d: %+v, %v", allowed, r, err)
		}
	}
	if r, err := n.SampleOnce(1000); err != nil || r.Ended != "bytes" || r.Bytes != 0 {
		t.Errorf("too little for a wake: %+v, %v", r, err)
	}
	if err := n.NameHeight(8); err != nil {
		t.Fatal(err)
	}
	if _, err := n.SampleOnce(0); err != nil {
		t.Fatal(err)
	}
	text, err := n.Availability(8)
	if err != nil || !strings.Contains(text, `"verdict":"available"`) {
		t.Errorf("height 8: %s, %v", text, err)
	}
	rig.Await(t, "the listener heard of height 8", func() bool { return e.verdict(8) == "available" })
	if err := n.Set("", "0.99", "20MB/day"); err != nil {
		t.Error(err)
	}
	if text, err := n.Status(); err != nil || !strings.Contains(text, `"budget_per_day":20000000`) || !strings.Contains(text, `"profile":"phone"`) {
		t.Errorf("status %s, %v", text, err)
	}
	for range 2 {
		if err := n.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	if r, err := n.SampleOnce(0); !errors.Is(err, errStopped) {
		t.Errorf("after its end: %+v, %v", r, err)
	}
}

func TestNodeWakesByItself(t *testing.T) {
	t.Parallel()
	c := serve(t)
	n, err := NewNode(c.config(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
	}
	rig.Await(t, "a height is checked", func() bool {
		text, err := n.Status()
		return err == nil && strings.Contains(text, `"heights_checked":1`)
	})
	if err := n.Stop(); err != nil {
		t.Error(err)
	}
	if err := n.Start(); !errors.Is(err, errStopped) {
		t.Errorf("after its end: %v", err)
	}
}

func TestMistakesAreErrors(t *testing.T) {
	t.Parallel()
	if n, err := NewNode(nil, nil); err == nil {
		t.Errorf("no Config: %+v", n)
	}
	config := NewConfig(t.TempDir(), "mobile-1")
	if n, err := NewNode(config, nil); err == nil {
		t.Errorf("nothing to trust: %+v", n)
	}
	if err := config.SetTrust("x"); err == nil {
		t.Error("took x for a header to trust")
	}
	if err := config.SetDataBudget("much"); err == nil {
		t.Error("took much for a budget")
	}
	broken := &Node{}
	if _, err := broken.SampleOnce(0); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("a panic came out as %v", err)
	}
}
