// Package nitro has Arbitrum Nitro's own client of DA providers use a gateway.
// `make conformance`, from the repository's root, starts what they speak to.
package nitro

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/offchainlabs/nitro/arbutil"
	"github.com/offchainlabs/nitro/daprovider"
	"github.com/offchainlabs/nitro/daprovider/daclient"
	"github.com/offchainlabs/nitro/daprovider/data_streaming"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

const maxSize = 16 * 126976

// dial makes the client as a node makes it of its flags.
func dial(t *testing.T, where string, streaming bool) *daclient.Client {
	t.Helper()
	config := daclient.TestClientConfig(world.At(t, where))
	config.UseDataStreaming = streaming
	if streaming {
		config.DataStream.MaxStoreChunkBodySize = 64 << 10
	}
	client, err := daclient.NewClient(t.Context(), config, data_streaming.PayloadCommiter())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// expiry is what a batch poster asks for.
func expiry() uint64 { return uint64(time.Now().Add(15 * 24 * time.Hour).Unix()) }

func store(t *testing.T, client *daclient.Client, data []byte) []byte {
	t.Helper()
	certificate, err := client.Store(data, expiry()).Await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// message is a sequencer message with the certificate.
func message(certificate []byte) []byte { return append(make([]byte, 40), certificate...) }

func recoverPayload(t *testing.T, client *daclient.Client, certificate []byte) ([]byte, error) {
	result, err := client.RecoverPayload(1, common.Hash{}, message(certificate)).Await(t.Context())
	return result.Payload, err
}

// read returns once the client reads the bytes: another node may be a moment behind, which must not be an invalid certificate.
func read(t *testing.T, client *daclient.Client, certificate, want []byte) {
	t.Helper()
	world.Eventually(t, func() (bool, error) {
		data, err := recoverPayload(t, client, certificate)
		if daprovider.IsCertificateValidationError(err) {
			t.Fatal(err)
		}
		if err == nil && !bytes.Equal(data, want) {
			t.Fatalf("%d other bytes", len(data))
		}
		return err == nil, err
	})
}

func TestNitro(t *testing.T) { testNitro(t, false) }

func TestNitroStreaming(t *testing.T) { testNitro(t, true) }

func testNitro(t *testing.T, streaming bool) {
	first, other := dial(t, "NITRO_FIRST", streaming), dial(t, "NITRO_OTHER", streaming)
	early := world.Random(t, 1000)
	forgotten := store(t, first, early)
	t.Run("put and get", func(t *testing.T) {
		for _, n := range []int{1, 1000, 300_000, maxSize} {
			data := world.Random(t, n)
			read(t, first, store(t, first, data), data)
		}
	})
	t.Run("read from another node", func(t *testing.T) {
		data := world.Random(t, 5000)
		read(t, other, store(t, first, data), data)
	})
	t.Run("put twice", func(t *testing.T) {
		data := world.Random(t, 500)
		if a, b := store(t, first, data), store(t, first, data); !bytes.Equal(a, b) {
			t.Errorf("%x, then %x", a, b)
		}
	})
	t.Run("preimages", func(t *testing.T) { preimages(t, first, forgotten, early) })
	t.Run("header bytes and size", func(t *testing.T) {
		supported, err := first.GetSupportedHeaderBytes().Await(t.Context())
		if err != nil || !bytes.Equal(supported.HeaderBytes, []byte{daprovider.DACertificateMessageHeaderFlag}) {
			t.Errorf("%x, %v", supported.HeaderBytes, err)
		}
		if size, err := first.GetMaxMessageSize().Await(t.Context()); err != nil || size != maxSize {
			t.Errorf("%d, %v", size, err)
		}
	})
	t.Run("100 puts at once", func(t *testing.T) { hundred(t, first, streaming) })
	t.Run("oversize", func(t *testing.T) {
		if _, err := first.Store(world.Random(t, maxSize+1), expiry()).Await(t.Context()); !errors.Is(err, daprovider.ErrMessageTooLarge) {
			t.Errorf("%v", err)
		}
	})
	t.Run("kept for longer than the chain does", func(t *testing.T) {
		if _, err := first.Store(early, expiry()*2).Await(t.Context()); !errors.Is(err, daprovider.ErrFallbackRequested) {
			t.Errorf("%v", err)
		}
	})
	t.Run("unknown", func(t *testing.T) { invalid(t, first, forgotten) })
	t.Run("future height", func(t *testing.T) {
		changed := bytes.Clone(forgotten)
		changed[6] = 1 // the height's fifth byte
		if _, err := recoverPayload(t, first, changed); err == nil || daprovider.IsCertificateValidationError(err) {
			t.Errorf("%v", err)
		}
	})
	if !streaming { // which is about storing
		t.Run("proofs of validity on Ethereum", func(t *testing.T) { validityProofs(t, first, other) })
		t.Run("proofs of reading on Ethereum", func(t *testing.T) { readProofs(t, first, other) })
		t.Run("validity by Nitro's prover", func(t *testing.T) { provenVerdicts(t, first, other) })
		t.Run("reading by Nitro's prover", func(t *testing.T) { provenReads(t, first, other) })
		t.Run("signed calls", signedCalls)
	}
	t.Run("lying node", func(t *testing.T) { lying(t, first) })
	t.Run("pruned", func(t *testing.T) {
		client := dial(t, "NITRO_FORGETS", false)
		world.Eventually(t, func() (bool, error) {
			_, err := recoverPayload(t, client, forgotten)
			if daprovider.IsCertificateValidationError(err) {
				t.Fatal(err) // what is pruned was valid
			}
			return err != nil && strings.Contains(err.Error(), "pruned"), err
		})
	})
	t.Run("node restarts", func(t *testing.T) {
		data := world.Random(t, 3000)
		certificate := store(t, first, data)
		world.Control(t, "/restart-node")
		read(t, first, certificate, data)
	})
	t.Run("gateway restarts", func(t *testing.T) {
		data := world.Random(t, 3000)
		certificate := store(t, first, data)
		world.Control(t, "/restart-gateway")
		read(t, first, certificate, data)
		if again := store(t, first, data); !bytes.Equal(again, certificate) {
			t.Errorf("%x, then %x", certificate, again)
		}
	})
	t.Run("chain halts and resumes", func(t *testing.T) { halting(t, first) })
}

func preimages(t *testing.T, client *daclient.Client, certificate, data []byte) {
	name := common.BytesToHash(crypto.Keccak256(certificate))
	collected, err := client.CollectPreimages(1, common.Hash{}, message(certificate)).Await(t.Context())
	if err != nil || !bytes.Equal(collected.Preimages[arbutil.DACertificatePreimageType][name], data) {
		t.Errorf("%v", err)
	}
	both, err := client.RecoverPayloadAndPreimages(1, common.Hash{}, message(certificate)).Await(t.Context())
	if err != nil || !bytes.Equal(both.Payload, data) || !bytes.Equal(both.Preimages[arbutil.DACertificatePreimageType][name], data) {
		t.Errorf("%v", err)
	}
}

// hundred stores at once; of streams ten at a time, as many as Nitro's own server lets be open.
func hundred(t *testing.T, client *daclient.Client, streaming bool) {
	most := 100
	if streaming {
		most = 10
	}
	slots := make(chan struct{}, most)
	var group sync.WaitGroup
	for range 100 {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			data := world.Random(t, 2000)
			certificate, err := client.Store(data, expiry()).Await(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := recoverPayload(t, client, certificate); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%x: %v", certificate, err)
			}
		})
	}
	group.Wait()
}

