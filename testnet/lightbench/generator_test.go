package lightbench

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// TestGenerate asks a generator's full node for a header and cells, as a light node would.
func TestGenerate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Generate(ctx, GeneratorConfig{
			Chain: ChainConfig{ID: "bench-test", Validators: 4, Txs: 3, SetHeights: 10},
			K:     1, Interval: 100 * time.Millisecond, History: 2, Addresses: []string{"127.0.0.1", "127.0.0.1"}, Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		}, write)
		ended <- errors.Join(err, write.Close())
	}()
	lines := json.NewDecoder(read)
	var first, line Line
	if err := lines.Decode(&first); err != nil {
		t.Fatal(err)
	}
	if first.Height != 2 || len(first.Peers) != 2 || first.Trust == "" {
		t.Fatalf("first line: %+v", first)
	}
	askFullNode(t, first.Peers[1])
	for line.Height < 4 || line.Served[PartCells].Count == 0 {
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
	}
	for part, want := range map[string]Part{PartCells: {2, 2 * kzg.CellSize}, PartProofs: {2, 2 * kzg.PointSize}} {
		if line.Served[part] != want {
			t.Errorf("%s: served %+v, want %+v", part, line.Served[part], want)
		}
	}
	if line.Served[PartCommit].Count != 2 || line.Served[PartValidators].Count != 1 || line.Served[PartDA].Count != 1 {
		t.Errorf("served %+v", line.Served)
	}
	cancel()
	_, _ = io.Copy(io.Discard, read)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// askFullNode asks for two headers and two cells, and verifies the cells.
func askFullNode(t *testing.T, address string) {
	t.Helper()
	host := rig.Host(t, p2p.Config{ChainID: "bench-test"})
	id, err := host.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	header, err := host.GetHeader(t.Context(), id, p2p.HeaderRequest{Height: 2, Proof: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := host.GetHeader(t.Context(), id, p2p.HeaderRequest{Height: 1, KnownValidators: header.Signed.ValidatorsHash}); err != nil {
		t.Fatal(err)
	}
	if _, err := host.GetHeader(t.Context(), id, p2p.HeaderRequest{Height: 1 << 20}); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("a height far off: %v", err)
	}
	bound, err := chain.Bind(header.Signed, *header.Proof)
	if err != nil {
		t.Fatal(err)
	}
	coords := []erasure.Coord{{Row: 0, Column: 3}, {Row: 1, Column: 90}}
	cells, err := host.GetCells(t.Context(), id, 2, coords)
	if err != nil {
		t.Fatal(err)
	}
	setup, err := loadSetup()
	if err != nil {
		t.Fatal(err)
	}
	if err := erasure.VerifyCells(setup, bound.DA().Commitments, coords, []*kzg.Cell{&cells[0].Cell, &cells[1].Cell}, []kzg.Proof{cells[0].Proof, cells[1].Proof}); err != nil {
		t.Error(err)
	}
}

func TestSourceLags(t *testing.T) {
	c := testChain(t, 3)
	now := c.At(3).Time().Add(2 * time.Second)
	s := &source{chain: c, lag: 5 * time.Second, served: &Served{}, now: func() time.Time { return now }}
	if got := s.newest(); got != 2 {
		t.Errorf("2 s after height 3 a node 5 s behind has height %d", got)
	}
	if _, err := s.at(3); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("height 3: %v", err)
	}
	for _, row := range []struct {
		head p2p.Head
		want p2p.Verdict
	}{
		{headOf(c.At(2)), p2p.Accept},
		{headOf(c.At(3)), p2p.Ignore},
		{p2p.Head{Height: 2, Hash: headOf(c.At(2)).Hash}, p2p.Reject},
	} {
		if got := s.checkHead(t.Context(), p2p.Announcement{Head: row.head}); got != row.want {
			t.Errorf("height %d: %v, want %v", row.head.Height, got, row.want)
		}
	}
}
