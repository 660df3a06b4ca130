package app_test

import (
	"bytes"
	"testing"

	"github.com/ashlar-da/ashlar/da"
)

// TestBlobReachesTheSquare is the whole path of a block: submitted, proposed, voted for,
// executed and committed.
func TestBlobReachesTheSquare(t *testing.T) {
	c := newChain(t)
	user := c.accounts[2]
	blobs := []da.Blob{rowBlob(t, 1), smallBlob(t, 2, 100), rawBlob(t, 3)}
	c.accept(c.blobTx(user, terms{}, generous, blobs...), c.transfer(c.accounts[3], user, 0))
	txs, result := c.step()
	if len(txs) != 4 || len(result.TxResults) != 4 {
		t.Fatalf("have %d transactions and %d results, want 4 each", len(txs), len(result.TxResults))
	}
	for i, r := range result.TxResults {
		if r.Code != 0 {
			t.Errorf("transaction %d: code %d: %s", i, r.Code, r.Log)
		}
	}
	block, err := da.ParseBlock(da.DefaultLimits(), txs)
	if err != nil {
		t.Fatal(err)
	}
	if len(block.Square.Index.Entries) != len(blobs) {
		t.Fatalf("have %d index entries, want %d", len(block.Square.Index.Entries), len(blobs))
	}
	roots, err := c.app.Keepers.Blob.Roots(c.ctx(), c.height)
	if err != nil {
		t.Fatal(err)
	}
	if want := block.Header.DataRoot(); !bytes.Equal(roots.DataRoot, want[:]) || !bytes.Equal(roots.BlobTreeRoot, block.Header.BlobTreeRoot[:]) {
		t.Error("state keeps other roots than the block's DA header")
	}
	if c.app.Mempool().CountTx() != 0 {
		t.Error("executed transactions stay in the mempool")
	}
}
