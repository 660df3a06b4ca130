// Package op has the OP Stack's own clients use a gateway: op-alt-da's DAClient, and op-service's client of beacon
// nodes. `make conformance`, from the repository's root, starts what they speak to.
package op

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	altda "github.com/ethereum-optimism/optimism/op-alt-da"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

const maxSize = 16 * 126976

// dial makes the client as op-batcher and op-node make it of their flags.
func dial(t *testing.T, where string, generic bool) *altda.DAClient {
	t.Helper()
	config := altda.CLIConfig{
		Enabled: true, DAServerURL: world.At(t, where), VerifyOnRead: true, GenericDA: generic,
		PutTimeout: 90 * time.Second, GetTimeout: 30 * time.Second,
	}
	if err := config.Check(); err != nil {
		t.Fatal(err)
	}
	return config.NewDAClient()
}

func put(t *testing.T, client *altda.DAClient, data []byte) altda.CommitmentData {
	t.Helper()
	commitment, err := client.SetInput(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return commitment
}

// read returns once the client reads the bytes: another node may be a moment behind, which is no 404.
func read(t *testing.T, client *altda.DAClient, commitment altda.CommitmentData, want []byte) {
	t.Helper()
	world.Eventually(t, func() (bool, error) {
		data, err := client.GetInput(t.Context(), commitment)
		if err == nil && !bytes.Equal(data, want) {
			t.Fatalf("%d other bytes", len(data))
		}
		return err == nil, err
	})
}

func TestOPAltDAGeneric(t *testing.T) { testAltDA(t, true) }

func TestOPAltDAKeccak(t *testing.T) { testAltDA(t, false) }

func testAltDA(t *testing.T, generic bool) {
	first, other := dial(t, "OP_FIRST", generic), dial(t, "OP_OTHER", generic)
	size := 130672 // what the rollup configuration allows a keccak commitment
	if generic {
		size = maxSize
	}
	early := world.Random(t, 1000)
	forgotten := put(t, first, early)
	t.Run("put and get", func(t *testing.T) {
		for _, n := range []int{1, 1000, size} {
			data := world.Random(t, n)
			read(t, first, put(t, first, data), data)
		}
	})
	t.Run("read from another node", func(t *testing.T) {
		data := world.Random(t, 5000)
		read(t, other, put(t, first, data), data)
	})
	t.Run("put twice", func(t *testing.T) {
		data := world.Random(t, 500)
		if a, b := put(t, first, data), put(t, first, data); !bytes.Equal(a.Encode(), b.Encode()) {
			t.Errorf("%x, then %x", a.Encode(), b.Encode())
		}
	})
	t.Run("100 puts at once", func(t *testing.T) { hundred(t, first) })
	t.Run("oversize", func(t *testing.T) {
		if _, err := first.SetInput(t.Context(), world.Random(t, maxSize+1)); err == nil || err.Error() != fmt.Sprintf("failed to store %s: 413", what(generic)) {
			t.Errorf("%v", err)
		}
	})
	t.Run("empty", func(t *testing.T) {
		if _, err := first.SetInput(t.Context(), nil); !errors.Is(err, altda.ErrInvalidInput) {
			t.Errorf("%v", err)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		if _, err := first.GetInput(t.Context(), unknown(forgotten, generic)); !errors.Is(err, altda.ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
	if generic {
		t.Run("future height", func(t *testing.T) {
			payload := bytes.Clone(forgotten.Encode()[1:])
			payload[4] = 1 // the height's third byte
			if _, err := first.GetInput(t.Context(), altda.NewGenericCommitment(payload)); err == nil || errors.Is(err, altda.ErrNotFound) {
				t.Errorf("%v", err)
			}
		})
		t.Run("another layer's", func(t *testing.T) {
			if _, err := first.GetInput(t.Context(), altda.NewGenericCommitment([]byte{0x0c, 1, 2, 3})); err == nil || errors.Is(err, altda.ErrNotFound) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("lying node", func(t *testing.T) { lying(t, first, generic) })
	t.Run("pruned", func(t *testing.T) { pruned(t, dial(t, "OP_FORGETS", generic), forgotten, early) })
	t.Run("node restarts", func(t *testing.T) {
		data := world.Random(t, 3000)
		commitment := put(t, first, data)
		world.Control(t, "/restart-node")
		read(t, first, commitment, data)
	})
	t.Run("gateway restarts", func(t *testing.T) {
		data := world.Random(t, 3000)
		commitment := put(t, first, data)
		world.Control(t, "/restart-gateway")
		read(t, first, commitment, data)
		if again := put(t, first, data); !bytes.Equal(again.Encode(), commitment.Encode()) {
			t.Errorf("%x, then %x", commitment.Encode(), again.Encode())
		}
	})
	t.Run("chain halts and resumes", func(t *testing.T) { halting(t, first) })
}

// what the client's error calls what it failed to store.
func what(generic bool) string {
	if generic {
		return "data"
	}
	return "preimage"
}

func unknown(like altda.CommitmentData, generic bool) altda.CommitmentData {
	if !generic {
		return altda.NewKeccak256Commitment([]byte("nobody ever put this"))
	}
	payload := bytes.Clone(like.Encode()[1:])
	payload[len(payload)-1] ^= 1
	return altda.NewGenericCommitment(payload)
}

func hundred(t *testing.T, client *altda.DAClient) {
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			data := world.Random(t, 2000)
			commitment, err := client.SetInput(t.Context(), data)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := client.GetInput(t.Context(), commitment); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%x: %v", commitment.Encode(), err)
			}
		})
	}
	group.Wait()
}

// lying has the only node that a gateway asks lie: the client must hear neither other bytes nor that there are none.
func lying(t *testing.T, honest *altda.DAClient, generic bool) {
	data := world.Random(t, 2000)
	commitment := put(t, honest, data)
	client := dial(t, "OP_LIED_TO", generic)
	read(t, client, commitment, data)
	defer world.Control(t, "/lie")
	for _, about := range []string{"bytes", "short", "missing", "pruned", "silence", "nonsense"} {
		world.Control(t, "/lie?about="+about)
		if _, err := client.GetInput(t.Context(), commitment); err == nil || errors.Is(err, altda.ErrNotFound) {
			t.Errorf("a lie about %s: %v", about, err)
		}
	}
	for _, about := range []string{"entries", "headers", "proofs"} { // which the gateway may not need to ask for any more
		world.Control(t, "/lie?about="+about)
		if got, err := client.GetInput(t.Context(), commitment); errors.Is(err, altda.ErrNotFound) || err == nil && !bytes.Equal(got, data) {
			t.Errorf("a lie about %s: %d bytes, %v", about, len(got), err)
		}
	}
	world.Control(t, "/lie")
	read(t, client, commitment, data)
}

// pruned reads through a node that keeps squares for seconds, and a gateway that takes that for the chain's retention.
func pruned(t *testing.T, client *altda.DAClient, commitment altda.CommitmentData, data []byte) {
	world.Eventually(t, func() (bool, error) {
		got, err := client.GetInput(t.Context(), commitment)
		if err == nil && !bytes.Equal(got, data) {
			t.Fatal("other bytes")
		}
		return errors.Is(err, altda.ErrNotFound), err
	})
}

func halting(t *testing.T, client *altda.DAClient) {
	before := world.Random(t, 1000)
	commitment := put(t, client, before)
	world.Control(t, "/halt")
	resumed := sync.OnceFunc(func() { world.Control(t, "/resume") })
	defer resumed()
	world.Behind(t, "OP_FIRST")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	data := world.Random(t, 1000)
	if _, err := client.SetInput(ctx, data); err == nil {
		t.Error("a put is acknowledged by a chain that stands still")
	}
	read(t, client, commitment, before)
	resumed()
	read(t, client, put(t, client, data), data)
}
