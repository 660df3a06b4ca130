package client

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// answering answers every request with the same bytes.
type answering struct {
	status int
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.body))}, nil
}

// FuzzAnswers feeds a client whatever a node may answer. Nothing may panic, and no blob
// may come out that is not the id's.
func FuzzAnswers(f *testing.F) {
	seedAnswers(f)
	setup, err := kzg.NewSetup()
	if err != nil {
		f.Fatal(err)
	}
	id := da.BlobID{1}
	f.Fuzz(func(t *testing.T, ok bool, body []byte) {
		status := http.StatusNotFound
		if ok {
			status = http.StatusOK
		}
		c, err := New(t.Context(), Config{URL: "http://node", Setup: setup, HTTP: &http.Client{Transport: answering{status, body}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(t.Context(), id); err == nil {
			t.Error("a blob came out that is not the id's")
		}
		if _, err := c.Verify(t.Context(), id); err == nil {
			t.Error("a blob was verified that is not the id's")
		}
		_, _ = c.Header(t.Context(), 1)
		anchored(t, body)
		_, _ = c.List(t.Context(), da.TxNamespace(), 1)
		_, _ = c.Status(t.Context())
		_, _ = c.Fees(t.Context())
	})
}

// anchored reads a header from the anchor, as itself and as what proves others.
func anchored(t *testing.T, body []byte) {
	t.Helper()
	anchor := Anchor{ChainID: "chain", Height: 1, Hash: make([]byte, 32)}
	node := &http.Client{Transport: answering{http.StatusOK, body}}
	c, err := New(t.Context(), Config{URL: "http://node", HTTP: node, Trust: TrustAnchor(anchor)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Header(t.Context(), 1); err == nil {
		t.Error("a header is taken that is not the anchor's")
	}
	_, _ = source{c, c.nodes.all[0]}.block(t.Context(), 1)
}

func seedAnswers(f *testing.F) {
	data := []byte("data")
	keccak := da.Keccak256(data)
	entry := da.Entry{
		Type: da.EntryTypeBlob, ID: da.ComputeBlobID(da.Namespace{28: 1, 20: 1}, da.EncodingData, keccak, []kzg.Commitment{{0xc0}}, 4),
		Namespace: da.Namespace{28: 1, 20: 1}, Commitments: []kzg.Commitment{{0xc0}}, Keccak256: keccak, Cells: 1, Size: 4,
	}
	found, err := json.Marshal(map[string]any{
		"inclusions": []any{map[string]any{"height": 1, "entry": map[string]any{"encoded": Hex(entry.Encode())}}},
		"entries":    []any{map[string]any{"encoded": Hex(entry.Encode())}},
		"proof":      map[string]any{"start": 0, "end": 1, "nodes": []any{}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(true, found)
	f.Add(true, []byte(`{"signed_header":{"header":{"height":"1"},"commit":{}},"header_proof":{"header":"0001","total":2,"aunts":["00"]}}`))
	f.Add(true, []byte(`{"inclusions":[]}`))
	f.Add(true, []byte(`{"signed_header":{"header":{"height":"1"},"commit":{}},"encoded":"0a3c0a14a70f427ab4d7e7c49099c3ebc08ebd7f0e4f3ed412220a209d714c63d24fbbb0b42666805b9f26574beca287b4b84c150a7bc695466b846e1807"}`))
	f.Add(true, []byte(`{"base_fee":"-1","gas_price":"x"}`))
	f.Add(false, []byte(`{"error":{"code":"not_found","message":"m"}}`))
	f.Add(false, []byte(`<html>`))
	f.Add(true, []byte{})
}
