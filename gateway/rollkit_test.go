package gateway_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/rollkit"
)

func TestRollkit(t *testing.T) {
	core := live(t)
	h := rollkit.New(core, must(gateway.NewGate(gateway.GateConfig{})))
	namespace := b64([]byte("rollup"))
	var ids, again, anew, got, proofs, commitments [][]byte
	var size uint64
	blobs := [][]byte{[]byte("one"), []byte("two")}
	for _, c := range []struct {
		method string
		params []any
		into   any
	}{
		{"da.MaxBlobSize", []any{}, &size},
		{"da.Submit", []any{blobs, 0, []byte("rollup")}, &ids},
		{"da.Submit", []any{blobs, 2.5, []byte("rollup")}, &again},
		{"da.SubmitWithOptions", []any{blobs, 0, []byte("rollup"), []byte("options")}, &anew},
		{"da.Commit", []any{blobs, []byte("rollup")}, &commitments},
	} {
		if problem := rpc(t, h, c.method, toJSON(c.params), c.into); problem != "" {
			t.Fatalf("%s: %s", c.method, problem)
		}
	}
	if len(ids) != 2 || toJSON(ids) != toJSON(again) || toJSON(ids) == toJSON(anew) || !bytes.Equal(ids[1][8:], commitments[1]) || size == 0 {
		t.Fatalf("%x, again %x, with options %x, commitments %x", ids, again, anew, commitments)
	}
	place := toJSON(ids) + "," + fmt.Sprintf("%q", namespace)
	for method, into := range map[string]*[][]byte{"da.Get": &got, "da.GetProofs": &proofs} {
		if problem := rpc(t, h, method, "["+place+"]", into); problem != "" {
			t.Fatalf("%s: %s", method, problem)
		}
	}
	if toJSON(got) != toJSON(blobs) {
		t.Errorf("%q", got)
	}
	var valid []bool
	if problem := rpc(t, h, "da.Validate", toJSON([]any{append(ids, ids[0]), append(proofs, proofs[0][1:]), []byte("rollup")}), &valid); problem != "" || toJSON(valid) != "[true,true,false]" {
		t.Errorf("%s %v", problem, valid)
	}
	height := uint64(ids[0][0]) | uint64(ids[0][1])<<8
	changed := bytes.Clone(ids[0])
	changed[8] ^= 1
	for _, c := range []struct{ name, method, params, want string }{
		{"all of a height", "da.GetIDs", fmt.Sprintf("[%d,%q]", height, namespace), ""},
		{"all namespaces of a height", "da.GetIDs", fmt.Sprintf("[%d,null]", height), ""},
		{"a height to come", "da.GetIDs", fmt.Sprintf("[%d,%q]", height+100_000, namespace), "32008 given height is from the future"},
		{"another commitment", "da.Get", toJSON([]any{[][]byte{changed}, []byte("rollup")}), "32001 blob: not found"},
		{"another namespace", "da.Get", toJSON([]any{ids, []byte("another")}), "32001 blob: not found"},
		{"no id", "da.Get", toJSON([]any{[][]byte{[]byte("invalid blob id")}, []byte("rollup")}), "32001 blob: not found"},
		{"height 0", "da.Get", toJSON([]any{[][]byte{make([]byte, 40)}, []byte("rollup")}), "32001 blob: not found"},
		{"a proof of nothing", "da.GetProofs", toJSON([]any{[][]byte{changed}, []byte("rollup")}), "32001 blob: not found"},
		{"too large", "da.Submit", toJSON([]any{[][]byte{make([]byte, gateway.MaxSize)}, 0, nil}), "32002 blob: over size limit"},
		{"too many blobs", "da.Submit", toJSON([]any{make([][]byte, 1001), 0, nil}), "32002 blob: over size limit"},
		{"too many ids", "da.Get", toJSON([]any{make([][]byte, 1001), nil}), "-32602"},
		{"too many to prove", "da.GetProofs", toJSON([]any{make([][]byte, 1001), nil}), "-32602"},
		{"as many ids as there may be", "da.Get", toJSON([]any{slices.Repeat(ids[:1], 1000), []byte("rollup")}), ""},
		{"nothing to submit", "da.Submit", "[[],0,null]", ""},
		{"a long namespace", "da.Submit", toJSON([]any{blobs, 0, make([]byte, 256)}), "-32602"},
		{"proofs of other ids", "da.Validate", toJSON([]any{ids, proofs[:1], []byte("rollup")}), "-32602"},
		{"too few parameters", "da.Submit", "[[]]", "-32602"},
		{"too many", "da.Submit", "[[],0,null,null,null]", "-32602"},
		{"no method", "da.Nothing", "[]", "-32601"},
	} {
		if problem := rpc(t, h, c.method, c.params, nil); !strings.HasPrefix(problem, c.want) || c.want == "" && problem != "" {
			t.Errorf("%s: %.200s, want %q", c.name, problem, c.want)
		}
	}
}
