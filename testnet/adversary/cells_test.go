package adversary

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/fullnode/rebuild"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
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
	if _, err := rebuilt(t, c, 2, hosts[0]); !errors.Is(err, rebuild.ErrTooFew) {
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

	found, err := rebuilt(t, c, 2, bad)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(found.Parsed.Txs, contentOf(t, 2).txs, bytes.Equal) {
		t.Error("the transactions rebuilt are not the block's")
	}
	square, err := erasure.Extend(testSetup(t), found.Parsed.Square.Rows, found.Parsed.Header.Commitments, found.Parsed.Proofs)
	if err != nil {
		t.Fatal(err)
	}
	again := c.fork()
	again.blocks[1] = &block{header: again.blocks[1].header, square: square}
	helper := serve(t, honest{again}, honest{again})
	if _, err := helper.Connect(t.Context(), helpless.Addresses()[0]); err != nil {
		t.Fatal(err)
	}
	helpless.becomes(2, sampling.Available)
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
			rig.Await(t, "the adversary is banned", func() bool { return n.bans() == 1 && !n.connected(bad) })
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
