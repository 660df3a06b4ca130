package gateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

func put(t *testing.T, core *gateway.Core, data []byte) gateway.Ref {
	t.Helper()
	ref, err := core.Put(t.Context(), everybody(), data)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestWhatIsPutIsReadAndPutOnce(t *testing.T) {
	dir := t.TempDir()
	core, stop := open(t, startNode().URL(), dir, nil)
	ready(t, core)
	data := []byte("put before the restart")
	ref := put(t, core, data)
	check := func(name string, core *gateway.Core) {
		t.Helper()
		blob, err := core.Get(t.Context(), ref)
		if err != nil || !bytes.Equal(blob.Data, data) {
			t.Errorf("%s: get: %v", name, err)
		}
		if again := put(t, core, data); again != ref {
			t.Errorf("%s: put again: %v, was %v", name, again, ref)
		}
		if found, err := core.FindKeccak(t.Context(), da.Keccak256(data)); err != nil || found != ref {
			t.Errorf("%s: by keccak: %v, %v", name, found, err)
		}
	}
	check("at once", core)
	stop()
	core, stop = open(t, startNode().URL(), dir, nil)
	ready(t, core)
	check("after a restart", core)
	stop()
	core, _ = open(t, startNode().URL(), t.TempDir(), nil)
	ready(t, core)
	check("with nothing but the chain", core)
}

func TestConcurrentPuts(t *testing.T) {
	core := live(t)
	const distinct, each = 25, 4
	var refs [distinct * each]gateway.Ref
	var group sync.WaitGroup
	for i := range refs {
		group.Go(func() {
			var err error
			if refs[i], err = core.Put(t.Context(), everybody(), fmt.Appendf(nil, "blob %d", i%distinct)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	seen := map[gateway.Ref]bool{}
	for i, ref := range refs {
		if seen[ref] = true; ref != refs[i%distinct] {
			t.Errorf("put %d is %v, and the same bytes were %v", i, ref, refs[i%distinct])
		}
		if blob, err := core.Get(t.Context(), ref); err != nil || string(blob.Data) != fmt.Sprintf("blob %d", i%distinct) {
			t.Errorf("get %d: %v", i, err)
		}
	}
	if len(seen) != distinct {
		t.Errorf("%d blobs posted of %d contents", len(seen), distinct)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	core := live(t)
	ref := put(t, core, []byte("there"))
	for name, c := range map[string]struct {
		ref  gateway.Ref
		want error
	}{
		"another id":            {gateway.Ref{Height: ref.Height, ID: da.BlobID{1}}, da.ErrNotFound},
		"another height":        {gateway.Ref{Height: 1, ID: ref.ID}, da.ErrNotFound},
		"height 0":              {gateway.Ref{Height: 0, ID: ref.ID}, da.ErrNotFound},
		"no chain's height":     {gateway.Ref{Height: math.MaxUint64, ID: ref.ID}, da.ErrNotFound},
		"a height that may yet": {gateway.Ref{Height: ref.Height + 1e6, ID: ref.ID}, gateway.ErrBehind},
	} {
		if _, err := core.Get(t.Context(), c.ref); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := core.FindKeccak(t.Context(), da.Keccak256([]byte("never put"))); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("unknown keccak: %v", err)
	}
	if _, err := core.FindRow(t.Context(), [32]byte{1}); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("unknown versioned hash: %v", err)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{"nothing": {nil, da.ErrInvalidBlob}, "too much": {make([]byte, gateway.MaxSize+1), da.ErrTooLarge}} {
		if _, err := core.Put(t.Context(), everybody(), c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestALyingNode has the one node that is asked lie about a blob that exists: no lie may come out as other
// bytes, or as the blob's absence.
func TestALyingNode(t *testing.T) {
	honest := live(t)
	data := []byte("the truth")
	ref := put(t, honest, data)
	type lie = func(r *http.Request, status int, body []byte) (int, []byte)
	about := func(part string, answer lie) lie {
		return func(r *http.Request, status int, body []byte) (int, []byte) {
			if strings.Contains(r.URL.Path, part) {
				return answer(r, status, body)
			}
			return status, body
		}
	}
	says := func(status int, code string) lie {
		return func(*http.Request, int, []byte) (int, []byte) {
			return status, fmt.Appendf(nil, `{"error":{"code":%q,"message":"a lie"}}`, code)
		}
	}
	for name, c := range map[string]lie{
		"other bytes":       about("/data", func(*http.Request, int, []byte) (int, []byte) { return 200, []byte("a lie...") }),
		"bytes not found":   about("/data", says(404, "not_found")),
		"bytes pruned":      about("/data", says(410, "pruned")),
		"blob not found":    about("/v1/blobs/", says(404, "not_found")),
		"entries not found": about("/v1/namespaces/", says(404, "not_found")),
		"entries pruned":    about("/v1/namespaces/", says(410, "pruned")),
		"entries to come":   about("/v1/namespaces/", says(404, "future_height")),
		"no entries": about("/v1/namespaces/", func(_ *http.Request, _ int, body []byte) (int, []byte) {
			start, end := bytes.Index(body, []byte(`"entries":[`)), bytes.Index(body, []byte(`],"proof"`))
			if start < 0 || end < start {
				return 500, nil
			}
			return 200, append(append(bytes.Clone(body[:start]), `"entries":[`...), body[end:]...)
		}),
		"another block's header": about("/v1/headers/", says(404, "not_found")),
		"garbage":                func(*http.Request, int, []byte) (int, []byte) { return 200, []byte("{}") },
		"nothing":                func(*http.Request, int, []byte) (int, []byte) { return 502, nil },
	} {
		core, _ := open(t, liar(t, c), t.TempDir(), nil)
		_, err := core.Get(t.Context(), ref)
		if !errors.Is(err, gateway.ErrUnavailable) && !errors.Is(err, gateway.ErrBehind) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := core.FindKeccak(t.Context(), da.Keccak256(data)); err != nil && !errors.Is(err, gateway.ErrBehind) {
			t.Errorf("%s: by keccak: %v", name, err)
		}
	}
}

// TestANodeThatBeginsToLie says of everything that it is not found, once the gateway knows the chain.
func TestANodeThatBeginsToLie(t *testing.T) {
	var lying atomic.Bool
	core, _ := open(t, liar(t, func(_ *http.Request, status int, body []byte) (int, []byte) {
		if lying.Load() {
			return 404, []byte(`{"error":{"code":"not_found","message":"a lie"}}`)
		}
		return status, body
	}), t.TempDir(), nil)
	ready(t, core)
	lying.Store(true)
	_, byKeccak := core.FindKeccak(t.Context(), [32]byte{1})
	_, byHash := core.FindRow(t.Context(), [32]byte{1})
	_, byRef := core.Get(t.Context(), gateway.Ref{Height: 1e6, ID: da.BlobID{1}})
	_, put := core.Put(t.Context(), everybody(), []byte("x"))
	_, entries := core.Entries(t.Context(), 1e6)
	for name, err := range map[string]error{"by keccak": byKeccak, "by versioned hash": byHash, "by commitment": byRef, "put": put, "entries": entries} {
		if status := gateway.Status(err); status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d %v", name, status, err)
		}
	}
}

// TestANodeThatPostsNothing has the node that pays name a blob that is there, of other bytes, in place of what it was handed.
func TestANodeThatPostsNothing(t *testing.T) {
	other := put(t, live(t), []byte("another blob"))
	core, _ := open(t, liar(t, func(r *http.Request, status int, body []byte) (int, []byte) {
		var receipt map[string]any
		if r.URL.Path != "/v1/blobs" || json.Unmarshal(body, &receipt) != nil {
			return status, body
		}
		receipt["id"], receipt["height"] = other.ID, other.Height
		return status, must(json.Marshal(receipt))
	}), t.TempDir(), func(c *client.Config, _ *gateway.Config) { c.Signer, c.Journal = nil, "" })
	ready(t, core)
	if ref, err := core.Put(t.Context(), everybody(), []byte("what was handed over")); gateway.Status(err) != http.StatusServiceUnavailable {
		t.Errorf("%v, %v", ref, err)
	}
}

func TestOneHonestNodeIsEnough(t *testing.T) {
	honest := live(t)
	data := []byte("the truth")
	ref := put(t, honest, data)
	forged := liar(t, func(r *http.Request, status int, body []byte) (int, []byte) {
		if strings.Contains(r.URL.Path, "/data") {
			return 200, []byte("a lie...")
		}
		return status, body
	})
	core, _ := open(t, forged, t.TempDir(), func(c *client.Config, _ *gateway.Config) { c.Fallbacks = []string{startNode().URL()} })
	if blob, err := core.Get(t.Context(), ref); err != nil || !bytes.Equal(blob.Data, data) {
		t.Errorf("%v", err)
	}
}

func TestPutsWaitForTheChain(t *testing.T) {
	node := liar(t, func(r *http.Request, status int, body []byte) (int, []byte) { return 502, nil })
	core, _ := open(t, node, t.TempDir(), nil)
	if _, err := core.Put(t.Context(), everybody(), []byte("too early")); !errors.Is(err, gateway.ErrBehind) {
		t.Errorf("before the chain is known: %v", err)
	}
	halted, _ := open(t, startNode().URL(), t.TempDir(), func(_ *client.Config, c *gateway.Config) { c.MaxLag = time.Nanosecond })
	if _, err := halted.Put(t.Context(), everybody(), []byte("too late")); !errors.Is(err, gateway.ErrBehind) {
		t.Errorf("when the newest block is old: %v", err)
	}
}

func TestIndexFile(t *testing.T) {
	dir := t.TempDir()
	core, stop := open(t, startNode().URL(), dir, nil)
	ready(t, core)
	data := []byte("indexed")
	ref := put(t, core, data)
	for {
		if body := must(os.ReadFile(filepath.Join(dir, "index"))); bytes.Contains(body, ref.ID[:]) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	whole := must(os.ReadFile(filepath.Join(dir, "index")))
	for name, content := range map[string][]byte{
		"torn":        whole[:len(whole)-3],
		"with a tail": append(bytes.Clone(whole), 0, 0, 0, 200, 1, 2, 3),
		"flipped":     append(bytes.Clone(whole[:len(whole)-1]), whole[len(whole)-1]^1),
		"empty":       nil,
	} {
		again := t.TempDir()
		if err := os.WriteFile(filepath.Join(again, "index"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		core, stop := open(t, startNode().URL(), again, nil)
		ready(t, core)
		if found, err := core.FindKeccak(t.Context(), da.Keccak256(data)); err != nil || found != ref {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		stop()
	}
	other := gateway.Config{Client: new(client.Client), Namespace: da.Namespace{28: 1, 27: 1}, Index: filepath.Join(dir, "index"), Log: discard()}
	if _, err := gateway.New(other); err == nil {
		t.Error("another namespace's index is taken")
	}
}

// TestWhatIsOldIsPutAnew has a retention so short that what was put is soon not to be relied on.
func TestWhatIsOldIsPutAnew(t *testing.T) {
	core, _ := open(t, startNode().URL(), t.TempDir(), func(_ *client.Config, c *gateway.Config) { c.Retention = 8 * time.Second })
	ready(t, core)
	data := []byte("to be renewed")
	first := put(t, core, data)
	for {
		again := put(t, core, data)
		if again.Height > first.Height {
			break
		}
		if again != first {
			t.Fatalf("%v, then %v", first, again)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if found, err := core.FindKeccak(t.Context(), da.Keccak256(data)); err != nil || found.Height <= first.Height {
		t.Errorf("%v, %v", found, err)
	}
}

// TestWhatTheIndexHasNotIsPutAnew has a client that remembers where it put what the index does not reach back to.
func TestWhatTheIndexHasNotIsPutAnew(t *testing.T) {
	dir := t.TempDir()
	core, stop := open(t, startNode().URL(), dir, nil)
	ready(t, core)
	data := []byte("older than the index")
	first := put(t, core, data)
	stop()
	if err := os.Remove(filepath.Join(dir, "index")); err != nil {
		t.Fatal(err)
	}
	core, _ = open(t, startNode().URL(), dir, func(_ *client.Config, c *gateway.Config) { c.From = first.Height + 1 })
	ready(t, core)
	if again := put(t, core, data); again.Height <= first.Height {
		t.Errorf("%v, as the client remembers", again)
	}
}
