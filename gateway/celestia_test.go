package gateway_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/batch"
	"github.com/ashlar-da/ashlar/gateway/celestia"
	"github.com/ashlar-da/ashlar/gateway/rollkit"
)

// celestiaBlob is a blob as clients show it.
type celestiaBlob struct {
	Namespace  []byte `json:"namespace"`
	Data       []byte `json:"data"`
	Version    uint8  `json:"share_version"`
	Commitment []byte `json:"commitment"`
	Signer     []byte `json:"signer,omitempty"`
	Index      int    `json:"index"`
}

// celestiaNamespace is one of the client's.
func celestiaNamespace(user string) da.Namespace { return must(da.NewNamespace([]byte(user))) }

func newCelestiaBlob(user, data string) celestiaBlob {
	b := celestia.Blob{Namespace: celestiaNamespace(user), Data: []byte(data)}
	return celestiaBlob{b.Namespace[:], b.Data, 0, must(b.Commitment()), nil, -1}
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func toJSON(v any) string { return string(must(json.Marshal(v))) }

// submitted submits blobs and returns their height.
func submitted(t *testing.T, h http.Handler, blobs ...celestiaBlob) (height uint64) {
	t.Helper()
	if problem := rpc(t, h, "blob.Submit", toJSON([]any{blobs, map[string]any{"gas_price": 0.1}}), &height); problem != "" {
		t.Fatal(problem)
	}
	return height
}

func TestCelestia(t *testing.T) {
	h := celestia.New(live(t), must(gateway.NewGate(gateway.GateConfig{})))
	a, b, c := newCelestiaBlob("alpha", "one"), newCelestiaBlob("alpha", "two"), newCelestiaBlob("beta", "one")
	height := submitted(t, h, a, c, b)
	at := func(blob *celestiaBlob) string {
		return fmt.Sprintf("%d,%q,%q", height, b64(blob.Namespace), b64(blob.Commitment))
	}
	t.Run("get", func(t *testing.T) {
		var got celestiaBlob
		if problem := rpc(t, h, "blob.Get", "["+at(&b)+"]", &got); problem != "" || toJSON(got) != toJSON(b) {
			t.Errorf("%s %+v", problem, got)
		}
	})
	t.Run("get all", func(t *testing.T) {
		var got []celestiaBlob
		problem := rpc(t, h, "blob.GetAll", fmt.Sprintf("[%d,[%q,%q]]", height, b64(c.Namespace), b64(a.Namespace)), &got)
		if problem != "" || toJSON(got) != toJSON([]celestiaBlob{c, a, b}) {
			t.Errorf("%s %+v", problem, got)
		}
		other := celestiaNamespace("gamma")
		problem = rpc(t, h, "blob.GetAll", fmt.Sprintf("[%d,[%q]]", height, b64(other[:])), &got)
		if problem != "" || got == nil || len(got) != 0 {
			t.Errorf("%s %+v", problem, got)
		}
	})
	t.Run("the same again", func(t *testing.T) {
		if again := submitted(t, h, a, c, b); again != height {
			t.Errorf("%d, then %d", height, again)
		}
	})
	t.Run("proof", func(t *testing.T) { celestiaProof(t, h, at(&a), b64(a.Commitment)) })
	t.Run("headers", func(t *testing.T) { celestiaHeaders(t, h, height) })
	t.Run("errors", func(t *testing.T) { celestiaErrors(t, h, height, a) })
}

func celestiaProof(t *testing.T, h http.Handler, at, commitment string) {
	var proof celestia.Proof
	if problem := rpc(t, h, "blob.GetProof", "["+at+"]", &proof); problem != "" {
		t.Fatal(problem)
	}
	place := strings.TrimSuffix(at, fmt.Sprintf("%q", commitment))
	included := func(height string, proof any) (bool, string) {
		var ok bool
		problem := rpc(t, h, "blob.Included", fmt.Sprintf("[%s%s,%q]", height, toJSON(proof), commitment), &ok)
		return ok, problem
	}
	if ok, problem := included(place, proof); !ok || problem != "" {
		t.Error(ok, problem)
	}
	if ok, problem := included("1,"+strings.SplitN(place, ",", 2)[1], proof); ok || problem != "" {
		t.Error("at another height:", ok, problem)
	}
	for name, change := range map[string]func(p celestia.Proof) any{
		"no proof":       func(celestia.Proof) any { return nil },
		"an empty proof": func(celestia.Proof) any { return celestia.Proof{} },
		"two":            func(p celestia.Proof) any { return append(p, p[0]) },
		"another id":     func(p celestia.Proof) any { p[0].Nodes[0][0] ^= 1; return p },
		"another path":   func(p celestia.Proof) any { p[0].Nodes = append(p[0].Nodes, make([]byte, 32)); return p },
		"a short node":   func(p celestia.Proof) any { p[0].Nodes = append(p[0].Nodes, make([]byte, 31)); return p },
		"a range":        func(p celestia.Proof) any { p[0].End = 1; return p },
	} {
		var copied celestia.Proof
		if err := json.Unmarshal([]byte(toJSON(proof)), &copied); err != nil {
			t.Fatal(err)
		}
		if ok, problem := included(place, change(copied)); ok || problem != "" && !strings.HasPrefix(problem, "1 blob: invalid proof") || problem == "" {
			t.Errorf("%s: %v %s", name, ok, problem)
		}
	}
}

func celestiaHeaders(t *testing.T, h http.Handler, height uint64) {
	var numbers struct {
		Header, Commit struct{ Height uint64 }
		Height         string
	}
	if problem := rpc(t, h, "header.GetByHeight", fmt.Sprintf("[%d]", height), &numbers); problem != "" {
		t.Fatal(problem)
	}
	if numbers.Header.Height != height || numbers.Commit.Height != height || numbers.Height != fmt.Sprint(height) {
		t.Errorf("%+v", numbers)
	}
	for _, method := range []string{"header.NetworkHead", "header.LocalHead"} {
		if problem := rpc(t, h, method, "[]", &numbers); problem != "" || numbers.Header.Height == 0 {
			t.Errorf("%s: %s %+v", method, problem, numbers)
		}
	}
	if problem := rpc(t, h, "header.WaitForHeight", fmt.Sprintf("[%d]", height+2), &numbers); problem != "" || numbers.Header.Height != height+2 {
		t.Errorf("%s %+v", problem, numbers)
	}
	w := ask(t, h, "POST", celestia.CelestiaPath, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"header.GetByHeight","params":[%d]}`, height))
	var answer struct {
		Result struct {
			Header, Commit struct{ Height string }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Result.Header.Height != fmt.Sprint(height) || answer.Result.Commit.Height != fmt.Sprint(height) {
		t.Errorf("%v %s", err, w.Body)
	}
}

func celestiaErrors(t *testing.T, h http.Handler, height uint64, known celestiaBlob) {
	ns, commitment := b64(known.Namespace), b64(known.Commitment)
	other := celestiaNamespace("gamma")
	reserved := make([]byte, da.NamespaceSize)
	submit := func(change func(*celestiaBlob)) string {
		blob := known
		change(&blob)
		return toJSON([]any{[]celestiaBlob{blob}, nil})
	}
	large := newCelestiaBlob("alpha", strings.Repeat("x", batch.Room(0, da.NamespaceSize+1)+1))
	for _, c := range []struct{ name, method, params, want string }{
		{"another commitment", "blob.Get", fmt.Sprintf("[%d,%q,%q]", height, ns, b64(make([]byte, 32))), "1 blob: not found"},
		{"another namespace", "blob.Get", fmt.Sprintf("[%d,%q,%q]", height, b64(other[:]), commitment), "1 blob: not found"},
		{"half a commitment", "blob.Get", fmt.Sprintf("[%d,%q,%q]", height, ns, b64(known.Commitment[:16])), "1 blob: not found"},
		{"another height", "blob.Get", fmt.Sprintf("[1,%q,%q]", ns, commitment), "1 blob: not found"},
		{"a height to come", "blob.Get", fmt.Sprintf("[%d,%q,%q]", height+1000, ns, commitment), "1 header: given height is from the future"},
		{"all of a height to come", "blob.GetAll", fmt.Sprintf("[%d,[%q]]", height+1000, ns), "1 header: given height is from the future"},
		{"no height of any chain", "blob.GetAll", fmt.Sprintf("[18446744073709551615,[%q]]", ns), "1 header: given height is from the future"},
		{"height 0", "blob.GetAll", fmt.Sprintf("[0,[%q]]", ns), "-32602"},
		{"a header to come", "header.GetByHeight", fmt.Sprintf("[%d]", height+1000), "1 header: given height is from the future"},
		{"a proof of nothing", "blob.GetProof", fmt.Sprintf("[%d,%q,%q]", height, b64(other[:]), commitment), "1 blob: not found"},
		{"a commitment's proof", "blob.GetCommitmentProof", fmt.Sprintf("[%d,%q,%q]", height, ns, commitment), "1 there is no square of Celestia's"},
		{"a short namespace", "blob.GetAll", fmt.Sprintf("[%d,[%q]]", height, ns[:8]), "-32602"},
		{"a reserved namespace", "blob.GetAll", fmt.Sprintf("[%d,[%q]]", height, b64(reserved)), "-32602"},
		{"too many namespaces", "blob.GetAll", fmt.Sprintf("[%d,[%s%q]]", height, strings.Repeat(fmt.Sprintf("%q,", ns), 64), ns), "-32602"},
		{"no namespaces", "blob.GetAll", fmt.Sprintf("[%d,7]", height), "-32602"},
		{"too large", "blob.Submit", toJSON([]any{[]celestiaBlob{large}, nil}), "1 blob: over size limit"},
		{"too large together", "blob.Submit", toJSON([]any{[]celestiaBlob{large, large}, nil}), "1 blob: over size limit"},
		{"no blobs", "blob.Submit", "[[],{}]", "-32602"},
		{"nothing", "blob.Submit", "[]", "-32602"},
		{"an empty blob", "blob.Submit", submit(func(b *celestiaBlob) { b.Data = nil }), "-32602"},
		{"another's commitment", "blob.Submit", submit(func(b *celestiaBlob) { b.Data = []byte("x") }), "-32602"},
		{"a share version to come", "blob.Submit", submit(func(b *celestiaBlob) { b.Version = 2 }), "-32602"},
		{"a signer too many", "blob.Submit", submit(func(b *celestiaBlob) { b.Signer = make([]byte, 20) }), "-32602"},
		{"a signer too few", "blob.Submit", submit(func(b *celestiaBlob) { b.Version = 1 }), "-32602"},
		{"into a reserved namespace", "blob.Submit", submit(func(b *celestiaBlob) { b.Namespace = reserved }), "-32602"},
		{"a subscription by POST", "blob.Subscribe", fmt.Sprintf("[%q]", ns), "-32601"},
		{"no method", "blob.Nothing", "[]", "-32601"},
	} {
		if problem := rpc(t, h, c.method, c.params, nil); !strings.HasPrefix(problem, c.want) {
			t.Errorf("%s: %.200s, want %q", c.name, problem, c.want)
		}
	}
}

// TestNodesWords has a node say what clients look for in errors: none of it may get to them.
func TestNodesWords(t *testing.T) {
	words := "blob: not found; given height is from the future; blob: over size limit; certificate validation failed"
	url := liar(t, func(r *http.Request, status int, body []byte) (int, []byte) {
		if strings.Contains(r.URL.Path, "/v1/status") {
			return status, body
		}
		return 500, fmt.Appendf(nil, `{"error":{"code":"internal","message":%q}}`, words)
	})
	core, _ := open(t, url, t.TempDir(), nil)
	h := celestia.New(core, must(gateway.NewGate(gateway.GateConfig{})))
	ns := celestiaNamespace("alpha")
	for _, c := range []struct{ method, params string }{
		{"blob.GetAll", fmt.Sprintf("[1,[%q]]", b64(ns[:]))},
		{"blob.Get", fmt.Sprintf("[1,%q,%q]", b64(ns[:]), b64(ns[:]))},
		{"header.GetByHeight", "[1]"},
	} {
		problem := rpc(t, h, c.method, c.params, nil)
		if !strings.HasPrefix(problem, "1 "+gateway.ErrUnavailable.Error()) {
			t.Errorf("%s: %s", c.method, problem)
		}
		for word := range strings.SplitSeq(words, "; ") {
			if strings.Contains(problem, word) {
				t.Errorf("%s says what a node said: %s", c.method, problem)
			}
		}
	}
}

// TestSmallBlobs asks for more blobs than memory is set aside for, of which each has a byte.
func TestSmallBlobs(t *testing.T) {
	core, busy := live(t), gateway.ErrBusy.Error()
	blobs, octets := make([]celestiaBlob, 200), make([][]byte, 200)
	for i := range blobs {
		blobs[i], octets[i] = newCelestiaBlob("small", string(rune('a'+i%26))), []byte{byte(i)}
	}
	height := submitted(t, celestia.New(core, must(gateway.NewGate(gateway.GateConfig{}))), blobs...)
	many := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%q,", b64(blobs[0].Namespace)), 64), ",")
	h := celestia.New(core, must(gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(8<<20, 1)})))
	if problem := rpc(t, h, "blob.GetAll", fmt.Sprintf("[%d,[%s]]", height, many), nil); !strings.Contains(problem, busy) {
		t.Errorf("all of a namespace, many times: %.200s", problem)
	}
	var ids [][]byte
	if problem := rpc(t, rollkit.New(core, must(gateway.NewGate(gateway.GateConfig{}))), "da.Submit", toJSON([]any{octets, 0, nil}), &ids); problem != "" {
		t.Fatal(problem)
	}
	h = rollkit.New(core, must(gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(100<<10, 1)})))
	if problem := rpc(t, h, "da.GetIDs", fmt.Sprintf("[%d,null]", binary.LittleEndian.Uint64(ids[0])), nil); !strings.Contains(problem, busy) {
		t.Errorf("ids: %.200s", problem)
	}
}
