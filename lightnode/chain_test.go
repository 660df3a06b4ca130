package lightnode

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/crypto/merkle"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/testnet/signed"
)

const testChain = "light-test"

var loadSetup = sync.OnceValues(kzg.NewSetup)

func testSetup(t *testing.T) *kzg.Setup {
	t.Helper()
	setup, err := loadSetup()
	if err != nil {
		t.Fatal(err)
	}
	return setup
}

// loadSquare codes one square of two rows, which all test blocks share.
var loadSquare = sync.OnceValues(func() (*erasure.ExtendedMatrix, error) {
	setup, err := loadSetup()
	if err != nil {
		return nil, err
	}
	var rows []*kzg.Row
	var commitments []kzg.Commitment
	var proofs [][]kzg.Proof
	for i := range 2 {
		row := new(kzg.Row)
		for j := range kzg.RowScalars {
			binary.BigEndian.PutUint64(row[kzg.ScalarSize*j+8:], uint64(i*kzg.RowScalars+j+1))
		}
		commitment, err := setup.Commit(row)
		if err != nil {
			return nil, err
		}
		_, cellProofs, err := setup.ComputeCellsAndProofs(row)
		if err != nil {
			return nil, err
		}
		rows, commitments, proofs = append(rows, row), append(commitments, commitment), append(proofs, cellProofs[:])
	}
	return erasure.Extend(setup, rows, commitments, proofs)
})

// block is a block of the test chain.
type block struct {
	header *p2p.Header
	square *erasure.ExtendedMatrix // nil if it has no rows
}

// testBlocks is a chain in memory, signed by validators that change as it grows.
type testBlocks struct {
	t     *testing.T
	keys  []ed25519.PrivKey // the validators of height h are keys[(h-1)/3 : (h-1)/3+4]
	start time.Time
	every time.Duration // between blocks

	mu     sync.Mutex
	blocks []*block // of height 1 on; guarded by mu
}

// content makes a block's transactions.
type content func(t *testing.T, height int64) (txs [][]byte, square *erasure.ExtendedMatrix)

// newTestBlocks begins a chain whose last of n heights is a moment old.
func newTestBlocks(t *testing.T, n int) *testBlocks {
	t.Helper()
	c := &testBlocks{t: t, start: time.Now().Add(-time.Duration(n+1) * time.Second), every: time.Second}
	for i := range 64 {
		seed := sha256.Sum256(binary.BigEndian.AppendUint32([]byte("validator"), uint32(i)))
		c.keys = append(c.keys, ed25519.GenPrivKeyFromSecret(seed[:]))
	}
	for range n {
		c.grow(fullBlock)
	}
	return c
}

// fullBlock has a square of two rows.
func fullBlock(t *testing.T, height int64) ([][]byte, *erasure.ExtendedMatrix) {
	t.Helper()
	square, err := loadSquare()
	if err != nil {
		t.Fatal(err)
	}
	header := da.Header{Version: da.HeaderVersion, TxRows: 1, Commitments: []kzg.Commitment{square.Commitment(0), square.Commitment(1)}}
	binary.BigEndian.PutUint64(header.BlobTreeRoot[:], uint64(height)) // so that no two data roots are alike
	return [][]byte{append([]byte{0}, header.Encode()...), {0}, fmt.Appendf(nil, "transaction of %d", height)}, square
}

// emptyBlock has no rows.
func emptyBlock(*testing.T, int64) ([][]byte, *erasure.ExtendedMatrix) { return da.EmptyTxs(), nil }

// malformedBlock has a transaction 0 that is no DA header.
func malformedBlock(*testing.T, int64) ([][]byte, *erasure.ExtendedMatrix) {
	return [][]byte{{0, 1, 2, 3}, {0}}, nil
}

func (c *testBlocks) validators(height int64) (*types.ValidatorSet, []ed25519.PrivKey) {
	first := min(int(height-1)/3, len(c.keys)-4)
	keys := slices.Clone(c.keys[first : first+4])
	var validators []*types.Validator
	for _, key := range keys {
		validators = append(validators, types.NewValidator(key.PubKey(), 10))
	}
	return types.NewValidatorSet(validators), keys
}

// grow appends a block and returns it.
func (c *testBlocks) grow(make content) *block {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.build(int64(len(c.blocks)+1), make)
	c.blocks = append(c.blocks, b)
	return b
}

// build makes a block on top of the one below its height; mu must be held.
func (c *testBlocks) build(height int64, make content) *block {
	c.t.Helper()
	txs, square := make(c.t, height)
	proof := proveFirst(txs)
	set, keys := c.validators(height)
	next, _ := c.validators(height + 1)
	var below *types.SignedHeader
	if height > 1 {
		below = c.blocks[height-2].header.Signed
	}
	header := signed.NewHeader(testChain, height, c.start.Add(time.Duration(height)*c.every), txs, set, next, below)
	return &block{header: &p2p.Header{Signed: sign(c.t, header, set, keys), Validators: set, Proof: proof}, square: square}
}

