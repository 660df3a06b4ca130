package faces

import (
	"bytes"
	"math/big"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// attesters is how many attest what the contracts of these tests are asked about: who they are is for the light client's tests.
const attesters = 4

// testBytes returns bytes that differ with the seed.
func testBytes(seed byte, size int) []byte {
	var out []byte
	for n := byte(0); len(out) < size; n++ {
		for m := byte(0); m < 255 && len(out) < size; m++ {
			hash := da.Keccak256([]byte{seed, n, m})
			out = append(out, hash[:]...)
		}
	}
	return out[:size]
}

func namespace(id byte) da.Namespace { return da.Namespace{27: id, 28: 0xfa} }

func dataBlob(seed byte, size int) da.Blob {
	return da.Blob{Namespace: namespace(seed), Encoding: da.EncodingData, Data: testBytes(seed, size)}
}

// rawBlob's scalars are canonical: the first byte of each is zero.
func rawBlob(seed byte, scalars int) da.Blob {
	b := da.Blob{Namespace: namespace(seed), Encoding: da.EncodingRaw, Data: testBytes(seed, scalars*kzg.ScalarSize)}
	for i := range scalars {
		b.Data[i*kzg.ScalarSize] = 0
	}
	return b
}

// must unwraps in fixtures, where an error is a mistake of the test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

var setup = sync.OnceValue(func() *kzg.Setup { return must(kzg.NewSetup()) })

// posted is a real block of an Ashlar chain, and what was posted in it.
type posted struct {
	*da.Block
	blobs []da.Blob
}

// newBlock builds a block with one transaction, of these blobs.
func newBlock(blobs ...da.Blob) *posted {
	if len(blobs) == 0 {
		return &posted{Block: must(da.BuildBlock(setup(), da.DefaultLimits(), nil))}
	}
	commitments, proofs, err := da.ProveBlobs(setup(), blobs)
	if err != nil {
		panic(err)
	}
	hash := da.ProofHash(proofs)
	m := &wire.PayForBlobs{Signer: da.FormatAddress([da.AddressSize]byte{1}), ProofHash: hash[:], FeeCap: "7", TipCap: "1"}
	e := &da.Envelope{Proofs: proofs}
	for i, info := range da.DescribeBlobs(blobs, commitments) {
		w := &wire.BlobInfo{Namespace: bytes.Clone(info.Namespace[:]), Size_: info.Size, Encoding: uint32(info.Encoding), Keccak256: bytes.Clone(info.Keccak256[:])}
		for _, c := range info.Commitments {
			w.Commitments = append(w.Commitments, bytes.Clone(c[:]))
		}
		m.Blobs, e.Blobs = append(m.Blobs, w), append(e.Blobs, blobs[i].Data)
	}
	body := must((&wire.TxBody{Messages: []*wire.Any{{TypeUrl: da.PayForBlobsURL, Value: must(m.Marshal())}}}).Marshal())
	e.Tx = must((&wire.TxRaw{BodyBytes: body, AuthInfoBytes: []byte("auth"), Signatures: [][]byte{testBytes(7, 64)}}).Marshal())
	return &posted{must(da.BuildBlock(setup(), da.DefaultLimits(), [][]byte{e.Encode()})), blobs}
}

// blocks are what the heights of every history here have, in turn: every kind of blob, one alone, none, and one twice.
var blocks = sync.OnceValue(func() []*posted {
	return []*posted{
		newBlock(dataBlob(1, 100), dataBlob(2, da.DataRowSize+5), rawBlob(3, 70), dataBlob(4, 40*da.DataCellSize)),
		newBlock(dataBlob(5, 7000)),
		newBlock(),
		newBlock(dataBlob(6, 31), dataBlob(6, 31), dataBlob(7, 32)),
	}
})

func blockAt(height uint64) *posted { return blocks()[height%uint64(len(blocks()))] }

func (b *posted) roots() (dataRoot, blobTreeRoot [32]byte) {
	return b.Header.DataRoot(), b.Header.BlobTreeRoot
}

// infos are what the block's message says of its blobs, in its order.
func (b *posted) infos() []da.BlobInfo {
	if len(b.Messages) == 0 {
		return nil
	}
	return b.Messages[0].Blobs
}

// leavesUpTo are those of heights 1 to n.
func leavesUpTo(n uint64) (leaves [][32]byte) {
	for height := uint64(1); height <= n; height++ {
		dataRoot, blobTreeRoot := blockAt(height).roots()
		leaves = append(leaves, da.HistoryLeaf(height, dataRoot, blobTreeRoot))
	}
	return leaves
}

// world is an Ethereum with a light client of an Ashlar chain.
type world struct {
	*evm.Chain
	committee *committee.Committee
	client    *evm.Contract
}

// pointEvaluation has go-ethereum load its setup, which takes so long that a block would be closed before.
var pointEvaluation = sync.OnceFunc(func() {
	_ = kzg4844.VerifyProof(kzg4844.Commitment{0xc0}, kzg4844.Point{}, kzg4844.Claim{}, kzg4844.Proof{0xc0})
})

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{Chain: evm.New(tb)}
	w.committee = committee.New(tb, attesters, w.Now(tb))
	w.client = w.committee.Deploy(tb, w.Chain)
	return w
}

// history is that of a number of heights, and a certificate for it.
type history struct {
	leaves      [][32]byte
	newest      uint64
	root        [32]byte
	certificate *da.Certificate
}

// certify makes the history of so many heights and has it signed, for blocks of now.
func (w *world) certify(tb testing.TB, newest uint64) *history {
	tb.Helper()
	h := &history{leaves: leavesUpTo(newest), newest: newest}
	var chain da.History
	for _, leaf := range h.leaves {
		chain = chain.Append(leaf)
	}
	h.root = chain.Root()
	a := w.committee.Attestation(tb, newest, w.Now(tb))
	a.DataRoot, a.BlobTreeRoot = blockAt(newest).roots()
	a.HistoryRoot = h.root
	h.certificate = w.committee.Certify(tb, a)
	return h
}

// attest has the light client verify and remember the history of so many heights.
func (w *world) attest(tb testing.TB, newest uint64) *history {
	tb.Helper()
	h := w.certify(tb, newest)
	w.client.Send(tb, "attest", committee.Args(tb, h.certificate)...)
	return h
}

// place proves a height.
func (h *history) place(tb testing.TB, height uint64) calldata.Place {
	tb.Helper()
	proof, err := da.ProveHistory(h.leaves, height)
	if err != nil {
		tb.Fatal(err)
	}
	dataRoot, blobTreeRoot := blockAt(height).roots()
	return calldata.NewPlace(height, dataRoot, blobTreeRoot, proof)
}

// blob proves the blob with an index among those of a height.
func blob(tb testing.TB, place, height uint64, index int) calldata.Posted {
	tb.Helper()
	b := blockAt(height)
	info := &b.infos()[index]
	proof, err := da.ProveBlob(b.Square.Index.IDs(), info.ID())
	if err != nil {
		tb.Fatal(err)
	}
	return calldata.NewPosted(place, info, proof)
}

// deploy deploys a contract that asks the light client about windows of so many heights.
func (w *world) deploy(tb testing.TB, name string, window uint64, more ...any) *evm.Contract {
	tb.Helper()
	return w.Deploy(tb, name, append([]any{w.client.Address, window}, more...)...)
}

func number(n uint64) *big.Int { return new(big.Int).SetUint64(n) }
