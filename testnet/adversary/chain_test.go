package adversary

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"cosmossdk.io/math"
	"github.com/cometbft/cometbft/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/lightnode"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/testnet/signed"
)

const (
	chainID    = "attacked"
	validators = 4
	rows       = 4 // of every square: one of transactions, two of a blob's own, one shared
)

var (
	all      = []int{0, 1, 2, 3}
	threeOf4 = []int{0, 1, 2}
)

var loadSetup = sync.OnceValues(kzg.NewSetup)

func testSetup(t testing.TB) *kzg.Setup {
	t.Helper()
	setup, err := loadSetup()
	if err != nil {
		t.Fatal(err)
	}
	return setup
}

// content is a block's transactions and the square that they are laid out in.
type content struct {
	txs    [][]byte
	header *da.Header
	square *erasure.ExtendedMatrix
}

// contents are made once for all tests, since proving takes a while: each height has its own.
var contents struct {
	sync.Mutex
	signer   *client.Signer
	prepared *client.Prepared
	made     []*content
}

// contentOf returns the content of a height. It is the same in every test.
func contentOf(t testing.TB, height int) *content {
	t.Helper()
	contents.Lock()
	defer contents.Unlock()
	for len(contents.made) < height {
		made, err := makeContent(testSetup(t), uint64(len(contents.made)+1))
		if err != nil {
			t.Fatal(err)
		}
		contents.made = append(contents.made, made)
	}
	return contents.made[height-1]
}

// makeContent builds a block as an honest proposer does; the lock must be held.
func makeContent(setup *kzg.Setup, sequence uint64) (*content, error) {
	if contents.prepared == nil {
		if err := prepare(setup); err != nil {
			return nil, err
		}
	}
	fees := client.Fees{Cap: math.NewInt(2_000_000_000), Tip: math.ZeroInt(), GasLimit: 200_000, GasPrice: math.NewInt(20_000_000)}
	envelope, err := contents.prepared.Sign(contents.signer, client.Account{ChainID: chainID, Sequence: sequence}, fees)
	if err != nil {
		return nil, err
	}
	block, err := da.BuildBlock(setup, da.Limits{MaxRows: 8, MaxTxRows: 2, MaxSharedRows: 2}, [][]byte{envelope.Encode()})
	if err != nil {
		return nil, err
	}
	square, err := erasure.Extend(setup, block.Square.Rows, block.Header.Commitments, block.Proofs)
	return &content{block.Txs, block.Header, square}, err
}

// followed is the namespace of all blobs.
func followed() (da.Namespace, error) { return da.NewNamespace([]byte(chainID)) }

// prepare proves the blobs that every block has: one of two rows, one of a few cells.
func prepare(setup *kzg.Setup) error {
	namespace, err := followed()
	if err != nil {
		return err
	}
	large := make([]byte, 2*da.DataRowSize)
	for i := range large {
		large[i] = byte(i * i)
	}
	contents.prepared, err = client.Prepare(setup, []da.Blob{{Namespace: namespace, Data: large}, {Namespace: namespace, Data: large[:5000]}})
	if err != nil {
		return err
	}
	contents.signer, err = client.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte(chainID)))
	return err
}

// block is a block of the chain.
type block struct {
	header *p2p.Header
	square *erasure.ExtendedMatrix
}

// chain is a chain in memory of four validators. It is safe for concurrent use.
type chain struct {
	*Validators
	start time.Time

	mu     sync.RWMutex
	blocks []*block // of height 1 on; guarded by mu
}

// newChain begins a chain whose last of n heights is a moment old.
func newChain(t testing.TB, n int) *chain {
	t.Helper()
	c := &chain{Validators: NewValidators(chainID, validators), start: time.Now().Add(-time.Duration(n+1) * time.Second)}
	for range n {
		c.grow(t)
	}
	return c
}

// fork returns a chain that is the same so far.
func (c *chain) fork() *chain {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return &chain{Validators: c.Validators, start: c.start, blocks: append([]*block(nil), c.blocks...)}
}

// grow appends a block that all validators sign.
func (c *chain) grow(t testing.TB) *block {
	t.Helper()
	made := contentOf(t, int(c.newest())+1)
	return c.finalise(t, made.txs, made.square, all...)
}

