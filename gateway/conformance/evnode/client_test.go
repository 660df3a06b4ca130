// Package evnode has ev-node's own client of Celestia's JSON-RPC use a gateway, over HTTP and over WebSocket.
// `make conformance`, from the repository's root, starts what it speaks to.
package evnode

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/celestiaorg/go-square/v3/share"
	"github.com/evstack/ev-node/pkg/da/jsonrpc"
	datypes "github.com/evstack/ev-node/pkg/da/types"
	"github.com/rs/zerolog"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

// maxSize is the most that a gateway takes of a single blob: sixteen rows, without what goes with it.
const maxSize = 16*126976 - 49

// forgetting is the time after which the node that forgets has nothing more of a block.
const forgetting = 90 * time.Second

// transport makes the client as ev-node makes it of its flags.
type transport func(t *testing.T, where string) *jsonrpc.Client

func overHTTP(t *testing.T, where string) *jsonrpc.Client {
	t.Helper()
	client, err := jsonrpc.NewClient(t.Context(), world.At(t, where), "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func overWebSocket(t *testing.T, where string) *jsonrpc.Client {
	t.Helper()
	client, err := jsonrpc.NewWSClient(t.Context(), zerolog.Nop(), world.At(t, where), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if !client.IsWebSocket.Load() {
		t.Fatal("the client polls: there is no WebSocket")
	}
	t.Cleanup(client.Close)
	return client
}

func namespace(t *testing.T, name string) share.Namespace {
	t.Helper()
	ns, err := share.NewNamespaceFromBytes(datypes.NamespaceFromString(name).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

func newBlob(t *testing.T, ns share.Namespace, data []byte) *jsonrpc.Blob {
	t.Helper()
	blob, err := jsonrpc.NewBlobV0(ns, data)
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func submit(t *testing.T, c *jsonrpc.Client, blobs ...*jsonrpc.Blob) uint64 {
	t.Helper()
	height, err := c.Blob.Submit(t.Context(), blobs, &jsonrpc.SubmitOptions{GasPrice: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	return height
}

// said tells whether an error has the words by which ev-node knows another.
func said(err, words error) bool { return err != nil && strings.Contains(err.Error(), words.Error()) }

// read returns once the client reads the blob: another node may be a moment behind, which must not be absence.
func read(t *testing.T, c *jsonrpc.Client, height uint64, want *jsonrpc.Blob) {
	t.Helper()
	world.Eventually(t, func() (bool, error) {
		got, err := c.Blob.Get(t.Context(), height, want.Namespace(), want.Commitment)
		if said(err, datypes.ErrBlobNotFound) {
			t.Fatal(err)
		}
		if err == nil && (!bytes.Equal(got.Data(), want.Data()) || !got.EqualCommitment(want.Commitment)) {
			t.Fatalf("%d other bytes, commitment %x", len(got.Data()), got.Commitment)
		}
		return err == nil, err
	})
}

func TestEvNode(t *testing.T) { testEvNode(t, overHTTP) }

func TestEvNodeWebSocket(t *testing.T) { testEvNode(t, overWebSocket) }

func testEvNode(t *testing.T, dial transport) {
	first := dial(t, "CELESTIA_FIRST")
	headers, data := namespace(t, "headers of "+t.Name()), namespace(t, "data of "+t.Name())
	early := newBlob(t, headers, world.Random(t, 1000))
	forgotten, began := submit(t, first, early), time.Now()
	t.Run("put and get", func(t *testing.T) {
		for _, n := range []int{1, 478, 479, 1000, 300_000, maxSize} {
			blob := newBlob(t, headers, world.Random(t, n))
			read(t, first, submit(t, first, blob), blob)
		}
	})
	t.Run("read from another node", func(t *testing.T) {
		blob := newBlob(t, headers, world.Random(t, 5000))
		read(t, dial(t, "CELESTIA_OTHER"), submit(t, first, blob), blob)
	})
	t.Run("put twice", func(t *testing.T) {
		blob := newBlob(t, headers, world.Random(t, 500))
		if a, b := submit(t, first, blob), submit(t, first, blob); a != b {
			t.Errorf("%d, then %d", a, b)
		}
	})
	t.Run("many at one height", func(t *testing.T) { many(t, first, headers, data) })
	t.Run("proofs", func(t *testing.T) { proofs(t, first, forgotten, early) })
	t.Run("headers", func(t *testing.T) { heads(t, first, forgotten) })
	t.Run("subscribe", func(t *testing.T) { subscribe(t, first, data) })
	t.Run("100 puts at once", func(t *testing.T) { hundred(t, first, headers) })
	t.Run("oversize", func(t *testing.T) {
		for _, n := range []int{maxSize + 1, 5 << 20} {
			blob := newBlob(t, headers, world.Random(t, n))
			if _, err := first.Blob.Submit(t.Context(), []*jsonrpc.Blob{blob}, nil); !said(err, datypes.ErrBlobSizeOverLimit) {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	})
	t.Run("unknown", func(t *testing.T) { unknown(t, first, forgotten, early, data) })
	t.Run("future height", func(t *testing.T) {
		_, err := first.Blob.GetAll(t.Context(), forgotten+100_000, []share.Namespace{headers})
		if !said(err, datypes.ErrHeightFromFuture) {
			t.Errorf("%v", err)
		}
		if _, err := first.Blob.Get(t.Context(), forgotten+100_000, headers, early.Commitment); !said(err, datypes.ErrHeightFromFuture) {
			t.Errorf("%v", err)
		}
	})
	t.Run("lying node", func(t *testing.T) { lying(t, first, dial, headers) })
	t.Run("pruned", func(t *testing.T) {
		client := dial(t, "CELESTIA_FORGETS")
		world.Eventually(t, func() (bool, error) { return time.Since(began) > forgetting, nil }) // a gateway keeps what it read
		_, err := client.Blob.GetAll(t.Context(), forgotten, []share.Namespace{headers})
		if err == nil || !strings.Contains(err.Error(), "pruned") || said(err, datypes.ErrBlobNotFound) || said(err, datypes.ErrHeightFromFuture) {
			t.Error(err) // a follower would go on without what is pruned
		}
	})
	t.Run("node restarts", func(t *testing.T) {
		blob := newBlob(t, headers, world.Random(t, 3000))
		height := submit(t, first, blob)
		world.Control(t, "/restart-node")
		read(t, first, height, blob)
	})
	t.Run("gateway restarts", func(t *testing.T) {
		blob := newBlob(t, headers, world.Random(t, 3000))
		height := submit(t, first, blob)
		world.Control(t, "/restart-gateway")
		read(t, first, height, blob)
		if again := submit(t, first, blob); again != height {
			t.Errorf("%d, then %d", height, again)
		}
	})
	t.Run("chain halts and resumes", func(t *testing.T) { halting(t, first, headers) })
}

// many submits blobs of two namespaces at once: each namespace has its own, in order.
func many(t *testing.T, c *jsonrpc.Client, headers, data share.Namespace) {
	blobs := []*jsonrpc.Blob{
		newBlob(t, headers, world.Random(t, 700)), newBlob(t, data, world.Random(t, 7000)), newBlob(t, headers, world.Random(t, 70)),
	}
	height := submit(t, c, blobs...)
	for _, want := range []struct {
		namespaces []share.Namespace
		blobs      []*jsonrpc.Blob
	}{
		{[]share.Namespace{headers}, []*jsonrpc.Blob{blobs[0], blobs[2]}},
		{[]share.Namespace{data}, blobs[1:2]},
		{[]share.Namespace{data, headers}, []*jsonrpc.Blob{blobs[1], blobs[0], blobs[2]}},
		{[]share.Namespace{namespace(t, "nobody's")}, nil},
	} {
		got, err := c.Blob.GetAll(t.Context(), height, want.namespaces)
		if err != nil || len(got) != len(want.blobs) {
			t.Errorf("%d of %d: %v", len(got), len(want.blobs), err)
			continue
		}
		for i := range got {
			if !bytes.Equal(got[i].Data(), want.blobs[i].Data()) || !got[i].EqualCommitment(want.blobs[i].Commitment) {
				t.Errorf("blob %d of %v differs", i, want.namespaces)
			}
		}
	}
}

// proofs are kept as JSON by ev-node, and handed back.
func proofs(t *testing.T, c *jsonrpc.Client, height uint64, blob *jsonrpc.Blob) {
	given, err := c.Blob.GetProof(t.Context(), height, blob.Namespace(), blob.Commitment)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	var proof jsonrpc.Proof
	if err := json.Unmarshal(kept, &proof); err != nil {
		t.Fatal(err)
	}
	if ok, err := c.Blob.Included(t.Context(), height, blob.Namespace(), &proof, blob.Commitment); err != nil || !ok {
		t.Errorf("%v, %v", ok, err)
	}
	if ok, err := c.Blob.Included(t.Context(), height, blob.Namespace(), &jsonrpc.Proof{}, blob.Commitment); err == nil || ok {
		t.Errorf("without a proof: %v, %v", ok, err)
	}
	if ok, err := c.Blob.Included(t.Context(), height, blob.Namespace(), &proof, make([]byte, 32)); err != nil || ok {
		t.Errorf("another commitment: %v, %v", ok, err)
	}
	if _, err := c.Blob.GetCommitmentProof(t.Context(), height, blob.Namespace(), blob.Commitment); err == nil || !strings.Contains(err.Error(), "no square of Celestia's") {
		t.Errorf("a proof that cannot be: %v", err)
	}
}

func heads(t *testing.T, c *jsonrpc.Client, height uint64) {
	header, err := c.Header.GetByHeight(t.Context(), height)
	if err != nil || header.Height != height || header.Header.Height != height || header.Commit.Height != height || time.Since(header.Time()) > time.Hour {
		t.Errorf("%+v, %v", header, err)
	}
	for name, ask := range map[string]func(context.Context) (*jsonrpc.Header, error){"network": c.Header.NetworkHead, "local": c.Header.LocalHead} {
		if head, err := ask(t.Context()); err != nil || head.Height < height {
			t.Errorf("%s head: %+v, %v", name, head, err)
		}
	}
	if _, err := c.Header.GetByHeight(t.Context(), height+100_000); !said(err, datypes.ErrHeightFromFuture) {
		t.Errorf("%v", err)
	}
}

// subscribe hears of every height once, in order, with the namespace's blobs; over HTTP there is no such thing.
func subscribe(t *testing.T, c *jsonrpc.Client, ns share.Namespace) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, err := c.Blob.Subscribe(ctx, ns)
	if !c.IsWebSocket.Load() {
		if err == nil || !strings.Contains(err.Error(), "not supported") {
			t.Errorf("%v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	blob := newBlob(t, ns, world.Random(t, 400))
	height := submit(t, c, blob, newBlob(t, namespace(t, "another"), world.Random(t, 40)))
	var last uint64
	for event := range events {
		if last != 0 && event.Height != last+1 {
			t.Fatalf("%d follows %d", event.Height, last)
		}
		last = event.Height
		if event.Header == nil || event.Header.Height != last || event.Header.Time.IsZero() {
			t.Fatalf("%+v", event.Header)
		}
		if last < height {
			continue
		}
		if last > height || len(event.Blobs) != 1 || !bytes.Equal(event.Blobs[0].Data(), blob.Data()) {
			t.Errorf("height %d has %d blobs, want one at %d", last, len(event.Blobs), height)
		}
		cancel()
		for range events { // until the gateway closes it
		}
		return
	}
	t.Error("the subscription ended")
}

func hundred(t *testing.T, c *jsonrpc.Client, ns share.Namespace) {
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			blob := newBlob(t, ns, world.Random(t, 2000))
			height, err := c.Blob.Submit(t.Context(), []*jsonrpc.Blob{blob}, nil)
			if err != nil {
				t.Error(err)
				return
			}
			got, err := c.Blob.Get(t.Context(), height, ns, blob.Commitment)
			if err != nil || !bytes.Equal(got.Data(), blob.Data()) {
				t.Errorf("height %d: %v", height, err)
			}
		})
	}
	group.Wait()
}

func unknown(t *testing.T, c *jsonrpc.Client, height uint64, known *jsonrpc.Blob, other share.Namespace) {
	for name, ask := range map[string]func() error{
		"another commitment": func() error {
			_, err := c.Blob.Get(t.Context(), height, known.Namespace(), make([]byte, 32))
			return err
		},
		"another namespace": func() error {
			_, err := c.Blob.Get(t.Context(), height, other, known.Commitment)
			return err
		},
		"another height": func() error {
			_, err := c.Blob.Get(t.Context(), 1, known.Namespace(), known.Commitment)
			return err
		},
		"a proof": func() error {
			_, err := c.Blob.GetProof(t.Context(), height, other, known.Commitment)
			return err
		},
	} {
		if err := ask(); !said(err, datypes.ErrBlobNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// lying has the only node that a gateway asks lie: no lie may pass for blobs, for their absence, or for a height to come.
func lying(t *testing.T, honest *jsonrpc.Client, dial transport, ns share.Namespace) {
	first := newBlob(t, ns, world.Random(t, 2000))
	client := dial(t, "CELESTIA_LIED_TO")
	read(t, client, submit(t, honest, first), first)
	defer world.Control(t, "/lie")
	for _, about := range []string{"bytes", "short", "missing", "pruned", "silence", "nonsense"} {
		blob := newBlob(t, ns, world.Random(t, 2000)) // one that the gateway has not read
		height := submit(t, honest, blob)
		world.Eventually(t, func() (bool, error) { // until the gateway knows of the block
			head, err := client.Header.NetworkHead(t.Context())
			return err == nil && head.Height >= height, err
		})
		world.Control(t, "/lie?about="+about)
		blobs, err := client.Blob.GetAll(t.Context(), height, []share.Namespace{ns})
		if err == nil || said(err, datypes.ErrBlobNotFound) || said(err, datypes.ErrHeightFromFuture) {
			t.Errorf("a lie about %s: %d blobs, %v", about, len(blobs), err)
		}
		world.Control(t, "/lie")
		read(t, client, height, blob)
	}
}

func halting(t *testing.T, c *jsonrpc.Client, ns share.Namespace) {
	before := newBlob(t, ns, world.Random(t, 1000))
	height := submit(t, c, before)
	world.Control(t, "/halt")
	resumed := sync.OnceFunc(func() { world.Control(t, "/resume") })
	defer resumed()
	world.Behind(t, "CELESTIA_FIRST")
	blob := newBlob(t, ns, world.Random(t, 1000))
	if _, err := c.Blob.Submit(t.Context(), []*jsonrpc.Blob{blob}, nil); err == nil {
		t.Error("a chain that stands still took a blob")
	}
	read(t, c, height, before)
	resumed()
	read(t, c, submit(t, c, blob), blob)
}

// TestCommitments has the gateway check commitments that go-square made, of every shape that subtrees have.
func TestCommitments(t *testing.T) {
	client := overHTTP(t, "CELESTIA_FIRST")
	ns := namespace(t, "commitments")
	t.Run("share commitments", func(t *testing.T) {
		var blobs []*jsonrpc.Blob
		for _, shares := range []int{1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 127, 128, 129, 192, 255, 257, 500} {
			for _, less := range []int{0, 1, 481} {
				if size := shares*482 - 4 - less; size > 0 {
					blobs = append(blobs, newBlob(t, ns, world.Random(t, size)))
				}
			}
		}
		signed, err := jsonrpc.NewBlob(share.ShareVersionOne, ns, world.Random(t, 5000), bytes.Repeat([]byte{7}, share.SignerSize), nil)
		if err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, signed)
		for some := range slices.Chunk(blobs, 8) { // as many as fit at once
			height := submit(t, client, some...)
			for _, blob := range some {
				if got, err := client.Blob.Get(t.Context(), height, ns, blob.Commitment); err != nil || !bytes.Equal(got.Signer(), blob.Signer()) {
					t.Errorf("%d bytes: %v", len(blob.Data()), err)
				}
			}
		}
		blobs[0].Commitment[0] ^= 1
		if _, err := client.Blob.Submit(t.Context(), blobs[:1], nil); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%x", blobs[0].Commitment)) {
			t.Errorf("another commitment: %v", err)
		}
	})
}