// proveFirst proves transaction 0, whatever it is.
func proveFirst(txs [][]byte) *da.HeaderProof { return proveAt(txs, 0) }

// proveAt proves a transaction, as if a DA header could be any.
func proveAt(txs [][]byte, i int) *da.HeaderProof {
	leaves := make([][]byte, len(txs))
	for i, tx := range txs {
		h := sha256.Sum256(tx)
		leaves[i] = h[:]
	}
	_, proofs := merkle.ProofsFromByteSlices(leaves)
	return &da.HeaderProof{Header: txs[i][1:], Total: proofs[i].Total, Aunts: proofs[i].Aunts}
}

// sign returns a header with the commit of all keys.
func sign(t *testing.T, header *types.Header, set *types.ValidatorSet, keys []ed25519.PrivKey) *types.SignedHeader {
	t.Helper()
	signed, err := signed.Sign(header, set, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (c *testBlocks) at(height uint64) *block {
	c.mu.Lock()
	defer c.mu.Unlock()
	if height == 0 || height > uint64(len(c.blocks)) {
		return nil
	}
	return c.blocks[height-1]
}

func (c *testBlocks) newest() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return uint64(len(c.blocks))
}

// trust returns the header of a height as something to begin with.
func (c *testBlocks) trust(height uint64) *Trust {
	return &Trust{Height: height, Hash: [32]byte(c.at(height).header.Signed.Hash())}
}

// testSource serves the test chain, as badly as a test wants. Its fields may be changed
// with set while it serves.
type testSource struct {
	blocks *testBlocks

	mu       sync.Mutex
	withheld map[uint64]map[erasure.Coord]bool // guarded by mu, like the rest
	garble   bool                              // spoil every cell
	stall    bool                              // answer requests for cells too late
	alter    func(*p2p.Header) *p2p.Header     // changes headers it serves
	asked    []erasure.Coord                   // cells asked for
	headers  int                               // headers served
	commits  []int64                           // heights of those asked for with a commit
	alone    bool                              // serve no commits
	refused  int                               // headers it did not have yet
}

func (s *testSource) askedFor() []erasure.Coord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *testSource) refusedOnce() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused > 0
}

// served is how many headers were served.
func (s *testSource) served() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers
}

// signed returns the heights whose headers were served with their commits.
func (s *testSource) signed() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commits)
}

func (s *testSource) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *testSource) withhold(height uint64) {
	s.set(func() {
		withheld := make(map[erasure.Coord]bool)
		for _, coord := range erasure.Withholding(2) {
			withheld[coord] = true
		}
		s.withheld = map[uint64]map[erasure.Coord]bool{height: withheld}
	})
}

func (s *testSource) Header(_ context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	height := request.Height
	if height == 0 {
		height = s.blocks.newest()
	}
	b := s.blocks.at(height)
	s.mu.Lock()
	defer s.mu.Unlock()
	if b == nil {
		s.refused++
		return nil, da.ErrFutureHeight
	}
	s.headers++
	if !request.Alone {
		s.commits = append(s.commits, b.header.Signed.Height)
		if s.alone {
			return nil, da.ErrNotFound
		}
	}
	header := *b.header
	if s.alter != nil {
		header = *s.alter(&header)
	}
	return signed.Answer(&header, request), nil
}

func (s *testSource) Cost(_ uint64, coords []erasure.Coord) (cells, bytes int) { return len(coords), 0 }

func (s *testSource) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	b := s.blocks.at(height)
	if b == nil || b.square == nil {
		return nil, da.ErrNotFound
	}
	s.mu.Lock()
	stall, garble, withheld := s.stall, s.garble, s.withheld[height]
	s.asked = append(s.asked, coords...)
	s.mu.Unlock()
	if stall { // for longer than askers wait, but not so long that they run out of streams
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
		return nil, errors.New("stalled")
	}
	cells := make([]*p2p.CellProof, len(coords))
	for i, coord := range coords {
		proof, ok := b.square.Proof(coord)
		if withheld[coord] || !ok {
			continue
		}
		cells[i] = &p2p.CellProof{Cell: *b.square.Cell(coord), Proof: proof}
		if garble {
			cells[i].Cell[kzg.CellSize-1] ^= 1
		}
	}
	return cells, nil
}

func (s *testSource) Rows(context.Context, uint64, []int) ([]*p2p.RowProofs, error) {
	return nil, da.ErrNotFound
}

func (s *testSource) Namespace(context.Context, uint64, da.Namespace) (*p2p.Entries, error) {
	return nil, da.ErrNotFound
}

// serve starts a host that serves the test chain, and returns its source and address.
func (c *testBlocks) serve(t *testing.T) (*testSource, *p2p.Host) {
	t.Helper()
	source := &testSource{blocks: c}
	host := startHost(t, source)
	return source, host
}

func startHost(t *testing.T, source *testSource) *p2p.Host {
	t.Helper()
	return startHostWith(t, func(c *p2p.Config) {
		if source != nil {
			c.Headers, c.Squares = source, source
		}
	})
}
