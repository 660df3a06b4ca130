package lightbench

import (
	"sync"
	"testing"
	"time"

	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

var loadSetup = sync.OnceValues(kzg.NewSetup)

const testK = 3

var loadBase = sync.OnceValues(func() (*Base, error) {
	setup, err := loadSetup()
	if err != nil {
		return nil, err
	}
	return NewBase(setup, 1, testK)
})

// testChain has n blocks, the last of them made just now.
func testChain(t *testing.T, n int) *Chain {
	t.Helper()
	base, err := loadBase()
	if err != nil {
		t.Fatal(err)
	}
	c := NewChain(ChainConfig{ID: "bench-test", Validators: 100, Txs: 40, SetHeights: 3}, base)
	for i := range n {
		if _, err := c.Grow(time.Now().Add(time.Duration(i-n+1) * 6 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestHeadersVerify(t *testing.T) {
	c := testChain(t, 7)
	first := c.At(1).Header
	for height := uint64(2); height <= 7; height++ {
		for name, trusted := range map[string]*Block{"from the first": c.At(1), "from the one below": c.At(height - 1)} {
			header := c.At(height).Header
			err := light.Verify(trusted.Header.Signed, trusted.Header.Validators, header.Signed, header.Validators, time.Hour, time.Now(), 10*time.Second, light.DefaultTrustLevel)
			if err != nil {
				t.Errorf("height %d, %s: %v", height, name, err)
			}
		}
	}
	forged := *c.At(5).Header.Signed
	commit := *forged.Commit
	commit.Signatures = append([]types.CommitSig(nil), commit.Signatures...)
	for i := range commit.Signatures {
		commit.Signatures[i].Signature = commit.Signatures[(i+1)%100].Signature
	}
	forged.Commit = &commit
	if err := light.Verify(first.Signed, first.Validators, &forged, c.At(5).Header.Validators, time.Hour, time.Now(), 10*time.Second, light.DefaultTrustLevel); err == nil {
		t.Error("a commit whose signatures are not its validators' verifies")
	}
	if string(c.At(3).Header.Signed.ValidatorsHash) == string(c.At(4).Header.Signed.ValidatorsHash) {
		t.Error("the validator set never changes")
	}
}

func TestHeadersAreLinkedAndBound(t *testing.T) {
	c := testChain(t, 4)
	roots := map[[32]byte]bool{}
	for height := uint64(1); height <= 4; height++ {
		b := c.At(height)
		if err := b.Header.Signed.ValidateBasic("bench-test"); err != nil {
			t.Errorf("height %d: %v", height, err)
		}
		if height > 1 && string(b.Header.Signed.LastBlockID.Hash) != string(c.At(height-1).Header.Signed.Hash()) {
			t.Errorf("height %d does not name the block below", height)
		}
		bound, err := chain.Bind(b.Header.Signed, *b.Header.Proof)
		if err != nil {
			t.Fatalf("height %d: %v", height, err)
		}
		roots[bound.DA().DataRoot()] = true
	}
	if len(roots) != 4 {
		t.Errorf("4 blocks have %d data roots", len(roots))
	}
	if _, err := c.Grow(c.At(4).Time()); err == nil {
		t.Error("a block of the same time as the one below was made")
	}
}

func TestCellsVerify(t *testing.T) {
	setup, err := loadSetup()
	if err != nil {
		t.Fatal(err)
	}
	c := testChain(t, 2)
	coords := []erasure.Coord{{Row: 0, Column: 0}, {Row: 2, Column: 63}, {Row: 1, Column: 64}, {Row: 3, Column: 5}, {Row: 5, Column: 127}}
	for height := uint64(1); height <= 2; height++ {
		var cells []*kzg.Cell
		var proofs []kzg.Proof
		for _, at := range coords {
			cell, proof, ok := c.At(height).Square.Cell(at)
			if !ok {
				t.Fatalf("height %d has no cell %v", height, at)
			}
			cells, proofs = append(cells, cell), append(proofs, proof)
		}
		if err := erasure.VerifyCells(setup, c.At(height).DA.Commitments, coords, cells, proofs); err != nil {
			t.Errorf("height %d: %v", height, err)
		}
		if err := erasure.VerifyCells(setup, c.At(3-height).DA.Commitments, coords, cells, proofs); err == nil {
			t.Errorf("the cells of height %d verify at the other height", height)
		}
	}
	for _, at := range []erasure.Coord{{Row: -1}, {Row: 2 * testK}, {Column: -1}, {Column: kzg.Columns}} {
		if _, _, ok := c.At(1).Square.Cell(at); ok {
			t.Errorf("there is a cell %v", at)
		}
	}
}
