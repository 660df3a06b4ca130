// Package goda has the client of go-da, by which rollups of Rollkit spoke, use a gateway, and runs go-da's own suite against it.
// `make conformance`, from the repository's root, starts what it speaks to.
package goda

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollkit/go-da"
	"github.com/rollkit/go-da/proxy/jsonrpc"
	suite "github.com/rollkit/go-da/test"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

func dial(t *testing.T, where string) *jsonrpc.API {
	t.Helper()
	client, err := jsonrpc.NewClient(t.Context(), world.At(t, where), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &client.DA
}

// forgetting is the time after which the node that forgets has nothing more of a block.
const forgetting = 90 * time.Second

var namespace = da.Namespace("rollup")

func submit(t *testing.T, c *jsonrpc.API, blobs ...da.Blob) []da.ID {
	t.Helper()
	ids, err := c.Submit(t.Context(), blobs, 0, namespace)
	if err != nil || len(ids) != len(blobs) {
		t.Fatalf("%d ids of %d blobs: %v", len(ids), len(blobs), err)
	}
	return ids
}

func absent(err error) bool { return errors.Is(err, &da.ErrBlobNotFound{}) }

func future(err error) bool { return errors.Is(err, &da.ErrFutureHeight{}) }

// read returns once the client reads the blob: another node may be a moment behind, which must not be absence.
func read(t *testing.T, c *jsonrpc.API, id da.ID, want da.Blob) {
	t.Helper()
	world.Eventually(t, func() (bool, error) {
		got, err := c.Get(t.Context(), []da.ID{id}, namespace)
		if absent(err) {
			t.Fatal(err)
		}
		if err == nil && (len(got) != 1 || !bytes.Equal(got[0], want)) {
			t.Fatalf("%d blobs, not the one", len(got))
		}
		return err == nil, err
	})
}

func height(id da.ID) uint64 { return binary.LittleEndian.Uint64(id) }

// TestGoDA is go-da's suite. It looks for a batch from height 1 on and takes a second for that, on a layer that nobody else
// uses; so what others posted to the gateway's namespace by now is read once before, as a gateway keeps what it read.
func TestGoDA(t *testing.T) {
	c := dial(t, "ROLLKIT_FIRST")
	ids, err := c.Submit(t.Context(), []da.Blob{world.Random(t, 10)}, 0, da.Namespace("test")) // the suite's namespace
	if err != nil {
		t.Fatal(err)
	}
	newest := height(ids[0])
	for h := uint64(1); h <= newest; h++ {
		if _, err := c.GetIDs(t.Context(), h, nil); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("go-da's suite", func(t *testing.T) { suite.RunDATestSuite(t, c) })
}

func TestRollkit(t *testing.T) {
	first := dial(t, "ROLLKIT_FIRST")
	early := world.Random(t, 1000)
	forgotten, began := submit(t, first, early)[0], time.Now()
	size, err := first.MaxBlobSize(t.Context())
	if err != nil || size < 1<<20 {
		t.Fatal(size, err)
	}
	t.Run("put and get", func(t *testing.T) {
		for _, n := range []uint64{1, 1000, 300_000, size} {
			data := world.Random(t, int(n))
			read(t, first, submit(t, first, data)[0], data)
		}
	})
	t.Run("read from another node", func(t *testing.T) {
		data := world.Random(t, 5000)
		read(t, dial(t, "ROLLKIT_OTHER"), submit(t, first, data)[0], data)
	})
	t.Run("put twice", func(t *testing.T) {
		data := world.Random(t, 500)
		if a, b := submit(t, first, data)[0], submit(t, first, data)[0]; !bytes.Equal(a, b) {
			t.Errorf("%x, then %x", a, b)
		}
	})
	t.Run("many at one height", func(t *testing.T) { many(t, first) })
	t.Run("proofs", func(t *testing.T) { proofs(t, first, forgotten) })
	t.Run("100 puts at once", func(t *testing.T) { hundred(t, first) })
	t.Run("oversize", func(t *testing.T) {
		for _, n := range []int{int(size) + 400, 5 << 20} {
			if _, err := first.Submit(t.Context(), []da.Blob{world.Random(t, n)}, 0, namespace); !errors.Is(err, &da.ErrBlobSizeOverLimit{}) {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	})
	t.Run("unknown", func(t *testing.T) {
		changed := bytes.Clone(forgotten)
		changed[8] ^= 1
		for name, id := range map[string]da.ID{"another commitment": changed, "half an id": forgotten[:20], "nothing": {}} {
			if _, err := first.Get(t.Context(), []da.ID{id}, namespace); !absent(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := first.Get(t.Context(), []da.ID{forgotten}, da.Namespace("another")); !absent(err) {
			t.Errorf("another namespace: %v", err)
		}
	})
	t.Run("future height", func(t *testing.T) {
		if _, err := first.GetIDs(t.Context(), height(forgotten)+100_000, namespace); !future(err) {
			t.Errorf("%v", err)
		}
		changed := bytes.Clone(forgotten)
		changed[3] = 1
		if _, err := first.Get(t.Context(), []da.ID{changed}, namespace); !future(err) {
			t.Errorf("%v", err)
		}
	})
	t.Run("lying node", func(t *testing.T) { lying(t, first) })
	t.Run("pruned", func(t *testing.T) {
		client := dial(t, "ROLLKIT_FORGETS")
		world.Eventually(t, func() (bool, error) { return time.Since(began) > forgetting, nil }) // a gateway keeps what it read
		_, err := client.GetIDs(t.Context(), height(forgotten), namespace)
		if err == nil || !strings.Contains(err.Error(), "pruned") || absent(err) || future(err) {
			t.Error(err)
		}
	})
	t.Run("node restarts", func(t *testing.T) {
		data := world.Random(t, 3000)
		id := submit(t, first, data)[0]
		world.Control(t, "/restart-node")
		read(t, first, id, data)
	})
	t.Run("gateway restarts", func(t *testing.T) {
		data := world.Random(t, 3000)
		id := submit(t, first, data)[0]
		world.Control(t, "/restart-gateway")
		read(t, first, id, data)
		if again := submit(t, first, data)[0]; !bytes.Equal(again, id) {
			t.Errorf("%x, then %x", id, again)
		}
	})
	t.Run("chain halts and resumes", func(t *testing.T) { halting(t, first) })
}

// many submits blobs at once: they are at one height, in order, and of their namespace.
func many(t *testing.T, c *jsonrpc.API) {
	blobs := []da.Blob{world.Random(t, 700), world.Random(t, 7000), {}, world.Random(t, 70)}
	ids := submit(t, c, blobs...)
	commitments, err := c.Commit(t.Context(), blobs, namespace)
	if err != nil || len(commitments) != len(ids) {
		t.Fatal(commitments, err)
	}
	found, err := c.GetIDs(t.Context(), height(ids[0]), namespace)
	if err != nil || len(found.IDs) != len(ids) || found.Timestamp.IsZero() {
		t.Fatalf("%+v, %v", found, err)
	}
	for i := range ids {
		if !bytes.Equal(found.IDs[i], ids[i]) || !bytes.Equal(ids[i][8:], commitments[i]) {
			t.Errorf("id %d: %x, %x, commitment %x", i, ids[i], found.IDs[i], commitments[i])
		}
	}
	got, err := c.Get(t.Context(), ids, namespace)
	if err != nil || len(got) != len(blobs) {
		t.Fatalf("%d blobs: %v", len(got), err)
	}
	for i := range got {
		if !bytes.Equal(got[i], blobs[i]) {
			t.Errorf("blob %d differs", i)
		}
	}
	if other, err := c.GetIDs(t.Context(), height(ids[0]), da.Namespace("another")); err != nil || len(other.IDs) != 0 {
		t.Errorf("of another namespace: %+v, %v", other, err)
	}
}

func proofs(t *testing.T, c *jsonrpc.API, id da.ID) {
	given, err := c.GetProofs(t.Context(), []da.ID{id}, namespace)
	if err != nil || len(given) != 1 {
		t.Fatal(given, err)
	}
	other := bytes.Clone(id)
	other[8] ^= 1
	changed := bytes.Clone(given[0])
	changed[0] ^= 1
	ok, err := c.Validate(t.Context(), []da.ID{id, other, id, id, id}, []da.Proof{given[0], given[0], changed, given[0][:31], {}}, namespace)
	if err != nil || len(ok) != 5 || !ok[0] || ok[1] || ok[2] || ok[3] || ok[4] {
		t.Errorf("%v, %v", ok, err)
	}
	if ok, err := c.Validate(t.Context(), []da.ID{id}, given, da.Namespace("another")); err != nil || ok[0] {
		t.Errorf("another namespace: %v, %v", ok, err)
	}
}

func hundred(t *testing.T, c *jsonrpc.API) {
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			data := world.Random(t, 2000)
			ids, err := c.Submit(t.Context(), []da.Blob{data}, 0, namespace)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := c.Get(t.Context(), ids, namespace); err != nil || !bytes.Equal(got[0], data) {
				t.Errorf("%x: %v", ids, err)
			}
		})
	}
	group.Wait()
}

// lying has the only node that a gateway asks lie: no lie may pass for a blob, for its absence, or for a height to come.
func lying(t *testing.T, honest *jsonrpc.API) {
	data := world.Random(t, 2000)
	client := dial(t, "ROLLKIT_LIED_TO")
	read(t, client, submit(t, honest, data)[0], data)
	defer world.Control(t, "/lie")
	for _, about := range []string{"bytes", "short", "missing", "pruned", "silence", "nonsense"} {
		data := world.Random(t, 2000) // that the gateway has not read
		id := submit(t, honest, data)[0]
		world.Eventually(t, func() (bool, error) { // until the gateway's node is beyond the block
			_, err := client.GetIDs(t.Context(), height(id)+1, namespace)
			return err == nil, err
		})
		world.Control(t, "/lie?about="+about)
		if _, err := client.Get(t.Context(), []da.ID{id}, namespace); err == nil || absent(err) || future(err) {
			t.Errorf("a lie about %s: %v", about, err)
		}
		world.Control(t, "/lie")
		read(t, client, id, data)
	}
}

func halting(t *testing.T, c *jsonrpc.API) {
	before := world.Random(t, 1000)
	id := submit(t, c, before)[0]
	world.Control(t, "/halt")
	resumed := sync.OnceFunc(func() { world.Control(t, "/resume") })
	defer resumed()
	world.Behind(t, "ROLLKIT_FIRST")
	data := world.Random(t, 1000)
	if _, err := c.Submit(t.Context(), []da.Blob{data}, 0, namespace); err == nil {
		t.Error("a chain that stands still took a blob")
	}
	read(t, c, id, before)
	resumed()
	read(t, c, submit(t, c, data)[0], data)
}
