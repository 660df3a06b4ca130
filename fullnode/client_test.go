package fullnode

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// TestGoroutinesShareAClient posts from several goroutines through one client, while the
// node's own key posts from the same account: every transaction must find its place in
// the account's sequence.
func TestGoroutinesShareAClient(t *testing.T) {
	validator := startNode(t, newValidator(t))
	validator.waitStored(t, 1)
	signer, err := client.KeyringSigner(validator.cfg.Keyring, testKey)
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + validator.APIAddress()
	signing, err := client.New(t.Context(), client.Config{URL: url, Signer: signer, Setup: validator.setup})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := client.New(t.Context(), client.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	for i := range 6 {
		group.Go(func() error {
			c := signing
			if i%3 == 0 {
				c = plain
			}
			return postAndGet(t, c, testBlob(t, byte(i), 100+i))
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// postAndGet posts a blob, reads it back, lists its namespace and verifies it.
func postAndGet(t *testing.T, c *client.Client, blob da.Blob) error {
	posted, err := c.Post(t.Context(), blob, client.Included)
	if err != nil {
		return err
	}
	got, err := c.Get(t.Context(), posted.ID)
	if err != nil {
		return err
	}
	if !bytes.Equal(got.Data, blob.Data) || got.Height != posted.Height {
		t.Errorf("blob %s: %d bytes at height %d, posted were %d at %d", posted.ID, len(got.Data), got.Height, len(blob.Data), posted.Height)
	}
	entries, err := c.List(t.Context(), blob.Namespace, posted.Height)
	if err != nil {
		return err
	}
	if len(entries) != 1 || entries[0].ID != posted.ID {
		t.Errorf("namespace %s lists %d blobs at height %d", blob.Namespace, len(entries), posted.Height)
	}
	_, err = c.Verify(t.Context(), posted.ID)
	return err
}

// TestPostingIsRefusedWithTheCause posts what cannot be posted.
func TestPostingIsRefusedWithTheCause(t *testing.T) {
	cfg := newValidator(t)
	cfg.API.Key = ""
	validator := startNode(t, cfg)
	validator.waitStored(t, 1)
	c, err := client.New(t.Context(), client.Config{URL: "http://" + validator.APIAddress()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Post(t.Context(), testBlob(t, 1, 10), client.Included); client.CodeOf(err) != client.CodeUnauthorized {
		t.Errorf("a node without a key answers %v, want unauthorized", err)
	}
	reserved := da.Blob{Namespace: da.TxNamespace(), Data: []byte("x")}
	if _, err := c.Post(t.Context(), reserved, client.Included); !errors.Is(err, da.ErrInvalidNamespace) {
		t.Errorf("a reserved namespace is refused with %v", err)
	}
	refuseEnvelopes(t, validator, c)
}
