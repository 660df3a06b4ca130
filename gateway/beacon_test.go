package gateway_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/beacon"
)

// indexed waits until a Core's index has the blob, and returns its entry.
func indexed(t *testing.T, core *gateway.Core, ref gateway.Ref) *da.Entry {
	t.Helper()
	blob, err := core.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err := core.FindRow(t.Context(), da.VersionedHash(blob.Entry.Commitments[0]))
		if err == nil {
			return blob.Entry
		}
		if !errors.Is(err, da.ErrNotFound) {
			t.Fatal(err)
		}
	}
}

func TestBeacon(t *testing.T) {
	core := live(t)
	data := bytes.Repeat([]byte("two rows "), 20_000)
	ref := put(t, core, data)
	entry := indexed(t, core, ref)
	rows := must((&da.Blob{Namespace: namespace(t), Encoding: da.EncodingData, Data: data}).Rows())
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	h := beacon.New(core, must(gateway.NewGate(gateway.GateConfig{})))
	get := func(path, query string, into any) int {
		t.Helper()
		w := ask(t, h, "GET", path, nil, func(r *http.Request) { r.URL.RawQuery = query })
		if into != nil {
			if err := json.Unmarshal(w.Body.Bytes(), &struct{ Data any }{into}); err != nil {
				t.Fatalf("%s?%s: %d %.200s", path, query, w.Code, w.Body)
			}
		}
		return w.Code
	}
	first, second := da.VersionedHash(entry.Commitments[0]), da.VersionedHash(entry.Commitments[1])
	for name, c := range map[string]struct {
		id, query string
		want      []*kzg.Row
	}{
		"both, the other way around": {"123456", fmt.Sprintf("versioned_hashes=0x%x&versioned_hashes=0x%x", second, first), []*kzg.Row{rows[1], rows[0]}},
		"separated by a comma":       {"head", fmt.Sprintf("versioned_hashes=0x%x,0x%x", first, second), rows},
		"one and an unknown one":     {"1", fmt.Sprintf("versioned_hashes=0x%x,0x01%062x", first, 0), rows[:1]},
		"of a block by its root":     {"0x" + strings.Repeat("ab", 32), fmt.Sprintf("versioned_hashes=0x%x", first), rows[:1]},
		"of a block by its name":     {"justified", fmt.Sprintf("versioned_hashes=0x%x", first), rows[:1]},
		"all of a height":            {fmt.Sprint(ref.Height), "", rows},
		"none at a height":           {"1", "", nil},
	} {
		var got []string
		if status := get("/eth/v1/beacon/blobs/"+c.id, c.query, &got); status != 200 || len(got) != len(c.want) {
			t.Errorf("%s: %d, %d rows", name, status, len(got))
			continue
		}
		for i := range got {
			if got[i] != "0x"+hex.EncodeToString(c.want[i][:]) {
				t.Errorf("%s: row %d is another", name, i)
			}
		}
	}
	var sidecars []struct {
		Index             string
		KZGCommitment     string `json:"kzg_commitment"`
		KZGProof          string `json:"kzg_proof"`
		SignedBlockHeader any    `json:"signed_block_header"`
	}
	if status := get(fmt.Sprintf("/eth/v1/beacon/blob_sidecars/%d", ref.Height), "indices=1", &sidecars); status != 200 || len(sidecars) != 1 {
		t.Fatalf("sidecars: %d, %d", status, len(sidecars))
	}
	proof := kzg.Proof(must(hex.DecodeString(sidecars[0].KZGProof[2:])))
	if sidecars[0].Index != "1" || sidecars[0].KZGCommitment != fmt.Sprintf("0x%x", entry.Commitments[1]) || sidecars[0].SignedBlockHeader != nil {
		t.Errorf("%s %s", sidecars[0].Index, sidecars[0].KZGCommitment)
	}
	if err := setup().VerifyRowProofs(rows[1:], entry.Commitments[1:], []kzg.Proof{proof}); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		path, query string
		status      int
	}{
		{"/eth/v1/beacon/blobs/1", "versioned_hashes=0x01" + strings.Repeat("00", 31), 404},
		{"/eth/v1/beacon/blobs/1", "versioned_hashes=01", 400},
		{"/eth/v1/beacon/blobs/1", "versioned_hashes=" + strings.Repeat("0x00,", 65), 400},
		{"/eth/v1/beacon/blobs/x", "", 400},
		{"/eth/v1/beacon/blobs/x", "versioned_hashes=0x01" + strings.Repeat("00", 31), 400},
		{"/eth/v1/beacon/blobs/0xab", "versioned_hashes=0x01" + strings.Repeat("00", 31), 400},
		{"/eth/v1/beacon/blobs/justified", "", 400},
		{"/eth/v1/beacon/blobs/0x" + strings.Repeat("ab", 32), "", 400},
		{"/eth/v1/beacon/blobs/18446744073709551615", "", 404},
		{"/eth/v1/beacon/blobs/99999999", "", 503},
		{"/eth/v1/beacon/blob_sidecars/1", "indices=-1", 400},
		{"/eth/v1/beacon/genesis", "", 200},
		{"/eth/v1/config/spec", "", 200},
		{"/eth/v1/node/health", "", 200},
		{"/eth/v1/nothing", "", 400},
	} {
		if status := get(c.path, c.query, nil); status != c.status {
			t.Errorf("%s?%.40s: %d, want %d", c.path, c.query, status, c.status)
		}
	}
}
