package fullnode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da/store"
)

// await waits until something holds that no channel tells of.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// get returns what the node answers to a request.
func (n *runningNode) get(t *testing.T, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.APIAddress()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(answer.StatusCode, " ", string(body))
}

// client returns a client of the node's API.
func (n *runningNode) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(t.Context(), client.Config{URL: "http://" + n.APIAddress()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newShortOfSpace configures a validator whose disk has as much space as the test says.
func newShortOfSpace(t *testing.T) (Config, *atomic.Uint64) {
	t.Helper()
	cfg, free := newValidator(t), new(atomic.Uint64)
	free.Store(plenty)
	cfg.free = func(string) (uint64, error) { return free.Load(), nil }
	return cfg, free
}

const (
	plenty  = 100 * store.DefaultMinFree
	scarce  = store.DefaultMinFree - 1
	nothing = store.DefaultMinFree/4 - 1
)

// TestFullDisk fills a validator's disk: it says so, refuses transactions, serves, takes
// part in consensus and keeps the blocks; with room again it stores what it has missed.
func TestFullDisk(t *testing.T) {
	cfg, free := newShortOfSpace(t)
	node := startNode(t, cfg)
	node.waitStored(t, 1)
	before := testBlob(t, 1, 100)
	id, height := node.post(t, before)

	free.Store(scarce)
	await(t, "the disk is full", node.store.DiskFull)
	stored := node.store.Head()
	await(t, "the chain has gone on", func() bool { return node.abci.committed.Load() >= int64(stored)+5 })
	if head := node.store.Head(); head != stored {
		t.Errorf("height %d is stored on a full disk", head)
	}
	if retain := (retention{node.store}).RetainHeight(); retain > int64(stored) {
		t.Errorf("CometBFT keeps blocks from %d on, stored is %d", retain, stored)
	}
	requireFullDisk(t, node)
	if got := node.read(t, id, height); string(got) != string(before.Data) {
		t.Errorf("with a full disk %d bytes differ", len(got))
	}
	asker := newAsker(t, node)
	asker.cells(t, asker.header(t, height))

	free.Store(plenty)
	node.waitStored(t, uint64(node.abci.committed.Load()))
	if answer := node.get(t, "/healthz"); !strings.Contains(answer, `"ok"`) {
		t.Errorf("with room again /healthz answers %s", answer)
	}
	after := testBlob(t, 2, 100)
	id, height = node.post(t, after)
	if got := node.read(t, id, height); string(got) != string(after.Data) {
		t.Errorf("with room again %d bytes differ", len(got))
	}
}

// requireFullDisk expects every sign of a full disk.
func requireFullDisk(t *testing.T, node *runningNode) {
	t.Helper()
	for path, want := range map[string]string{
		"/healthz": `200 {"status":"disk_full"}`, "/v1/status": `"disk_full":true`, "/metrics": "\nashlar_disk_full 1\n",
	} {
		if answer := node.get(t, path); !strings.Contains(answer, want) {
			t.Errorf("%s: %.300s, want %q", path, answer, want)
		}
	}
	var refusal *client.Error
	_, err := node.client(t).Post(t.Context(), testBlob(t, 9, 10), client.Included)
	if !errors.As(err, &refusal) || refusal.Code != client.CodeDiskFull || !refusal.Retryable {
		t.Errorf("a blob is refused with %v, want disk_full, retryable", err)
	}
	if _, err := (submitter{node.Node}).SubmitTx(t.Context(), []byte("any")); !errors.Is(err, api.ErrDiskFull) {
		t.Errorf("a transaction is refused with %v, want for the disk", err)
	}
}

// TestNoSpaceLeft takes the rest of the disk away: the node ends with the reason, does not
// start as long as there is too little, and goes on where it was after that.
func TestNoSpaceLeft(t *testing.T) {
	cfg, free := newShortOfSpace(t)
	node := startNode(t, cfg)
	node.waitStored(t, 1)
	blob := testBlob(t, 1, 100)
	id, height := node.post(t, blob)
	free.Store(scarce)
	await(t, "the chain has gone on", func() bool { return node.abci.committed.Load() >= int64(node.store.Head())+2 })
	free.Store(nothing)
	select {
	case <-node.done:
	case <-time.After(patience):
		t.Fatal("the node goes on")
	}
	if err := node.stop(); !errors.Is(err, store.ErrDiskFull) {
		t.Errorf("the node ended with %v, want for the disk", err)
	}
	if _, err := New(context.WithoutCancel(t.Context()), cfg); !errors.Is(err, store.ErrDiskFull) {
		t.Errorf("on a full disk it starts: %v", err)
	}
	free.Store(plenty)
	again := startNode(t, cfg)
	again.waitStored(t, uint64(again.abci.committed.Load()))
	if got := again.read(t, id, height); string(got) != string(blob.Data) {
		t.Errorf("after a restart %d bytes differ", len(got))
	}
}
