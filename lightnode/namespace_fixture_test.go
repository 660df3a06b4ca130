package lightnode

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// The namespaces of test squares: followed lies between the others.
var (
	lowNamespace  = da.Namespace{27: 1, 28: 1}
	followedSpace = da.Namespace{27: 2, 28: 2}
	highNamespace = da.Namespace{27: 3, 28: 3}
)

// must unwraps in fixtures, where an error is a mistake of the test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// testBytes are the first size bytes of a stream that a seed decides.
func testBytes(seed uint64, size int) (out []byte) {
	for n := uint64(0); len(out) < size; n++ {
		h := sha256.Sum256(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, seed), n))
		out = append(out, h[:]...)
	}
	return out[:size]
}

func testBlob(namespace da.Namespace, seed uint64, size int) da.Blob {
	return da.Blob{Namespace: namespace, Encoding: da.EncodingData, Data: testBytes(seed, size)}
}

// testEnvelope is a blob transaction that nobody signed.
func testEnvelope(setup *kzg.Setup, blobs ...da.Blob) []byte {
	commitments, proofs, err := da.ProveBlobs(setup, blobs)
	if err != nil {
		panic(err)
	}
	proofHash := da.ProofHash(proofs)
	m := &wire.PayForBlobs{Signer: da.FormatAddress([da.AddressSize]byte{1}), ProofHash: proofHash[:], FeeCap: "7", TipCap: "1"}
	e := &da.Envelope{Proofs: proofs}
	for i, info := range da.DescribeBlobs(blobs, commitments) {
		w := &wire.BlobInfo{Namespace: info.Namespace[:], Size_: info.Size, Keccak256: info.Keccak256[:]}
		for _, c := range info.Commitments {
			w.Commitments = append(w.Commitments, slices.Clone(c[:]))
		}
		m.Blobs = append(m.Blobs, w)
		e.Blobs = append(e.Blobs, blobs[i].Data)
	}
	body := &wire.TxBody{Messages: []*wire.Any{{TypeUrl: da.PayForBlobsURL, Value: must(m.Marshal())}}}
	e.Tx = must((&wire.TxRaw{BodyBytes: must(body.Marshal()), AuthInfoBytes: []byte("auth"), Signatures: [][]byte{testBytes(7, 64)}}).Marshal())
	return e.Encode()
}

// square is a block's content, coded once for all tests.
type square struct {
	*da.Block
	matrix *erasure.ExtendedMatrix
	blobs  [][]byte // of the namespace followed, in index order
}

func newSquare(setup *kzg.Setup, txs ...[]byte) (*square, error) {
	block, err := da.BuildBlock(setup, da.DefaultLimits(), txs)
	if err != nil {
		return nil, err
	}
	s := &square{Block: block}
	if s.matrix, err = erasure.Extend(setup, block.Square.Rows, block.Header.Commitments, block.Proofs); err != nil {
		return nil, err
	}
	s.read()
	return s, nil
}

// read finds the blobs of the namespace followed, as far as the rows have them.
func (s *square) read() {
	for i := range s.Square.Index.Entries {
		e := &s.Square.Index.Entries[i]
		if e.Namespace != followedSpace || e.Row()+e.Rows() > len(s.Square.Rows) {
			continue
		}
		if data, err := e.Extract(s.Square.Rows[e.Row() : e.Row()+e.Rows()]); err == nil {
			s.blobs = append(s.blobs, data)
		}
	}
}

// forge returns the square with another index than its transactions result in.
func (s *square) forge(change func([]da.Entry) []da.Entry) *square {
	entries := change(slices.Clone(s.Square.Index.Entries))
	for i := range entries {
		info := entries[i].Info()
		entries[i].ID = info.ID()
	}
	index := must(da.NewIndex(entries))
	header, layout, block := *s.Header, *s.Square, *s.Block
	header.IndexRoot, header.BlobTreeRoot = index.Root(), da.BlobTreeRoot(index.IDs())
	layout.Index = index
	block.Header, block.Square, block.Txs = &header, &layout, slices.Clone(s.Txs)
	block.Txs[0] = append([]byte{0}, header.Encode()...)
	forged := &square{Block: &block, matrix: s.matrix}
	forged.read()
	return forged
}

// rich has four blobs of the namespace followed, one of two rows and the largest small one among
// them, between others'; poor has one; foreign has none, between others'.
type squares struct{ rich, poor, foreign *square }

