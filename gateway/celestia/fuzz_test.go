package celestia

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway/batch"
	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
)

// FuzzHandler asks the handler anything, with no chain behind it.
func FuzzHandler(f *testing.F) {
	var calls [][]byte
	namespace := `"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="`
	namespace = strings.Replace(namespace, "AAE=", "AQE=", 1)
	for method, params := range map[string]string{
		"blob.Submit":             `[[{"namespace":` + namespace + `,"data":"AA==","share_version":0,"commitment":null,"index":-1}],{"gas_price":0.1}]`,
		"blob.Get":                `[1,` + namespace + `,"AA=="]`,
		"blob.GetAll":             `[1,[` + namespace + `]]`,
		"blob.Included":           `[1,` + namespace + `,[{"nodes":["AA=="]}],"AA=="]`,
		"blob.GetProof":           `[1,` + namespace + `,"AA=="]`,
		"blob.GetCommitmentProof": `[1,` + namespace + `,"AA=="]`,
		"blob.Subscribe":          `[` + namespace + `]`,
		"header.GetByHeight":      `[1]`,
		"header.WaitForHeight":    `[1]`,
		"header.LocalHead":        `[]`,
		"header.NetworkHead":      `[]`,
	} {
		calls = append(calls, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params))
	}
	core, gate := gatewaytest.Alone(f)
	h := New(core, gate)
	gatewaytest.FuzzBodies(f, h, calls, gatewaytest.OK, nil)
}

// FuzzItem holds that a label that is one of a blob's is the one of it.
func FuzzItem(f *testing.F) {
	namespace := da.Namespace{27: 1}
	for _, b := range []Blob{{Namespace: namespace, Data: []byte("data")}, {namespace, 1, make([]byte, signerSize), []byte("data")}} {
		f.Add(b.item().Label, b.Data)
	}
	f.Fuzz(func(t *testing.T, label, data []byte) {
		b, ok := fromItem(&batch.Item{Label: label, Data: data})
		if !ok {
			return
		}
		if again := b.item(); !bytes.Equal(again.Label, label) || !bytes.Equal(again.Data, data) {
			t.Errorf("%x becomes %x", label, again.Label)
		}
		if _, named := nameItem(&batch.Item{Label: label, Data: data}); !named {
			t.Errorf("%x has no name", label)
		}
	})
}

// FuzzProof holds that a proof verifies for nothing but what it was made for.
func FuzzProof(f *testing.F) {
	ids := []da.BlobID{{1}, {2}, {3}}
	path, err := da.ProveBlob(ids, ids[1])
	if err != nil {
		f.Fatal(err)
	}
	root := da.BlobTreeRoot(ids)
	valid, err := json.Marshal(prove(ids[1], path))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid)
	f.Fuzz(func(t *testing.T, encoded []byte) {
		var p Proof
		if json.Unmarshal(encoded, &p) != nil || p.verify(root, ids[1]) != nil {
			return
		}
		if again, err := json.Marshal(p); err != nil || !bytes.Equal(again, valid) {
			t.Errorf("%s proves it as well", encoded)
		}
	})
}

func TestProof(t *testing.T) {
	ids := []da.BlobID{{1}, {2}, {3}}
	path, err := da.ProveBlob(ids, ids[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := prove(ids[1], path).verify(da.BlobTreeRoot(ids), ids[1]); err != nil {
		t.Error(err)
	}
	if err := prove(ids[1], path).verify(da.BlobTreeRoot(ids[:2]), ids[1]); err == nil {
		t.Error("another block's root")
	}
}
