// Package cdk has Polygon CDK's own client of data availability committees use a gateway.
// `make conformance`, from the repository's root, starts what it speaks to.
package cdk

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/binary"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/0xPolygon/cdk-data-availability/client"
	"github.com/0xPolygon/cdk-data-availability/types"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

const maxSize = 16 * 126976

func dial(t *testing.T, where string) client.Client {
	t.Helper()
	return client.New(world.At(t, where))
}

// sequencer is the key whose sequences members take.
func sequencer(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.HexToECDSA(world.At(t, "CDK_SEQUENCER"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signed is either kind of sequence, signed by a sequencer.
type signed interface {
	types.SignedSequenceInterface
	send(t *testing.T, to client.Client) ([]byte, error)
	hash() []byte
}

type legacy struct{ types.SignedSequence }

func (l *legacy) hash() []byte { return l.Sequence.HashToSign() }
func (l *legacy) send(t *testing.T, to client.Client) ([]byte, error) {
	return to.SignSequence(t.Context(), l.SignedSequence)
}

type banana struct{ types.SignedSequenceBanana }

func (b *banana) hash() []byte { return b.Sequence.HashToSign() }
func (b *banana) send(t *testing.T, to client.Client) ([]byte, error) {
	return to.SignSequenceBanana(t.Context(), b.SignedSequenceBanana)
}

// sequence makes one of batches, as a sequencer of that kind does.
func sequence(t *testing.T, isBanana bool, by *ecdsa.PrivateKey, batches ...[]byte) signed {
	t.Helper()
	var made signed
	if isBanana {
		b := new(banana)
		b.Sequence = types.SequenceBanana{
			OldAccInputHash: common.Hash{1, 31: 2}, L1InfoRoot: common.Hash(world.Random(t, 32)),
			MaxSequenceTimestamp: types.ArgUint64(time.Now().Unix()),
		}
		for i, data := range batches {
			batch := types.Batch{L2Data: data, Coinbase: common.Address{19: byte(i + 1)}}
			if i == 1 { // as a forced batch
				batch.ForcedBlockHashL1, batch.ForcedGER, batch.ForcedTimestamp = common.Hash{5}, common.Hash{6}, 7
			}
			b.Sequence.Batches = append(b.Sequence.Batches, batch)
		}
		made = b
	} else {
		l := new(legacy)
		for _, data := range batches {
			l.Sequence = append(l.Sequence, data)
		}
		made = l
	}
	signature, err := made.Sign(by)
	if err != nil {
		t.Fatal(err)
	}
	made.SetSignature(signature)
	return made
}

// put has the member store and sign, and returns once its signature is found to be its own.
func put(t *testing.T, to client.Client, s signed) []byte {
	t.Helper()
	signature, err := s.send(t, to)
	if err != nil {
		t.Fatal(err)
	}
	s.SetSignature(bytes.Clone(signature))
	if signer, err := s.Signer(); err != nil || signer != common.HexToAddress(world.At(t, "CDK_MEMBER")) {
		t.Fatalf("signed by %s, %v", signer, err)
	}
	return signature
}

// read returns once the client reads the bytes: another node may be a moment behind.
func read(t *testing.T, from client.Client, want []byte) {
	t.Helper()
	world.Eventually(t, func() (bool, error) {
		data, err := from.GetOffChainData(t.Context(), crypto.Keccak256Hash(want))
		if err == nil && !bytes.Equal(data, want) {
			t.Fatalf("%d other bytes", len(data))
		}
		return err == nil, err
	})
}

func TestCDK(t *testing.T) { testCDK(t, false) }

func TestCDKBanana(t *testing.T) { testCDK(t, true) }

func testCDK(t *testing.T, isBanana bool) {
	first, other, key := dial(t, "CDK_FIRST"), dial(t, "CDK_OTHER"), sequencer(t)
	make := func(batches ...[]byte) signed { return sequence(t, isBanana, key, batches...) }
	early := world.Random(t, 1000)
	put(t, first, make(early))
	t.Run("put and get", func(t *testing.T) {
		batches := [][]byte{world.Random(t, 1), world.Random(t, 120_000), world.Random(t, maxSize), {}}
		put(t, first, make(batches...))
		for _, data := range batches {
			read(t, first, data)
		}
	})
	t.Run("read from another node", func(t *testing.T) { read(t, other, early) })
	t.Run("put twice", func(t *testing.T) {
		s := make(world.Random(t, 500))
		again := bytes.Clone(s.GetSignature())
		one := put(t, first, s)
		s.SetSignature(again)
		if two := put(t, first, s); !bytes.Equal(one, two) {
			t.Errorf("%x, then %x", one, two)
		}
	})
	t.Run("list", func(t *testing.T) { list(t, first, early) })
	t.Run("status", func(t *testing.T) {
		status, err := first.GetStatus(t.Context())
		if err != nil || status.KeyCount == 0 || status.LastSynchronizedBlock == 0 || status.Uptime == "" || !strings.HasPrefix(status.Version, "ashlar") {
			t.Errorf("%+v, %v", status, err)
		}
	})
	t.Run("100 puts at once", func(t *testing.T) { hundred(t, first, isBanana, key) })
	t.Run("oversize", func(t *testing.T) {
		if _, err := make(world.Random(t, maxSize+1)).send(t, first); !says(err, "-32000 failed to store offchain data. Error: ") {
			t.Errorf("a batch: %v", err)
		}
		if _, err := make(world.Random(t, 17<<20)).send(t, first); err == nil { // 413, or a connection that ended before it was read
			t.Error("a request of any length")
		}
	})
	t.Run("unknown", func(t *testing.T) {
		if data, err := first.GetOffChainData(t.Context(), common.Hash{1, 2, 3}); !says(err, "-32000 failed to get the requested data") {
			t.Errorf("%x, %v", data, err)
		}
	})
	t.Run("wrong signature", func(t *testing.T) { wrong(t, first, make, isBanana) })
	t.Run("lying node", func(t *testing.T) { lying(t, early) })
	t.Run("pruned", func(t *testing.T) {
		forgets := dial(t, "CDK_FORGETS")
		world.Eventually(t, func() (bool, error) {
			found, err := forgets.ListOffChainData(t.Context(), []common.Hash{crypto.Keccak256Hash(early)})
			return err == nil && len(found) == 0, err
		})
	})
	t.Run("node restarts", func(t *testing.T) {
		data := world.Random(t, 3000)
		put(t, first, make(data))
		world.Control(t, "/restart-node")
		read(t, first, data)
	})
	t.Run("gateway restarts", func(t *testing.T) {
		data := world.Random(t, 3000)
		put(t, first, make(data))
		world.Control(t, "/restart-gateway")
		read(t, first, data)
	})
	t.Run("chain halts and resumes", func(t *testing.T) { halting(t, first, make) })
}

func says(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

func list(t *testing.T, from client.Client, known []byte) {
	hash := crypto.Keccak256Hash(known)
	found, err := from.ListOffChainData(t.Context(), []common.Hash{hash, {1, 2, 3}, hash})
	if err != nil || len(found) != 1 || !bytes.Equal(found[hash], known) {
		t.Errorf("%d found, %v", len(found), err)
	}
	if _, err := from.ListOffChainData(t.Context(), make([]common.Hash, 101)); !says(err, "-32600 too many hashes requested") {
		t.Errorf("101: %v", err)
	}
}

func hundred(t *testing.T, to client.Client, isBanana bool, key *ecdsa.PrivateKey) {
	var group sync.WaitGroup
	for range 100 {
		s := sequence(t, isBanana, key, world.Random(t, 2000))
		group.Go(func() {
			hash := crypto.Keccak256Hash(s.OffChainData()[0].Value)
			if _, err := s.send(t, to); err != nil {
				t.Error(err)
				return
			}
			if data, err := to.GetOffChainData(t.Context(), hash); err != nil || crypto.Keccak256Hash(data) != hash {
				t.Errorf("%s: %v", hash, err)
			}
		})
	}
	group.Wait()
}

// wrong has sequences of others than the sequencer, and changed ones: none may be signed, nor stored.
func wrong(t *testing.T, to client.Client, make func(...[]byte) signed, isBanana bool) {
	stranger, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	data := world.Random(t, 100)
	mine := sequence(t, isBanana, stranger, data)
	short, moved := make(data), make(data)
	short.SetSignature(short.GetSignature()[:64])
	if l, ok := moved.(*legacy); ok {
		l.Sequence = append(l.Sequence, world.Random(t, 10))
	} else {
		moved.(*banana).Sequence.MaxSequenceTimestamp++
	}
	for name, c := range map[string]struct {
		sequence signed
		want     string
	}{
		"a stranger's": {mine, "-32000 unauthorized"}, "half a signature": {short, "-32000 failed to verify sender"},
		"changed": {moved, "-32000 "}, "no batches": {make(), "-32000 failed to sign."},
	} {
		if signature, err := c.sequence.send(t, to); !says(err, c.want) {
			t.Errorf("%s: %x, %v", name, signature, err)
		}
	}
	if _, err := to.GetOffChainData(t.Context(), crypto.Keccak256Hash(data)); err == nil {
		t.Error("what was not signed was stored")
	}
}

// lying has the only node that a gateway asks lie: the client must hear neither other bytes nor that there are none.
func lying(t *testing.T, data []byte) {
	liedTo, hash := dial(t, "CDK_LIED_TO"), crypto.Keccak256Hash(data)
	read(t, liedTo, data)
	defer world.Control(t, "/lie")
	for _, about := range []string{"bytes", "short", "missing", "pruned", "silence", "nonsense"} {
		world.Control(t, "/lie?about="+about)
		if data, err := liedTo.GetOffChainData(t.Context(), hash); err == nil {
			t.Errorf("a lie about %s: %d bytes", about, len(data))
		}
		if found, err := liedTo.ListOffChainData(t.Context(), []common.Hash{hash}); err == nil {
			t.Errorf("a lie about %s: listed without it: %d", about, len(found))
		}
	}
	world.Control(t, "/lie")
	read(t, liedTo, data)
}

func halting(t *testing.T, to client.Client, make func(...[]byte) signed) {
	before := binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixNano()))
	put(t, to, make(before))
	world.Control(t, "/halt")
	resumed := sync.OnceFunc(func() { world.Control(t, "/resume") })
	defer resumed()
	world.Behind(t, "CDK_FIRST")
	data := world.Random(t, 1000)
	if signature, err := make(data).send(t, to); err == nil {
		t.Errorf("signed by a chain that stands still: %x", signature)
	}
	read(t, to, before)
	resumed()
	put(t, to, make(data))
	read(t, to, data)
}
