package adversary

import (
	"errors"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
)

// answer is what a raw host does with a request that it has read.
type answer = func(network.Stream)

// caught is how many cells are drawn where a test must not miss a withholding by chance: it
// would with probability 10⁻¹¹.
const caught = 64

func TestASmallestWithholdingIsUnavailable(t *testing.T) {
	t.Parallel()
	c := newChain(t, 3)
	withholder := NewWithhold(honest{c}, 2, rows)
	hosts := serveAll(t, 2, honest{c}, withholder)
	config := lightConfig(t, c, addressesOf(hosts...)...)
	config.Samples = caught
	n := start(t, config)
	n.becomes(2, sampling.Unavailable)
	n.becomes(1, sampling.Available)
	n.becomes(3, sampling.Available)
	if report := n.report(2); report.Confidence != 0 || report.Verified == 0 || report.Refused == 0 {
		t.Errorf("the report says %+v", report.Availability)
	}
	if _, err := rebuild(t, fetch(t, hosts[0], c, 2), contentOf(t, 2).header); !errors.Is(err, erasure.ErrUnrecoverable) {
		t.Errorf("from what is served the square is rebuilt (%v)", err)
	}
}

// One cell fewer than that, and a node that collects all there is rebuilds the square; light
// nodes that miss cells get them from it.
func TestWithholdingOneCellFewerIsRebuilt(t *testing.T) {
	t.Parallel()
	c := newChain(t, 3)
	bad := serve(t, honest{c}, WithholdCells(honest{c}, 2, erasure.Withholding(rows)[1:]))
	config := lightConfig(t, c, addressesOf(bad)...)
	config.Samples = caught
	helpless := start(t, config)
	helpless.becomes(2, sampling.Unavailable)

	want := contentOf(t, 2)
	square, err := rebuild(t, fetch(t, bad, c, 2), want.header)
	if err != nil {
		t.Fatal(err)
	}
	var original []*kzg.Row
	for i := range rows {
		original = append(original, square.Row(i))
	}
	txs, err := da.RebuildTxs(testSetup(t), want.header, original, nil)
	if err != nil {
		t.Fatal(err)
	}
	if da.DataHash(txs) != da.DataHash(want.txs) {
		t.Error("the transactions rebuilt are not the block's")
	}
	rebuilt := c.fork()
	rebuilt.blocks[1] = &block{header: rebuilt.blocks[1].header, square: square}
	helper := serve(t, honest{rebuilt}, honest{rebuilt})
	if _, err := helper.Connect(t.Context(), helpless.Addresses()[0]); err != nil {
		t.Fatal(err)
	}
	helpless.becomes(2, sampling.Available)
}

