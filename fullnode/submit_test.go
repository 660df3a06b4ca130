package fullnode

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"cosmossdk.io/math"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

const (
	submitters = 64
	blobsEach  = 3
)

// TestManySubmittersOutliveTheNode has many goroutines submit through one client, whose node is
// stopped and started in the middle: every blob is final under a header that the validators
// are verified to have signed, and in the chain once.
func TestManySubmittersOutliveTheNode(t *testing.T) {
	cfg := newValidator(t)
	cfg.API.Address = freeAddress(t)
	validator := startNode(t, cfg)
	validator.waitStored(t, 1)
	signer, err := client.KeyringSigner(cfg.Keyring, testKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(t.Context(), client.Config{
		URL: "http://" + cfg.API.Address, Signer: signer, Setup: validator.setup,
		Journal: filepath.Join(t.TempDir(), "journal"), Trust: anchored(t, "http://"+cfg.API.Address),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var group errgroup.Group
	half := make(chan struct{}, submitters*blobsEach)
	for i := range submitters {
		group.Go(func() error { return submitSome(ctx, t, c, i, half) })
	}
	for range submitters * blobsEach / 3 {
		<-half
	}
	if err := validator.stop(); err != nil {
		t.Fatal(err)
	}
	validator = startNode(t, cfg)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	everyBlobOnce(t, c, validator.store.Head())
}

// anchored trusts the chain's first header.
func anchored(t *testing.T, url string) client.Trust {
	t.Helper()
	c, err := client.New(t.Context(), client.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	first, err := c.Header(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return client.TrustAnchor(client.Anchor{ChainID: testChain, Height: 1, Hash: first.Hash()})
}

// submitSome submits blobs and waits until they are final.
func submitSome(ctx context.Context, t *testing.T, c *client.Client, who int, final chan<- struct{}) error {
	for i := range blobsEach {
		submission, err := c.Submit(ctx, testBlob(t, byte(who%8), 100+who*blobsEach+i))
		if err != nil {
			return err
		}
		if _, err := submission.Wait(ctx, client.Final); err != nil {
			return fmt.Errorf("submitter %d, blob %d: %w", who, i, err)
		}
		final <- struct{}{}
	}
	return nil
}

// everyBlobOnce counts what the chain has.
func everyBlobOnce(t *testing.T, c *client.Client, head uint64) {
	t.Helper()
	times := make(map[da.BlobID]int)
	for height := uint64(1); height <= head; height++ {
		for n := range byte(8) {
			entries, err := c.List(t.Context(), testBlob(t, n, 1).Namespace, height)
			if err != nil {
				t.Fatal(err)
			}
			for i := range entries {
				times[entries[i].ID]++
			}
		}
	}
	if len(times) != submitters*blobsEach {
		t.Errorf("%d blobs are in the chain, submitted were %d", len(times), submitters*blobsEach)
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("blob %s is in the chain %d times", id, n)
		}
	}
}

// TestLanesPostInParallel opens lanes and posts through them: each account posts, the fees
// are the signer's, and the lanes own nothing.
func TestLanesPostInParallel(t *testing.T) {
	cfg := newValidator(t)
	validator := startNode(t, cfg)
	validator.waitStored(t, 1)
	signer, err := client.KeyringSigner(cfg.Keyring, testKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(t.Context(), client.Config{URL: "http://" + validator.APIAddress(), Signer: signer, Setup: validator.setup, Lanes: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := c.Post(ctx, testBlob(t, 1, 50), client.Final); client.CodeOf(err) != client.CodeInsufficientFunds {
		t.Errorf("a lane that was not opened fails with %v", err)
	}
	for range 2 { // the second time finds nothing to do
		if err := c.OpenLanes(ctx, math.NewIntWithDecimal(1, 18)); err != nil {
			t.Fatal(err)
		}
	}
	var submissions []*client.Submission
	for i := range 8 {
		submission, err := c.Submit(ctx, testBlob(t, 1, 100+i))
		if err != nil {
			t.Fatal(err)
		}
		submissions = append(submissions, submission)
	}
	signers := make(map[string]int)
	for _, submission := range submissions {
		posted, err := submission.Wait(ctx, client.Final)
		if err != nil {
			t.Fatal(err)
		}
		signers[posted[0].Signer]++
	}
	for _, address := range c.Accounts() {
		account, err := c.Account(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		if signers[address] == 0 || account.Balance != "0" {
			t.Errorf("lane %s posted %d blobs and owns %s", address, signers[address], account.Balance)
		}
	}
}
