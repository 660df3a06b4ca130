package fullnode

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	sm "github.com/cometbft/cometbft/state"
	cmtstore "github.com/cometbft/cometbft/store"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/da/store"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/fullnode/rebuild"
)

// TestLostSquaresAreRebuilt takes from a node what it stored of some heights, and from its
// CometBFT their blocks and headers: what is left is the hash that a later header names. It must
// get the squares back from whoever holds cells of them, and serve what they include.
func TestLostSquaresAreRebuilt(t *testing.T) {
	validator := startNode(t, newValidator(t))
	cfg := newFollower(t, validator)
	cfg.Libp2p.Peers = validator.Addresses()
	squares := filepath.Join(cfg.Comet.RootDir, "data", "squares")
	earlier := filepath.Join(t.TempDir(), "squares")

	first := startNode(t, cfg)
	first.waitStored(t, 2)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(earlier, os.DirFS(squares)); err != nil {
		t.Fatal(err)
	}
	blob := testBlob(t, 4, 100_000)
	id, height := validator.post(t, blob)
	second := startNode(t, cfg)
	second.waitStored(t, height+3)
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(squares); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(earlier, squares); err != nil {
		t.Fatal(err)
	}
	pruneBlocks(t, cfg.Comet, int64(height+2))

	third := startNode(t, cfg)
	third.waitStored(t, height+3)
	if got := third.read(t, id, height); !bytes.Equal(got, blob.Data) {
		t.Errorf("of the rebuilt block %d bytes differ", len(got))
	}
	if lost := third.rebuilding.count(); lost != 0 {
		t.Errorf("%d heights are still lost", lost)
	}
}

