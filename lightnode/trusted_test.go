package lightnode

import (
	"errors"
	"slices"
	"testing"

	"github.com/cometbft/cometbft/light/store"
	"github.com/cometbft/cometbft/types"
)

func saveTrusted(t *testing.T, s *trustedStore, blocks *testBlocks, heights ...uint64) {
	t.Helper()
	for _, height := range heights {
		header := blocks.at(height).header
		if err := s.SaveLightBlock(&types.LightBlock{SignedHeader: header.Signed, ValidatorSet: header.Validators}); err != nil {
			t.Fatal(err)
		}
	}
}

// edges returns the first and last height and the size.
func edges(t *testing.T, s *trustedStore) [3]int64 {
	t.Helper()
	first, err := s.FirstLightBlockHeight()
	last, err2 := s.LastLightBlockHeight()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return [3]int64{first, last, int64(s.Size())}
}

func TestTrustedStore(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 9)
	db := testDatabase(t, t.TempDir())
	s, err := newTrustedStore(db)
	if err != nil {
		t.Fatal(err)
	}
	if got := edges(t, s); got != [3]int64{-1, -1, 0} {
		t.Errorf("an empty store: %v", got)
	}
	saveTrusted(t, s, blocks, 2, 9, 5, 5, 7)
	if got := edges(t, s); got != [3]int64{2, 9, 4} {
		t.Errorf("four blocks: %v", got)
	}
	block, err := s.LightBlock(5)
	if err != nil || !slices.Equal(block.Hash(), blocks.at(5).header.Signed.Hash()) || block.ValidateBasic(testChain) != nil {
		t.Errorf("block 5: %v, %v", block, err)
	}
	if _, err := s.LightBlock(6); !errors.Is(err, store.ErrLightBlockNotFound) {
		t.Errorf("block 6: %v", err)
	}
	checkBefore(t, s, map[int64]int64{1: -1, 2: -1, 3: 2, 5: 2, 6: 5, 9: 7, 10: 9})
	if err := s.Prune(3); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.DeleteLightBlock(9), s.DeleteLightBlock(9)); err != nil {
		t.Fatal(err)
	}
	if got := edges(t, s); got != [3]int64{5, 7, 2} {
		t.Errorf("pruned to three, one deleted: %v", got)
	}
	if s, err = newTrustedStore(db); err != nil || edges(t, s) != [3]int64{5, 7, 2} {
		t.Errorf("opened again: %v, %v", edges(t, s), err)
	}
	if err := s.Prune(0); err != nil || edges(t, s) != [3]int64{-1, -1, 0} {
		t.Errorf("pruned to none: %v, %v", edges(t, s), err)
	}
}

func checkBefore(t *testing.T, s *trustedStore, want map[int64]int64) {
	t.Helper()
	for height, before := range want {
		block, err := s.LightBlockBefore(height)
		switch {
		case before < 0 && !errors.Is(err, store.ErrLightBlockNotFound):
			t.Errorf("before %d: %v, %v", height, block, err)
		case before >= 0 && (err != nil || block.Height != before):
			t.Errorf("before %d: %v, %v, want %d", height, block, err, before)
		}
	}
}

func TestTrustedStoreRefusesWhatIsNoBlock(t *testing.T) {
	t.Parallel()
	s, err := newTrustedStore(testDatabase(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range []*types.LightBlock{nil, {}, {SignedHeader: &types.SignedHeader{Header: &types.Header{}}}} {
		if err := s.SaveLightBlock(block); err == nil {
			t.Errorf("%v was stored", block)
		}
	}
}
