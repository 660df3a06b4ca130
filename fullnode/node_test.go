package fullnode

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/ashlar-da/ashlar/da"
)

// testBlob returns a blob of size bytes that differs by seed.
func testBlob(t *testing.T, seed byte, size int) da.Blob {
	t.Helper()
	namespace, err := da.NewNamespace([]byte{1, seed})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(data) // it never fails
	return da.Blob{Namespace: namespace, Data: data}
}

// post posts a blob through a node and waits until it is final and durable there.
func (n *runningNode) post(t *testing.T, blob da.Blob) (da.BlobID, uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	posted, err := submitter{n.Node}.PostBlob(ctx, blob)
	if err != nil {
		t.Fatal(err)
	}
	height, err := submitter{n.Node}.WaitIncluded(ctx, posted.Tx)
	if err != nil {
		t.Fatal(err)
	}
	return posted.Info.ID(), height
}

// read reads a blob from a node's store.
func (n *runningNode) read(t *testing.T, id da.BlobID, height uint64) []byte {
	t.Helper()
	index, err := n.store.Index(t.Context(), height)
	if err != nil {
		t.Fatal(err)
	}
	for i := range index.Entries {
		if index.Entries[i].ID == id {
			data, err := n.store.Blob(t.Context(), height, &index.Entries[i])
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
	t.Fatalf("no blob %s at height %d", id, height)
	return nil
}

// TestSecondNodeServesWhatTheFirstReceived posts to a validator and reads, samples and
// lists from a full node that syncs blocks afterwards.
func TestSecondNodeServesWhatTheFirstReceived(t *testing.T) {
	validator := startNode(t, newValidator(t))
	validator.waitStored(t, 1)
	small, own := testBlob(t, 1, 500), testBlob(t, 2, 3*da.DataRowSize/2)
	smallID, smallHeight := validator.post(t, small)
	ownID, ownHeight := validator.post(t, own)

	second := startNode(t, newFollower(t, validator))
	second.waitStored(t, ownHeight)
	if got := second.read(t, smallID, smallHeight); !bytes.Equal(got, small.Data) {
		t.Errorf("small blob: %d bytes differ", len(got))
	}
	if got := second.read(t, ownID, ownHeight); !bytes.Equal(got, own.Data) {
		t.Errorf("blob with rows of its own: %d bytes differ", len(got))
	}
	asker := newAsker(t, second)
	header := asker.header(t, ownHeight)
	asker.cells(t, header)
	asker.rows(t, header)
	asker.namespace(t, header, own.Namespace, ownID)
}

// TestRestart stops a node and starts it again: the chain goes on, so does the store, and a
// transaction that was included before is known when it is handed in again.
func TestRestart(t *testing.T) {
	cfg := newValidator(t)
	first := startNode(t, cfg)
	first.waitStored(t, 1)
	blob := testBlob(t, 3, 100)
	id, height := first.post(t, blob)
	envelope := first.envelopeAt(t, height)
	first.expectKnown(t, envelope, height)
	if err := first.stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	again := startNode(t, cfg)
	if _, err := (view{again.Node}).Fees(t.Context()); err != nil {
		t.Errorf("the state is not there right after the start: %v", err)
	}
	again.waitStored(t, height+2)
	again.expectKnown(t, envelope, height)
	if got := again.read(t, id, height); !bytes.Equal(got, blob.Data) {
		t.Errorf("after a restart %d bytes differ", len(got))
	}
}

// envelopeAt returns the one envelope of a block.
func (n *runningNode) envelopeAt(t *testing.T, height uint64) []byte {
	t.Helper()
	for _, tx := range n.comet.BlockStore().LoadBlock(int64(height)).Txs {
		if da.IsEnvelope(tx) {
			return tx
		}
	}
	t.Fatalf("no envelope at height %d", height)
	return nil
}

// expectKnown submits a transaction again that a block includes.
func (n *runningNode) expectKnown(t *testing.T, tx []byte, height uint64) {
	t.Helper()
	submitted, err := submitter{n.Node}.SubmitTx(t.Context(), tx)
	if err != nil || submitted.Height != height {
		t.Errorf("a transaction of height %d is said to be at height %d: %v", height, submitted.Height, err)
	}
}