// fetch collects all cells of a height that a host serves, and verifies them.
func fetch(t *testing.T, host *p2p.Host, c *chain, height uint64) map[erasure.Coord]*kzg.Cell {
	t.Helper()
	asker := serve(t, nil, nil)
	from, err := asker.Connect(t.Context(), host.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	header, err := asker.GetHeader(t.Context(), from, p2p.HeaderRequest{Height: height, Proof: true})
	if err != nil {
		t.Fatal(err)
	}
	bound, err := header.Proof.Verify(c.at(height).header.Signed.DataHash)
	if err != nil {
		t.Fatal(err)
	}
	var samples []da.Sample
	for row := range 2 * bound.K() {
		samples = append(samples, fetchRow(t, asker, from, height, row)...)
	}
	if bad, err := da.VerifySamples(testSetup(t), bound, samples); err != nil {
		t.Fatalf("%d cells do not verify: %v", len(bad), err)
	}
	cells := make(map[erasure.Coord]*kzg.Cell)
	for _, sample := range samples {
		cells[sample.Coord] = sample.Cell
	}
	return cells
}

func fetchRow(t *testing.T, asker *p2p.Host, from peer.ID, height uint64, row int) (samples []da.Sample) {
	t.Helper()
	coords := make([]erasure.Coord, kzg.Columns)
	for column := range coords {
		coords[column] = erasure.Coord{Row: row, Column: column}
	}
	cells, err := asker.GetCells(t.Context(), from, height, coords)
	if err != nil {
		t.Fatal(err)
	}
	for i, cell := range cells {
		if cell != nil {
			samples = append(samples, da.Sample{Coord: coords[i], Cell: &cell.Cell, Proof: cell.Proof})
		}
	}
	return samples
}

// rebuild recovers a square, with its proofs, from cells.
func rebuild(t *testing.T, cells map[erasure.Coord]*kzg.Cell, header *da.Header) (*erasure.ExtendedMatrix, error) {
	t.Helper()
	square, err := erasure.Recover(testSetup(t), header.K(), header.Commitments, cells)
	if err != nil {
		return nil, err
	}
	var original []*kzg.Row
	var proofs [][]kzg.Proof
	for i := range header.K() {
		original = append(original, square.Row(i))
		_, all, err := testSetup(t).ComputeCellsAndProofs(square.Row(i))
		if err != nil {
			return nil, err
		}
		proofs = append(proofs, all[:])
	}
	return erasure.Extend(testSetup(t), original, header.Commitments, proofs)
}

// A client that is served adaptively, by peers that all collude, is satisfied: that is the
// assumption its confidence states. Nobody else is, nor can what it was shown be made a square.
func TestSelectiveDisclosureSatisfiesOneClientAlone(t *testing.T) {
	t.Parallel()
	c := newChain(t, 3)
	disclose := NewDisclose(honest{c}, 2, rows)
	favour := serveAll(t, 2, honest{c}, disclose.ToFavoured())
	refuse := serveAll(t, 2, honest{c}, disclose.ToOthers())
	favoured := start(t, lightConfig(t, c, addressesOf(favour...)...))
	favoured.becomes(2, sampling.Available)
	var others []*light
	for range 3 {
		others = append(others, start(t, lightConfig(t, c, append(addressesOf(refuse...), favoured.Addresses()[0])...)))
	}
	for _, other := range others {
		other.becomes(3, sampling.Available)
		other.tried(2)
		other.neverAvailable(2)
	}
	if shown := disclose.Shown(); shown != sampling.DefaultSamples {
		t.Errorf("%d cells were shown, want the %d that one client drew", shown, sampling.DefaultSamples)
	}
}

// Cells that prove wrong are found among those that prove right, whoever sent them is banned, and
// the cells come from somebody else.
func TestCellsThatProveWrongBanTheirSender(t *testing.T) {
	t.Parallel()
	elsewhere := contentOf(t, 5).square
	for name, wrap := range map[string]func(p2p.SquareSource) p2p.SquareSource{
		"a wrong bit":        func(s p2p.SquareSource) p2p.SquareSource { return NewGarble(s, Flip) },
		"no scalar":          func(s p2p.SquareSource) p2p.SquareSource { return NewGarble(s, Overflow) },
		"no point":           func(s p2p.SquareSource) p2p.SquareSource { return NewGarble(s, Pointless) },
		"another column":     func(s p2p.SquareSource) p2p.SquareSource { return OtherColumn(s) },
		"another commitment": func(s p2p.SquareSource) p2p.SquareSource { return OtherRow(s, rows) },
		"another height":     func(s p2p.SquareSource) p2p.SquareSource { return OtherHeight(s) },
		"another chain":      func(s p2p.SquareSource) p2p.SquareSource { return NewSubstitute(s, elsewhere) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t, 3)
			bad, good := serve(t, honest{c}, wrap(honest{c})), serve(t, honest{c}, honest{c})
			n := start(t, lightConfig(t, c, addressesOf(bad, good)...))
			for height := uint64(1); height <= 3; height++ {
				n.becomes(height, sampling.Available)
			}
			await(t, "the adversary is banned", func() bool { return n.bans() == 1 && !n.connected(bad) })
			if !n.connected(good) {
				t.Error("the honest peer is not connected")
			}
		})
	}
}

// The substituted square is one: its cells prove right, under its own commitments.
func TestTheSubstituteIsProven(t *testing.T) {
	t.Parallel()
	c, own := newChain(t, 1), contentOf(t, 5)
	coords := []erasure.Coord{{Row: 0, Column: 3}, {Row: 2*rows - 1, Column: kzg.Columns - 1}}
	cells, err := NewSubstitute(honest{c}, own.square).Cells(t.Context(), 1, coords)
	if err != nil {
		t.Fatal(err)
	}
	for i, cell := range cells {
		sample := da.Sample{Coord: coords[i], Cell: &cell.Cell, Proof: cell.Proof}
		if err := sample.Verify(testSetup(t), own.header); err != nil {
			t.Errorf("cell %v under its own commitments: %v", coords[i], err)
		}
		if err := sample.Verify(testSetup(t), contentOf(t, 1).header); err == nil {
			t.Errorf("cell %v verifies under the chain's", coords[i])
		}
	}
}
