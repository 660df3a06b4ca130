package rollkit

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
)

// FuzzHandler asks the handler anything, with no chain behind it.
func FuzzHandler(f *testing.F) {
	var calls [][]byte
	for method, params := range map[string]string{
		"MaxBlobSize":       `[]`,
		"Get":               `[["AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="],"AA=="]`,
		"GetIDs":            `[1,null]`,
		"GetProofs":         `[["AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="],"AA=="]`,
		"Commit":            `[["AA=="],"AA=="]`,
		"Validate":          `[["AA=="],["AA=="],""]`,
		"Submit":            `[["AA=="],0.5,"AA=="]`,
		"SubmitWithOptions": `[["AA=="],0,"AA==","AA=="]`,
	} {
		calls = append(calls, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"da.%s","params":%s}`, method, params))
	}
	core, gate := gatewaytest.Alone(f)
	h := New(core, gate)
	gatewaytest.FuzzBodies(f, h, calls, gatewaytest.OK, nil)
}

// FuzzProves holds that a proof shows nothing but what it was made for.
func FuzzProves(f *testing.F) {
	ids := []da.BlobID{{1}, {2}, {3}}
	path, err := da.ProveBlob(ids, ids[1])
	if err != nil {
		f.Fatal(err)
	}
	root, valid := da.BlobTreeRoot(ids), encodeProof(ids[1], path)
	if !proves(valid, root, ids[1]) {
		f.Fatal("the proof does not verify")
	}
	f.Add(valid)
	f.Add(valid[:da.HashSize])
	f.Fuzz(func(t *testing.T, proof []byte) {
		if proves(proof, root, ids[1]) && !bytes.Equal(proof, valid) {
			t.Errorf("%x proves it as well", proof)
		}
	})
}

func TestCommitmentsOfNamespacesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range [][2]string{{"", "abc"}, {"a", "bc"}, {"ab", "c"}, {"abc", ""}} {
		seen[string(commit([]byte(c[0]), []byte(c[1])))] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d commitments of 4 blobs", len(seen))
	}
}