// pruneBlocks deletes CometBFT's blocks below a height.
func pruneBlocks(t *testing.T, cfg *cmtcfg.Config, height int64) {
	t.Helper()
	blocks, err := cmtcfg.DefaultDBProvider(&cmtcfg.DBContext{ID: "blockstore", Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	states, err := cmtcfg.DefaultDBProvider(&cmtcfg.DBContext{ID: "state", Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	state, err := sm.NewStore(states, sm.StoreOptions{}).Load()
	if err != nil {
		t.Fatal(err)
	}
	kept := cmtstore.NewBlockStore(blocks)
	if _, _, err := kept.PruneBlocks(height, state); err != nil {
		t.Fatal(err)
	}
	if kept.Base() != height || kept.LoadBlock(height-1) != nil {
		t.Fatalf("blocks begin at %d, want %d", kept.Base(), height)
	}
	if err := errors.Join(blocks.Close(), states.Close()); err != nil {
		t.Fatal(err)
	}
}

// testMetas knows the headers from base on; the hash of height h is {h, h>>8}.
type testMetas struct{ base int64 }

func testHash(height uint64) [da.HashSize]byte {
	return [da.HashSize]byte{byte(height), byte(height >> 8)}
}

func (m testMetas) Base() int64 { return m.base }

func (m testMetas) LoadBlockMeta(height int64) *cmttypes.BlockMeta {
	if height < m.base {
		return nil
	}
	hash := testHash(uint64(height))
	return &cmttypes.BlockMeta{BlockID: cmttypes.BlockID{Hash: hash[:]}}
}

// testRebuilder has the headers of a chain of testHash, and no squares until it may succeed.
type testRebuilder struct {
	t        *testing.T
	fails    error
	attempts []uint64
	headers  []uint64
}

func (r *testRebuilder) LastHash(_ context.Context, height uint64, hash [da.HashSize]byte) ([da.HashSize]byte, error) {
	r.headers = append(r.headers, height)
	if hash != testHash(height) {
		r.t.Errorf("asks for the header of height %d with hash %x", height, hash[:2])
	}
	return testHash(height - 1), nil
}

func (r *testRebuilder) Rebuild(_ context.Context, height uint64, hash [da.HashSize]byte) (*rebuild.Block, error) {
	r.attempts = append(r.attempts, height)
	if hash != testHash(height) {
		r.t.Errorf("rebuilds height %d with hash %x", height, hash[:2])
	}
	if r.fails != nil {
		return nil, r.fails
	}
	header := &cmttypes.Header{Version: cmtversion.Consensus{Block: 11}, ChainID: testChain, Height: int64(height), Time: time.Now(), ValidatorsHash: make([]byte, 32)}
	txs := da.EmptyTxs()
	dataHash := da.DataHash(txs)
	header.DataHash = dataHash[:]
	proof, err := da.ProveHeader(txs)
	if err != nil {
		r.t.Fatal(err)
	}
	bound, err := chain.Bind(&cmttypes.SignedHeader{Header: header}, *proof)
	if err != nil {
		r.t.Fatal(err)
	}
	parsed, err := da.ParseBlock(da.DefaultLimits(), txs)
	if err != nil {
		r.t.Fatal(err)
	}
	return &rebuild.Block{Header: bound, Parsed: parsed}, nil
}

// testRebuilding is of a node whose store is empty and whose CometBFT has the headers from base on.
func testRebuilding(t *testing.T, with *testRebuilder, base int64) *rebuilding {
	t.Helper()
	with.t = t
	setup, err := kzg.NewSetup()
	if err != nil {
		t.Fatal(err)
	}
	squares, err := store.Open(t.Context(), store.Config{Dir: t.TempDir(), Setup: setup, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = squares.Close() })
	r := newRebuilding(with, testMetas{base}, squares, slog.New(slog.DiscardHandler))
	r.announce = func(context.Context, uint64, [da.HashSize]byte, [da.HashSize]byte) {}
	return r
}

func TestRebuildingFindsHashesBelowTheHeadersItHas(t *testing.T) {
	with := &testRebuilder{}
	r := testRebuilding(t, with, 10)
	for _, height := range []uint64{12, 7, 5, 6} {
		if hash, err := r.hash(t.Context(), height); err != nil || hash != testHash(height) {
			t.Errorf("height %d: %x, %v", height, hash[:2], err)
		}
	}
	if want := []uint64{10, 9, 8, 7, 6}; !slices.Equal(with.headers, want) {
		t.Errorf("asked peers for the headers %v, want %v, each once", with.headers, want)
	}
}

func TestRebuildingTriesAgainEverLater(t *testing.T) {
	with := &testRebuilder{fails: rebuild.ErrTooFew}
	r := testRebuilding(t, with, 1)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r.wake = make(chan struct{}, 1) // of the bubble
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		r.lose(3)
		r.lose(4)
		r.lose(4)
		time.Sleep(7*time.Minute + time.Second) // after 0, 1, 3 and 7 minutes
		synctest.Wait()
		if want := []uint64{4, 3, 4, 3, 4, 3, 4, 3}; !slices.Equal(with.attempts, want) || r.count() != 2 {
			t.Errorf("tried %v, want %v; %d are lost", with.attempts, want, r.count())
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	with.fails, with.attempts = nil, nil
	for _, height := range []uint64{4, 3} {
		if err := r.restore(t.Context(), height); err != nil {
			t.Fatal(err)
		}
	}
	if record, err := r.squares.Record(t.Context(), 3); err != nil || record.Height != 3 || r.count() != 0 {
		t.Errorf("stored %+v, %v; %d are lost", record, err, r.count())
	}
}

func TestASquareThatContradictsIsNotStored(t *testing.T) {
	with := &testRebuilder{fails: rebuild.ErrContradiction}
	r := testRebuilding(t, with, 1)
	r.lose(2)
	if err := r.restore(t.Context(), 2); err != nil || r.squares.Has(2) || r.count() != 1 {
		t.Errorf("%v, stored: %v, %d are lost", err, r.squares.Has(2), r.count())
	}
}