// finalise appends a block of transactions, whatever they are, that some validators sign. The
// square is what is said to lie behind it.
func (c *chain) finalise(t testing.TB, txs [][]byte, square *erasure.ExtendedMatrix, signers ...int) *block {
	t.Helper()
	proof, err := da.ProveHeader(txs)
	if err != nil {
		t.Fatal(err)
	}
	return c.append(t, c.next(txs), proof, square, signers...)
}

// next makes the header of the next block.
func (c *chain) next(txs [][]byte) *types.Header {
	height := int64(c.newest()) + 1
	var below *types.SignedHeader
	if b := c.at(uint64(height) - 1); b != nil {
		below = b.header.Signed
	}
	return signed.NewHeader(chainID, height, c.start.Add(time.Duration(height)*time.Second), txs, c.Set(), c.Set(), below)
}

func (c *chain) append(t testing.TB, header *types.Header, proof *da.HeaderProof, square *erasure.ExtendedMatrix, signers ...int) *block {
	t.Helper()
	signed, err := c.Sign(header, signers...)
	if err != nil {
		t.Fatal(err)
	}
	b := &block{header: &p2p.Header{Signed: signed, Validators: c.Set(), Proof: proof}, square: square}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks = append(c.blocks, b)
	return b
}

func (c *chain) at(height uint64) *block {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if height == 0 || height > uint64(len(c.blocks)) {
		return nil
	}
	return c.blocks[height-1]
}

func (c *chain) newest() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return uint64(len(c.blocks))
}

// trust returns the chain's first header as something to begin with.
func (c *chain) trust() *lightnode.Trust {
	return &lightnode.Trust{Height: 1, Hash: [32]byte(c.at(1).header.Signed.Hash())}
}

// honest serves a chain as it is.
type honest struct{ *chain }

var (
	_ p2p.HeaderSource = honest{}
	_ p2p.SquareSource = honest{}
)

func (h honest) Header(_ context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	height := request.Height
	if height == 0 {
		height = h.newest()
	}
	b := h.at(height)
	if b == nil {
		return nil, da.ErrFutureHeight
	}
	return signed.Answer(b.header, request), nil
}

func (honest) Cost(_ uint64, coords []erasure.Coord) (cells, bytes int) { return len(coords), 0 }

func (h honest) Cells(_ context.Context, height uint64, coords []erasure.Coord) ([]*p2p.CellProof, error) {
	b := h.at(height)
	if b == nil || b.square == nil {
		return nil, da.ErrNotFound
	}
	cells := make([]*p2p.CellProof, len(coords))
	for i, coord := range coords {
		if !coord.In(b.square.K()) {
			return nil, fmt.Errorf("%v: %w", coord, da.ErrNotFound)
		}
		proof, _ := b.square.Proof(coord)
		cells[i] = &p2p.CellProof{Cell: *b.square.Cell(coord), Proof: proof}
	}
	return cells, nil
}

func (h honest) Rows(_ context.Context, height uint64, wanted []int) ([]*p2p.RowProofs, error) {
	b := h.at(height)
	if b == nil || b.square == nil {
		return nil, da.ErrNotFound
	}
	found := make([]*p2p.RowProofs, len(wanted))
	for i, row := range wanted {
		if row >= b.square.K() {
			return nil, da.ErrNotFound
		}
		found[i] = &p2p.RowProofs{Row: *b.square.Row(row)}
		for column := range found[i].Proofs {
			found[i].Proofs[column], _ = b.square.Proof(erasure.Coord{Row: row, Column: column})
		}
	}
	return found, nil
}

// holdings tells which cells a source of squares of so many rows serves.
type holdings struct{ p2p.SquareSource }

func (holdings) HeldCost(uint64) int { return 0 }

func (h holdings) Held(ctx context.Context, height uint64) (held []erasure.Coord, err error) {
	coords := everyCell()
	cells, err := h.Cells(ctx, height, coords)
	for i, cell := range cells {
		if cell != nil {
			held = append(held, coords[i])
		}
	}
	return held, err
}

func (honest) Namespace(context.Context, uint64, da.Namespace) (*p2p.Entries, error) {
	return nil, da.ErrNotFound
}
