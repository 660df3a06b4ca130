package da

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

var sharedSetup = sync.OnceValues(kzg.NewSetup)

func newSetup(tb testing.TB) *kzg.Setup {
	tb.Helper()
	setup, err := sharedSetup()
	if err != nil {
		tb.Fatal(err)
	}
	return setup
}

// must unwraps in fixtures, where an error is a mistake of the test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// testBytes are the first size bytes of SHA-256(seed ‖ 0) ‖ SHA-256(seed ‖ 1) ‖ …, both
// numbers 64 bits big-endian, so that vectors can name data by seed and size.
func testBytes(seed uint64, size int) []byte {
	var out []byte
	for n := uint64(0); len(out) < size; n++ {
		h := sha256.Sum256(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, seed), n))
		out = append(out, h[:]...)
	}
	return out[:size]
}

func testNamespace(id byte) Namespace { return Namespace{27: id, 28: 0xa5} }

func dataBlob(ns byte, size int) Blob {
	return Blob{testNamespace(ns), EncodingData, testBytes(uint64(size), size)}
}

// rawBlob's scalars are canonical: the first byte of each is zero.
func rawBlob(ns byte, scalars int) Blob {
	data := testBytes(uint64(scalars), scalars*kzg.ScalarSize)
	for i := range scalars {
		data[i*kzg.ScalarSize] = 0
	}
	return Blob{testNamespace(ns), EncodingRaw, data}
}

func testSigner(n byte) (signer [AddressSize]byte) {
	signer[0], signer[AddressSize-1] = 0xee, n
	return signer
}

func marshal(m interface{ Marshal() ([]byte, error) }) []byte { return must(m.Marshal()) }

// txWith makes the bytes of a transaction with these messages; its signature is none.
func txWith(messages ...*wire.Any) []byte {
	return marshal(&wire.TxRaw{
		BodyBytes:     marshal(&wire.TxBody{Messages: messages}),
		AuthInfoBytes: []byte("auth"),
		Signatures:    [][]byte{testBytes(7, 64)},
	})
}

func plainTx(size int) []byte {
	return txWith(&wire.Any{TypeUrl: "/cosmos.bank.v1beta1.MsgSend", Value: testBytes(uint64(size), size)})
}

func wireMessage(signer [AddressSize]byte, infos []BlobInfo, proofHash [HashSize]byte) *wire.PayForBlobs {
	m := &wire.PayForBlobs{Signer: FormatAddress(signer), ProofHash: proofHash[:], FeeCap: "7", TipCap: "1"}
	for _, info := range infos {
		w := &wire.BlobInfo{
			Namespace: append([]byte(nil), info.Namespace[:]...), Size_: info.Size,
			Encoding: uint32(info.Encoding), Keccak256: append([]byte(nil), info.Keccak256[:]...),
		}
		for _, c := range info.Commitments {
			w.Commitments = append(w.Commitments, append([]byte(nil), c[:]...))
		}
		m.Blobs = append(m.Blobs, w)
	}
	return m
}

func blobTx(m *wire.PayForBlobs) []byte {
	return txWith(&wire.Any{TypeUrl: PayForBlobsURL, Value: marshal(m)})
}

func newEnvelope(setup *kzg.Setup, signer byte, blobs ...Blob) *Envelope {
	commitments, proofs, err := ProveBlobs(setup, blobs)
	if err != nil {
		panic(err)
	}
	e := &Envelope{Proofs: proofs}
	for _, b := range blobs {
		e.Blobs = append(e.Blobs, b.Data)
	}
	e.Tx = blobTx(wireMessage(testSigner(signer), DescribeBlobs(blobs, commitments), ProofHash(proofs)))
	return e
}

// fixtureTxs are a block's transactions before anything is injected: two envelopes that hold
// every kind of blob, and two other transactions.
var fixtureTxs = sync.OnceValues(func() ([][]byte, error) {
	setup, err := sharedSetup()
	if err != nil {
		return nil, err
	}
	first := newEnvelope(setup, 1,
		dataBlob(9, 1),
		dataBlob(3, DataRowSize+1),
		rawBlob(3, 70),
	)
	second := newEnvelope(setup, 2,
		rawBlob(1, kzg.RowScalars),
		dataBlob(3, 5*DataCellSize),
		dataBlob(5, 32*DataCellSize),
		dataBlob(5, 17*DataCellSize),
		dataBlob(9, 1),
	)
	return [][]byte{first.Encode(), second.Encode(), plainTx(40), plainTx(300)}, nil
})

var fixtureBlock = sync.OnceValues(func() (*Block, error) {
	setup, err := sharedSetup()
	if err != nil {
		return nil, err
	}
	txs, err := fixtureTxs()
	if err != nil {
		return nil, err
	}
	return BuildBlock(setup, DefaultLimits(), txs)
})

func newFixture(tb testing.TB) (*kzg.Setup, *Block) {
	tb.Helper()
	block, err := fixtureBlock()
	if err != nil {
		tb.Fatal(err)
	}
	return newSetup(tb), block
}
