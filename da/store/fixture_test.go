package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

var sharedSetup = sync.OnceValues(kzg.NewSetup)

// must unwraps in fixtures, where an error is a mistake of the test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func testBytes(seed uint64, size int) []byte {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	out := make([]byte, size)
	must(rand.NewChaCha8(key).Read(out))
	return out
}

func testNamespace(id byte) da.Namespace { return must(da.NewNamespace([]byte{id, 1})) }

// testBlobs are one blob with two rows of its own, and two small ones.
func testBlobs() []da.Blob {
	return []da.Blob{
		{Namespace: testNamespace(2), Data: testBytes(1, da.DataRowSize+9)},
		{Namespace: testNamespace(1), Data: testBytes(2, 3000)},
		{Namespace: testNamespace(2), Data: []byte("a small blob")},
	}
}

func marshal(m interface{ Marshal() ([]byte, error) }) []byte { return must(m.Marshal()) }

// testTx makes the envelope of blobs; nobody signed it.
func testTx(setup *kzg.Setup, blobs []da.Blob) []byte {
	commitments, proofs, err := da.ProveBlobs(setup, blobs)
	if err != nil {
		panic(err)
	}
	hash := da.ProofHash(proofs)
	m := &wire.PayForBlobs{Signer: da.FormatAddress([da.AddressSize]byte{7}), ProofHash: hash[:], FeeCap: "1", TipCap: "0"}
	e := da.Envelope{Proofs: proofs}
	for i, info := range da.DescribeBlobs(blobs, commitments) {
		w := &wire.BlobInfo{Namespace: info.Namespace[:], Size_: info.Size, Encoding: uint32(info.Encoding), Keccak256: info.Keccak256[:]}
		for j := range info.Commitments {
			w.Commitments = append(w.Commitments, info.Commitments[j][:])
		}
		m.Blobs, e.Blobs = append(m.Blobs, w), append(e.Blobs, blobs[i].Data)
	}
	body := &wire.TxBody{Messages: []*wire.Any{{TypeUrl: da.PayForBlobsURL, Value: marshal(m)}}}
	e.Tx = marshal(&wire.TxRaw{BodyBytes: marshal(body), AuthInfoBytes: []byte("auth"), Signatures: [][]byte{{1}}})
	return e.Encode()
}

// sharedBlock is a block of four rows: one of transactions, two own, one shared.
var sharedBlock = sync.OnceValues(func() (*da.Block, error) {
	setup, err := sharedSetup()
	if err != nil {
		return nil, err
	}
	return da.BuildBlock(setup, da.DefaultLimits(), [][]byte{testTx(setup, testBlobs())})
})

func newSetup(tb testing.TB) *kzg.Setup {
	tb.Helper()
	setup, err := sharedSetup()
	if err != nil {
		tb.Fatal(err)
	}
	return setup
}

var genesis = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// blockTime is the time of a height's block: one a minute.
func blockTime(height uint64) time.Time { return genesis.Add(time.Duration(height) * time.Minute) }

// testBlock is the shared block at some height.
func testBlock(tb testing.TB, height uint64) *Block {
	tb.Helper()
	block, err := sharedBlock()
	if err != nil {
		tb.Fatal(err)
	}
	proof, err := da.ProveHeader(block.Txs)
	if err != nil {
		tb.Fatal(err)
	}
	return blockAt(block, proof, height)
}

// blockAt is what is stored of a block at some height.
func blockAt(block *da.Block, proof *da.HeaderProof, height uint64) *Block {
	return &Block{
		Height: height, Time: blockTime(height), Hash: sha256.Sum256([]byte{byte(height)}), Proof: *proof,
		Index: block.Square.Index, Rows: block.Square.Rows, Proofs: block.Proofs,
	}
}

// emptyBlock is a height without rows.
func emptyBlock(tb testing.TB, height uint64) *Block {
	tb.Helper()
	proof, err := da.ProveHeader(da.EmptyTxs())
	if err != nil {
		tb.Fatal(err)
	}
	index, err := da.NewIndex(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &Block{Height: height, Time: blockTime(height), Proof: *proof, Index: index}
}

func testConfig(tb testing.TB, dir string) Config {
	tb.Helper()
	return Config{Dir: dir, Setup: newSetup(tb), Reserve: 1 << 20, MinFree: 1 << 20, Log: slog.New(slog.DiscardHandler)}
}

func open(tb testing.TB, config Config) *Store {
	tb.Helper()
	s, err := Open(context.Background(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func put(tb testing.TB, s *Store, blocks ...*Block) {
	tb.Helper()
	for _, b := range blocks {
		if err := s.Put(context.Background(), b); err != nil {
			tb.Fatal(err)
		}
	}
}