// invalid changes a certificate so that it is proven not to be valid, and what it stands for reads as an empty batch.
func invalid(t *testing.T, client *daclient.Client, certificate []byte) {
	for name, at := range map[string]int{"provider": 1, "blob id": 10, "data root": 42, "blob tree root": 74} {
		changed := bytes.Clone(certificate)
		changed[at] ^= 1
		if _, err := recoverPayload(t, client, changed); !daprovider.IsCertificateValidationError(err) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	if _, err := recoverPayload(t, client, certificate[:20]); !daprovider.IsCertificateValidationError(err) {
		t.Errorf("half a certificate: %v", err)
	}
}

// lying has the only node that a gateway asks lie: no lie may pass for the batch, or for its certificate's being invalid.
func lying(t *testing.T, honest *daclient.Client) {
	data := world.Random(t, 2000)
	certificate := store(t, honest, data)
	client := dial(t, "NITRO_LIED_TO", false)
	read(t, client, certificate, data)
	defer world.Control(t, "/lie")
	for _, about := range []string{"bytes", "short", "missing", "pruned", "headers", "silence", "nonsense"} {
		world.Control(t, "/lie?about="+about)
		if _, err := recoverPayload(t, client, certificate); err == nil || daprovider.IsCertificateValidationError(err) {
			t.Errorf("a lie about %s: %v", about, err)
		}
	}
	world.Control(t, "/lie")
	read(t, client, certificate, data)
}

func halting(t *testing.T, client *daclient.Client) {
	before := world.Random(t, 1000)
	certificate := store(t, client, before)
	world.Control(t, "/halt")
	resumed := sync.OnceFunc(func() { world.Control(t, "/resume") })
	defer resumed()
	world.Behind(t, "NITRO_FIRST")
	data := world.Random(t, 1000)
	if _, err := client.Store(data, expiry()).Await(t.Context()); !errors.Is(err, daprovider.ErrFallbackRequested) {
		t.Errorf("a store by a chain that stands still: %v", err)
	}
	read(t, client, certificate, before)
	resumed()
	read(t, client, store(t, client, data), data)
}
