package swarm

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/proto/wire"
	"github.com/ashlar-da/ashlar/testnet/signed"
)

const (
	chainID = "swarm-test"
	// height is that of the one block with rows; those around it are empty.
	height = 2
	newest = 3
)

// newBlock builds a block of k rows: one of transactions, the others of blobs.
func newBlock(setup *kzg.Setup, k int) (*da.Block, *erasure.ExtendedMatrix, error) {
	const most = 16 // rows of one transaction
	random := rand.NewChaCha8([32]byte{byte(k)})
	var txs [][]byte
	for left := k - 1; left > 0; left -= most {
		data := make([]byte, min(left, most)*kzg.RowSize)
		_, _ = random.Read(data) // it has no errors
		for at := 0; at < len(data); at += kzg.ScalarSize {
			data[at] = 0
		}
		tx, err := newEnvelope(setup, da.Blob{Namespace: da.Namespace{27: 1, 28: byte(left)}, Encoding: da.EncodingRaw, Data: data})
		if err != nil {
			return nil, nil, err
		}
		txs = append(txs, tx)
	}
	limits := da.Limits{MaxRows: da.HardMaxRows, MaxTxRows: 2, MaxSharedRows: 4}
	block, err := da.BuildBlock(setup, limits, txs)
	if err != nil {
		return nil, nil, err
	}
	matrix, err := erasure.Extend(setup, block.Square.Rows, block.Header.Commitments, block.Proofs)
	return block, matrix, err
}

// newEnvelope encodes a blob transaction, whose signature is none.
func newEnvelope(setup *kzg.Setup, blob da.Blob) ([]byte, error) {
	commitments, proofs, err := da.ProveBlobs(setup, []da.Blob{blob})
	if err != nil {
		return nil, err
	}
	info, hash := da.DescribeBlobs([]da.Blob{blob}, commitments)[0], da.ProofHash(proofs)
	described := &wire.BlobInfo{Namespace: info.Namespace[:], Size_: info.Size, Encoding: uint32(info.Encoding), Keccak256: info.Keccak256[:]}
	for _, c := range info.Commitments {
		described.Commitments = append(described.Commitments, slices.Clone(c[:]))
	}
	message := &wire.PayForBlobs{Signer: da.FormatAddress([da.AddressSize]byte{1}), ProofHash: hash[:], FeeCap: "7", TipCap: "1", Blobs: []*wire.BlobInfo{described}}
	value, err := message.Marshal()
	if err != nil {
		return nil, err
	}
	body := &wire.TxBody{Messages: []*wire.Any{{TypeUrl: da.PayForBlobsURL, Value: value}}}
	encodedBody, err := body.Marshal()
	if err != nil {
		return nil, err
	}
	raw := &wire.TxRaw{BodyBytes: encodedBody, AuthInfoBytes: []byte("auth"), Signatures: [][]byte{make([]byte, 64)}}
	tx, err := raw.Marshal()
	e := &da.Envelope{Tx: tx, Blobs: [][]byte{blob.Data}, Proofs: proofs}
	return e.Encode(), err
}

// chain is a chain of three heights whose second holds a block.
type chain struct {
	block   *da.Block
	matrix  *erasure.ExtendedMatrix
	headers []*p2p.Header // of height 1 on
}

// newChain signs headers, the newest a moment old.
func newChain(t *testing.T, block *da.Block, matrix *erasure.ExtendedMatrix) *chain {
	t.Helper()
	c := &chain{block: block, matrix: matrix}
	var keys []ed25519.PrivKey
	var validators []*types.Validator
	for i := range 4 {
		seed := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(chainID), uint32(i)))
		keys = append(keys, ed25519.GenPrivKeyFromSecret(seed[:]))
		validators = append(validators, types.NewValidator(keys[i].PubKey(), 10))
	}
	set := types.NewValidatorSet(validators)
	for h := int64(1); h <= newest; h++ {
		txs := da.EmptyTxs()
		if h == height {
			txs = block.Txs
		}
		c.headers = append(c.headers, c.header(t, h, txs, set, keys))
	}
	return c
}

func (c *chain) header(t *testing.T, h int64, txs [][]byte, set *types.ValidatorSet, keys []ed25519.PrivKey) *p2p.Header {
	t.Helper()
	proof, err := da.ProveHeader(txs)
	if err != nil {
		t.Fatal(err)
	}
	var below *types.SignedHeader
	if h > 1 {
		below = c.headers[h-2].Signed
	}
	header, err := signed.Sign(signed.NewHeader(chainID, h, time.Now().Add(time.Duration(h-newest-1)*time.Second), txs, set, set, below), set, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return &p2p.Header{Signed: header, Validators: set, Proof: proof}
}

// hash is that of a height's header.
func (c *chain) hash(h uint64) [32]byte { return [32]byte(c.headers[h-1].Signed.Hash()) }

// fullNode serves the chain as a full node does, out of memory.
type fullNode struct {
	*chain
	silent   atomic.Bool // about height: answers come never
	withheld map[erasure.Coord]bool
	asked    atomic.Int64 // cells
}

// Header implements p2p.HeaderSource.
func (f *fullNode) Header(ctx context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	h := request.Height
	if h == 0 {
		h = newest
	}
	if h > newest {
		return nil, da.ErrFutureHeight
	}
	if err := f.answers(ctx, h); err != nil {
		return nil, err
	}
	return signed.Answer(f.headers[h-1], request), nil
}

// answers waits until the asker has given up, if the node is silent about the height.
func (f *fullNode) answers(ctx context.Context, h uint64) error {
	if !f.silent.Load() || h != height {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// Cost implements p2p.SquareSource.
func (f *fullNode) Cost(_ uint64, coords []erasure.Coord) (cells, bytes int) { return len(coords), 0 }

// Cells implements p2p.SquareSource.
func (f *fullNode) Cells(ctx context.Context, h uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	if err := f.answers(ctx, h); err != nil {
		return nil, err
	}
	f.asked.Add(int64(len(coords)))
	found, cells := 0, make([]*p2p.CellProof, len(coords))
	for i, at := range coords {
		if h != height || !at.In(f.matrix.K()) || f.withheld[at] {
			continue
		}
		proof, _ := f.matrix.Proof(at)
		cells[i] = &p2p.CellProof{Cell: *f.matrix.Cell(at), Proof: proof}
		found++
	}
	if found == 0 {
		return nil, fmt.Errorf("none of %d cells: %w", len(coords), da.ErrNotFound)
	}
	return cells, nil
}

// Rows implements p2p.SquareSource. Nobody asks for them.
func (f *fullNode) Rows(context.Context, uint64, []int) ([]*p2p.RowProofs, error) {
	return nil, da.ErrNotFound
}

// Namespace implements p2p.SquareSource. Nobody asks for one.
func (f *fullNode) Namespace(context.Context, uint64, da.Namespace) (*p2p.Entries, error) {
	return nil, da.ErrNotFound
}

// HeldCost implements p2p.HoldingSource.
func (f *fullNode) HeldCost(uint64) int { return 0 }

// Held implements p2p.HoldingSource.
func (f *fullNode) Held(ctx context.Context, h uint64) (held []erasure.Coord, err error) {
	if err := f.answers(ctx, h); err != nil {
		return nil, err
	}
	for row := range 2 * f.matrix.K() {
		for column := range kzg.Columns {
			if at := (erasure.Coord{Row: row, Column: column}); h == height && !f.withheld[at] {
				held = append(held, at)
			}
		}
	}
	return held, nil
}
