package lightnode

import (
	"errors"
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
)

func TestLightNodesServeWhatTheySampled(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 4)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.CellCache = 150_000 // of some 66 kB a height
	n, stop := start(t, config)
	for height := uint64(1); height <= 4; height++ {
		awaitVerdict(t, n, height, sampling.Available)
	}
	requireServed(t, n, 3, 4)
	stop()
	config.Peers = nil // it is served from disk alone
	n, _ = start(t, config)
	requireServed(t, n, 3, 4)
	if total, _ := n.ring.usage(); total > config.CellCache {
		t.Errorf("%d bytes are kept, the bound is %d", total, config.CellCache)
	}
}

// requireServed asks a node for what it keeps: headers with their paths, what it holds and the
// cells themselves, of the heights kept and of no other of the test's four.
func requireServed(t *testing.T, n *Node, kept ...uint64) {
	t.Helper()
	asker := startHost(t, nil)
	from, err := asker.Connect(t.Context(), n.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	for height := uint64(1); height <= 4; height++ {
		held, err := asker.GetHeld(t.Context(), from, height)
		if slices.Contains(kept, height) {
			if err != nil || len(held) != 30 {
				t.Fatalf("height %d: %d cells are held, %v", height, len(held), err)
			}
			requireCells(t, asker, from, height, held)
			continue
		}
		_, header := asker.GetHeader(t.Context(), from, p2p.HeaderRequest{Height: height, Proof: true})
		_, cells := asker.GetCells(t.Context(), from, height, []erasure.Coord{{}})
		for _, err := range []error{err, header, cells} {
			if !errors.Is(err, da.ErrNotFound) {
				t.Errorf("height %d, which is not kept: %v", height, err)
			}
		}
	}
	if _, err := asker.GetRows(t.Context(), from, kept[0], []int{0}); !errors.Is(err, p2p.ErrUnsupported) {
		t.Errorf("rows: %v, want %v", err, p2p.ErrUnsupported)
	}
}

// requireCells asks for a height's header and cells, and verifies both.
func requireCells(t *testing.T, asker *p2p.Host, from peer.ID, height uint64, held []erasure.Coord) {
	t.Helper()
	header, err := asker.GetHeader(t.Context(), from, p2p.HeaderRequest{Height: height, Proof: true, Alone: true})
	if err != nil {
		t.Fatal(err)
	}
	bound, err := header.Proof.Verify(header.Signed.DataHash)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := asker.GetCells(t.Context(), from, height, held)
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]da.Sample, len(cells))
	for i, cell := range cells {
		samples[i] = da.Sample{Coord: held[i], Cell: &cell.Cell, Proof: cell.Proof}
	}
	if bad, err := da.VerifySamples(testSetup(t), bound, samples); err != nil {
		t.Errorf("height %d: cells %v do not verify: %v", height, bad, err)
	}
}
