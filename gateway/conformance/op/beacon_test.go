package op

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/ethereum-optimism/optimism/op-service/client"
	"github.com/ethereum-optimism/optimism/op-service/eth"
	"github.com/ethereum-optimism/optimism/op-service/sources"
	"github.com/ethereum-optimism/optimism/op-service/testlog"
	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/log"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

// reader makes the client as op-node makes it of --l1.beacon.
func reader(t *testing.T, where string) *sources.L1BeaconClient {
	t.Helper()
	http := client.NewBasicHTTPClient(world.At(t, where), testlog.Logger(t, log.LevelError))
	return sources.NewL1BeaconClient(sources.NewBeaconHTTPClient(http), sources.L1BeaconClientConfig{})
}

// blob is one as op-batcher fills it, and its versioned hash.
func blob(t *testing.T) (*eth.Blob, common.Hash) {
	t.Helper()
	var filled eth.Blob
	if err := filled.FromData(world.Random(t, 120_000)); err != nil {
		t.Fatal(err)
	}
	commitment, err := filled.ComputeKZGCommitment()
	if err != nil {
		t.Fatal(err)
	}
	return &filled, eth.KZGToVersionedHash(commitment)
}

// post posts an Ethereum blob as it is, by a node's API.
func post(t *testing.T, data []byte) {
	t.Helper()
	query := url.Values{"namespace": {world.At(t, "NAMESPACE")}, "encoding": {"raw"}, "wait": {"included"}}
	response, err := http.Post(world.At(t, "NODE")+"/v1/blobs?"+query.Encode(), "application/octet-stream", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer json.RawMessage
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", response.Status, answer)
	}
}

// fetch returns once the client reads blobs.
func fetch(t *testing.T, client *sources.L1BeaconClient, hashes ...common.Hash) (blobs []*eth.Blob) {
	t.Helper()
	world.Eventually(t, func() (bool, error) {
		var err error
		blobs, err = client.GetBlobsByHash(t.Context(), uint64(time.Now().Unix()), hashes)
		return err == nil, err
	})
	return blobs
}

func TestBeaconClient(t *testing.T) {
	client := reader(t, "BEACON_FIRST")
	first, firstHash := blob(t)
	second, secondHash := blob(t)
	post(t, append(bytes.Clone(first[:]), second[:]...))
	t.Run("put and get", func(t *testing.T) {
		blobs := fetch(t, client, firstHash, secondHash)
		if *blobs[0] != *first || *blobs[1] != *second {
			t.Error("other blobs")
		}
	})
	t.Run("read from another node", func(t *testing.T) {
		if blobs := fetch(t, reader(t, "BEACON_OTHER"), secondHash); *blobs[0] != *second {
			t.Error("another blob")
		}
	})
	t.Run("unknown", func(t *testing.T) {
		if _, err := client.GetBlobsByHash(t.Context(), 1, []common.Hash{{1, 2, 3}}); !errors.Is(err, ethereum.NotFound) {
			t.Errorf("%v", err)
		}
	})
	t.Run("100 reads at once", func(t *testing.T) {
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				blobs, err := client.GetBlobsByHash(t.Context(), 1, []common.Hash{firstHash, secondHash})
				for tries := 1; tries < 5 && errors.Is(err, context.DeadlineExceeded); tries++ { // the client's own, of 30 s, on a machine that is busy
					blobs, err = client.GetBlobsByHash(t.Context(), 1, []common.Hash{firstHash, secondHash})
				}
				if err != nil || *blobs[0] != *first || *blobs[1] != *second {
					t.Errorf("%d blobs: %v", len(blobs), err)
				}
			})
		}
		group.Wait()
	})
	t.Run("oversize", func(t *testing.T) {
		hashes := make([]common.Hash, 65) // one more than are answered at once
		for i := range hashes {
			hashes[i] = firstHash
		}
		if _, err := client.GetBlobsByHash(t.Context(), 1, hashes); err == nil || errors.Is(err, ethereum.NotFound) {
			t.Errorf("%v", err)
		}
	})
	t.Run("future height", func(t *testing.T) {
		soon := uint64(time.Now().Add(24 * time.Hour).Unix()) // of a slot of Ethereum's, at which nobody looks
		if _, err := client.GetBlobsByHash(t.Context(), soon, []common.Hash{firstHash}); err != nil {
			t.Error(err)
		}
	})
	t.Run("lying node", func(t *testing.T) {
		liedTo := reader(t, "BEACON_LIED_TO")
		fetch(t, liedTo, firstHash)
		defer world.Control(t, "/lie")
		for _, about := range []string{"bytes", "missing", "pruned", "silence", "nonsense"} {
			world.Control(t, "/lie?about="+about)
			if _, err := liedTo.GetBlobsByHash(t.Context(), 1, []common.Hash{firstHash}); err == nil || errors.Is(err, ethereum.NotFound) {
				t.Errorf("a lie about %s: %v", about, err)
			}
		}
	})
	t.Run("pruned", func(t *testing.T) {
		forgets := reader(t, "BEACON_FORGETS")
		world.Eventually(t, func() (bool, error) {
			_, err := forgets.GetBlobsByHash(t.Context(), 1, []common.Hash{firstHash})
			return errors.Is(err, ethereum.NotFound), err
		})
	})
	t.Run("node restarts", func(t *testing.T) {
		world.Control(t, "/restart-node")
		fetch(t, client, firstHash)
	})
	t.Run("gateway restarts", func(t *testing.T) {
		world.Control(t, "/restart-gateway")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := client.GetBlobsByHash(ctx, 1, []common.Hash{firstHash}); err != nil {
			t.Error(err) // the control returned once it takes puts, and so has read the namespace
		}
	})
	t.Run("chain halts and resumes", func(t *testing.T) {
		world.Control(t, "/halt")
		resumed := sync.OnceFunc(func() { world.Control(t, "/resume") })
		defer resumed()
		world.Behind(t, "OP_FIRST") // of the same gateway
		if blobs := fetch(t, client, firstHash); *blobs[0] != *first {
			t.Error("another blob")
		}
		resumed()
		third, hash := blob(t)
		post(t, third[:])
		if blobs := fetch(t, client, hash); *blobs[0] != *third {
			t.Error("another blob")
		}
	})
}