var loadSquares = sync.OnceValues(func() (s squares, err error) {
	setup, err := loadSetup()
	if err != nil {
		return s, err
	}
	s.rich, err = newSquare(setup,
		testEnvelope(setup, testBlob(highNamespace, 1, 3000), testBlob(followedSpace, 2, 1), testBlob(lowNamespace, 3, 100)),
		testEnvelope(setup, testBlob(followedSpace, 4, da.DataRowSize+1), testBlob(followedSpace, 5, 5*da.DataCellSize)),
		testEnvelope(setup, testBlob(followedSpace, 6, 32*da.DataCellSize)))
	if err != nil {
		return s, err
	}
	if s.poor, err = newSquare(setup, testEnvelope(setup, testBlob(followedSpace, 7, 2000))); err != nil {
		return s, err
	}
	s.foreign, err = newSquare(setup, testEnvelope(setup, testBlob(lowNamespace, 8, 10), testBlob(highNamespace, 9, 10)))
	return s, err
})

func testSquares(t *testing.T) squares {
	t.Helper()
	s, err := loadSquares()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// blobChain is a test chain of blocks with squares that were laid out of blobs. A nil square is an
// empty block's.
type blobChain struct {
	*testBlocks
	squares []*square // of height 1 on
}

func newBlobChain(t *testing.T, squares ...*square) *blobChain {
	t.Helper()
	c := &blobChain{testBlocks: newTestBlocks(t, 0)}
	for _, s := range squares {
		c.add(s)
	}
	return c
}

func (c *blobChain) add(s *square) {
	c.squares = append(c.squares, s)
	if s == nil {
		c.grow(emptyBlock)
		return
	}
	c.grow(func(*testing.T, int64) ([][]byte, *erasure.ExtendedMatrix) { return s.Txs, s.matrix })
}

// blobSource serves a blobChain, and lies about it as a test has it.
type blobSource struct {
	*testSource
	chain *blobChain

	lies sync.Mutex
	// entries, rows and cell change what is served; nil: nothing. Guarded by lies.
	entries func(height uint64, e *p2p.Entries) *p2p.Entries
	rows    func(numbers []int, rows []*p2p.RowProofs) []*p2p.RowProofs
	cell    func(coord erasure.Coord, cell *p2p.CellProof) *p2p.CellProof
}

func (s *blobSource) at(height uint64) (*square, error) {
	if height == 0 || height > uint64(len(s.chain.squares)) || s.chain.squares[height-1] == nil {
		return nil, da.ErrNotFound
	}
	return s.chain.squares[height-1], nil
}

func (s *blobSource) lie(change func(*blobSource)) {
	s.lies.Lock()
	defer s.lies.Unlock()
	change(s)
}

func (s *blobSource) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	cells, err := s.testSource.Cells(ctx, height, coords)
	s.lies.Lock()
	defer s.lies.Unlock()
	for i := range cells {
		if s.cell != nil && cells[i] != nil {
			cells[i] = s.cell(coords[i], cells[i])
		}
	}
	return cells, err
}

func (s *blobSource) Rows(_ context.Context, height uint64, numbers []int) ([]*p2p.RowProofs, error) {
	square, err := s.at(height)
	if err != nil {
		return nil, err
	}
	rows := make([]*p2p.RowProofs, len(numbers))
	for i, number := range numbers {
		if number < len(square.Square.Rows) {
			rows[i] = &p2p.RowProofs{Row: *square.Square.Rows[number], Proofs: [kzg.Columns]kzg.Proof(square.Proofs[number])}
		}
	}
	s.lies.Lock()
	defer s.lies.Unlock()
	if s.rows != nil {
		rows = s.rows(numbers, rows)
	}
	return rows, nil
}

func (s *blobSource) Namespace(_ context.Context, height uint64, namespace da.Namespace) (*p2p.Entries, error) {
	square, err := s.at(height)
	if err != nil {
		return nil, err
	}
	found := entriesOf(square, namespace)
	s.lies.Lock()
	defer s.lies.Unlock()
	if s.entries != nil {
		found = s.entries(height, found)
	}
	return found, nil
}

// entriesOf is what an honest peer says of a namespace in a square.
func entriesOf(s *square, namespace da.Namespace) *p2p.Entries {
	entries, proof, err := s.Square.Index.Namespace(namespace)
	if err != nil {
		panic(err)
	}
	found := &p2p.Entries{Proof: proof}
	for i := range entries {
		found.Entries = append(found.Entries, entries[i].Encode())
	}
	return found
}

// serveBlobs starts a host that serves the chain.
func (c *blobChain) serveBlobs(t *testing.T) (*blobSource, *p2p.Host) {
	t.Helper()
	source := &blobSource{testSource: &testSource{blocks: c.testBlocks}, chain: c}
	host := startHostWith(t, func(c *p2p.Config) {
		c.Headers, c.Squares, c.Limits = source, source, p2p.Limits{CellsBurst: 1 << 20}
	})
	return source, host
}
