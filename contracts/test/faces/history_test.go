package faces

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
)

// claim is one about a height in a history of any length, up to 2⁶⁴−1: nobody could make such a history, but nodes of the
// right number lead to some root, and that is all there is to being in the history with this root.
type claim struct {
	newest uint64
	calldata.Place
}

// shape tells how many nodes are the path, the bag and the peaks of a height's proof.
func shape(newest, height uint64) (path, right, left int) {
	path = bits.Len64((height-1)^newest) - 1
	if newest&(1<<path-1) != 0 {
		right = 1
	}
	return path, right, bits.OnesCount64(newest >> path >> 1)
}

// newClaim draws nodes as many as the two heights need.
func newClaim(newest, height uint64, random *rand.Rand) *claim {
	c := &claim{newest, calldata.Place{Height: height, DataRoot: draw(random), BlobTreeRoot: draw(random), History: [][32]byte{}}}
	path, right, left := shape(newest, height)
	for range path + right + left {
		c.History = append(c.History, draw(random))
	}
	return c
}

func draw(random *rand.Rand) (out [32]byte) {
	for i := 0; i < len(out); i += 8 {
		binary.BigEndian.PutUint64(out[i:], random.Uint64())
	}
	return out
}

// proof is what Go has for the same nodes.
func (c *claim) proof() *da.HistoryProof {
	if c.Height == 0 || c.Height > c.newest {
		return &da.HistoryProof{Path: c.History}
	}
	path, right, left := shape(c.newest, c.Height)
	if len(c.History) != path+right+left {
		return &da.HistoryProof{Path: c.History, Left: make([][32]byte, left+1)}
	}
	p := &da.HistoryProof{Path: c.History[:path], Left: c.History[path+right:]}
	if right == 1 {
		p.Right = c.History[path]
	}
	return p
}

func (c *claim) verify(root [32]byte) error {
	return c.proof().Verify(root, c.newest, c.Height, da.HistoryLeaf(c.Height, c.DataRoot, c.BlobTreeRoot))
}

// root asks the contract where the claim leads to.
func (c *claim) root(contract *evm.Contract, tb testing.TB) ([32]byte, error) {
	tb.Helper()
	out, err := contract.CallRaw(contract.Pack(tb, "historyRootOf", c.newest, c.Place))
	if err != nil {
		return [32]byte{}, err
	}
	return [32]byte(out), nil
}

// corrupt changes one thing, which a byte chooses.
func (c *claim) corrupt(what byte, random *rand.Rand) {
	switch n := len(c.History); what % 9 {
	case 0:
		c.Height += 1 - 2*random.Uint64N(2)
	case 1:
		c.newest += 1 - 2*random.Uint64N(2)
	case 2:
		c.newest ^= 1 << random.IntN(64)
	case 3:
		c.DataRoot[random.IntN(32)] ^= 1 << random.IntN(8)
	case 4:
		c.BlobTreeRoot[random.IntN(32)] ^= 1 << random.IntN(8)
	case 5:
		c.History = append(c.History, draw(random))
	case 6:
		c.History = c.History[:n-min(1, n)]
	case 7:
		if n > 1 {
			i := random.IntN(n - 1)
			c.History[i], c.History[i+1] = c.History[i+1], c.History[i]
		}
	default:
		if n > 0 {
			c.History[random.IntN(n)][random.IntN(32)] ^= 1 << random.IntN(8)
		}
	}
}

// agree fails the test unless Go and the contract say the same of a claim about a root.
func (c *claim) agree(t *testing.T, contract *evm.Contract, root [32]byte) {
	t.Helper()
	err := c.verify(root)
	computed, revert := c.root(contract, t)
	if (err == nil) != (revert == nil && computed == root) {
		t.Errorf("height %d of %d: Go says %v, the contract %s, root %x of %x", c.Height, c.newest, err, contract.Explain(revert), computed, root)
	}
}

// heights are pairs of newest and height worth trying: all short ones, and edges of long ones.
func heights(random *rand.Rand) (pairs [][2]uint64) {
	for newest := uint64(1); newest <= 24; newest++ {
		for height := uint64(1); height <= newest; height++ {
			pairs = append(pairs, [2]uint64{newest, height})
		}
	}
	for _, newest := range []uint64{5413, 1<<20 - 1, 1 << 20, 1<<32 + 1, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		pairs = append(pairs, [2]uint64{newest, 1}, [2]uint64{newest, newest}, [2]uint64{newest, newest / 2}, [2]uint64{newest, newest/2 + 1})
	}
	for range 200 {
		newest := random.Uint64()>>random.IntN(63) | 1
		pairs = append(pairs, [2]uint64{newest, 1 + random.Uint64N(newest)})
	}
	return pairs
}

// TestHistoryAgrees: the contract accepts what Go accepts, of histories of any length, and nothing else.
func TestHistoryAgrees(t *testing.T) {
	contract, random := newWorld(t).deploy(t, "AshlarBlobs", 1), rand.New(rand.NewPCG(1, 2))
	for i, pair := range heights(random) {
		c := newClaim(pair[0], pair[1], random)
		root, err := c.root(contract, t)
		if err != nil {
			t.Fatalf("height %d of %d: %s", pair[1], pair[0], contract.Explain(err))
		}
		if err := c.verify(root); err != nil {
			t.Fatalf("height %d of %d leads to a root in the contract, not in Go: %v", pair[1], pair[0], err)
		}
		c.corrupt(byte(i), random)
		c.agree(t, contract, root)
	}
}

// FuzzHistory corrupts claims twice over.
func FuzzHistory(f *testing.F) {
	contract := newWorld(f).deploy(f, "AshlarBlobs", 1)
	f.Add(uint64(13), uint64(12), uint64(0), byte(0), byte(1))
	f.Add(uint64(1<<63), uint64(1), uint64(1), byte(5), byte(7))
	f.Fuzz(func(t *testing.T, newest, height, seed uint64, first, second byte) {
		newest = max(newest, 1)
		random := rand.New(rand.NewPCG(seed, 0))
		c := newClaim(newest, 1+height%newest, random)
		root, err := c.root(contract, t)
		if err != nil {
			t.Fatal(contract.Explain(err))
		}
		c.agree(t, contract, root)
		c.corrupt(first, random)
		c.agree(t, contract, root)
		c.corrupt(second, random)
		c.agree(t, contract, root)
	})
}
