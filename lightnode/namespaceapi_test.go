package lightnode

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// fetch gets a path of a node's API.
func fetch(t *testing.T, n *Node, path string) (int, []byte) {
	t.Helper()
	request := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.APIAddress()+path, nil))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode, must(io.ReadAll(response.Body))
}

// streamed reads a stream of the namespace's blobs up to a height.
func streamed(t *testing.T, n *Node, header string, query string, last uint64) (blocks []api.NamespaceBlobs) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	request := must(http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.APIAddress()+"/v1/namespaces/"+followedSpace.String()+"/blobs"+query, nil))
	if header != "" {
		request.Header.Set("Last-Event-ID", header)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for len(blocks) == 0 || blocks[len(blocks)-1].Height < last {
		if !lines.Scan() {
			t.Fatalf("the stream ended after %d blocks: %v", len(blocks), lines.Err())
		}
		if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
			var block api.NamespaceBlobs
			if err := json.Unmarshal([]byte(data), &block); err != nil {
				t.Fatal(err)
			}
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// TestNamespaceOverHTTP reads a namespace from a node that delivers it to no folder, and from one
// that does.
func TestNamespaceOverHTTP(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]bool{"alone": false, "beside a folder": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testSquares(t)
			chain := newBlobChain(t, s.rich, nil, s.foreign, s.poor)
			_, host := chain.serveBlobs(t)
			config := followConfig(t, chain, host)
			config.API = "127.0.0.1:0"
			if !folder {
				config.Follow.Out = ""
			}
			n, _ := start(t, config)
			blocks := streamed(t, n, "", "?from=1", 4)
			if len(blocks) != 4 {
				t.Fatalf("%d blocks of 4", len(blocks))
			}
			for i, block := range blocks {
				checkShown(t, n, chain, uint64(i+1), &block)
			}
			if resumed := streamed(t, n, "2", "?from=1", 4); len(resumed) != 2 || resumed[0].Height != 3 {
				t.Errorf("resumed after 2: %+v", resumed)
			}
			if folder { // what was delivered is read from there, if it is what it was
				awaitNext(t, n, 5)
				id := blocks[0].Entries[0].ID
				file := filepath.Join(config.Follow.Out, "1", blobFile(0, id))
				if err := os.WriteFile(file, []byte("other"), 0o600); err != nil {
					t.Fatal(err)
				}
				checkShown(t, n, chain, 1, &blocks[0])
			}
			for path, want := range map[string]string{
				"/v1/namespaces/" + lowNamespace.String() + "/blobs?height=1":                   "bad_request",
				"/v1/namespaces/" + followedSpace.String() + "/blobs?height=9":                  "future_height",
				"/v1/namespaces/" + followedSpace.String() + "/blobs?height=1&from=1":           "bad_request",
				"/v1/blobs/" + blocks[0].Entries[0].ID.String() + "/data":                       "bad_request",
				"/v1/blobs/" + blocks[0].Entries[0].ID.String() + "/data?height=4":              "not_found",
				"/v1/blobs/" + s.foreign.Square.Index.Entries[0].ID.String() + "/data?height=3": "not_found",
				"/v1/headers/9": "future_height",
			} {
				if status, body := fetch(t, n, path); status == http.StatusOK || !bytes.Contains(body, []byte(`"code":"`+want+`"`)) {
					t.Errorf("%s: %d %s, want %s", path, status, body, want)
				}
			}
		})
	}
}

// checkShown holds a block that was shown against the chain: its proof, and its blobs' bytes.
func checkShown(t *testing.T, n *Node, chain *blobChain, height uint64, block *api.NamespaceBlobs) {
	t.Helper()
	status, body := fetch(t, n, fmt.Sprintf("/v1/headers/%d", height))
	var shown api.Header
	if err := json.Unmarshal(body, &shown); err != nil || status != http.StatusOK || !bytes.Equal(shown.Hash, chain.at(height).header.Signed.Hash()) {
		t.Fatalf("header %d: %d %s", height, status, body)
	}
	header, err := chain.at(height).header.Proof.Verify(chain.at(height).header.Signed.DataHash)
	if err != nil {
		t.Fatal(err)
	}
	var encoded [][]byte
	for _, entry := range block.Entries {
		encoded = append(encoded, entry.Encoded)
	}
	proof := da.NamespaceProof{Start: block.Proof.Start, End: block.Proof.End, LeafHash: block.Proof.LeafHash}
	for _, node := range block.Proof.Nodes {
		proof.Nodes = append(proof.Nodes, node)
	}
	if _, err := proof.VerifyEntries(header, followedSpace, encoded); err != nil || block.Height != height {
		t.Errorf("height %d: %v", height, err)
	}
	for i, entry := range block.Entries {
		status, data := fetch(t, n, fmt.Sprintf("/v1/blobs/%s/data?height=%d", entry.ID, height))
		if status != http.StatusOK || !bytes.Equal(data, chain.squares[height-1].blobs[i]) {
			t.Errorf("height %d, blob %d: %d, %d bytes", height, i, status, len(data))
		}
	}
}
