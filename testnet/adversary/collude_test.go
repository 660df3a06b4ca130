package adversary

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/fullnode/rebuild"
	"github.com/ashlar-da/ashlar/lightnode"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// colluding returns a chain of three heights, the last of which three of four validators
// finalised although its transactions are as given. The square is what its peers then serve.
func colluding(t *testing.T, txs [][]byte, made *content) *chain {
	t.Helper()
	c := newChain(t, 2)
	c.finalise(t, txs, made.square, threeOf4...)
	return c
}

// colludingNodes returns light nodes of a chain, whose peers all are in on it.
func colludingNodes(t *testing.T, c *chain, squares p2p.SquareSource) (nodes []*light) {
	t.Helper()
	hosts := serveAll(t, 3, honest{c}, squares)
	for range 3 {
		config := lightConfig(t, c, addressesOf(hosts...)...)
		config.Samples = caught
		nodes = append(nodes, start(t, config))
	}
	return nodes
}

// (a) A block that three of four validators finalised and withhold is the chain's, and
// unavailable.
func TestColludersCannotMakeAWithheldBlockAvailable(t *testing.T) {
	t.Parallel()
	made := contentOf(t, 3)
	c := colluding(t, made.txs, made)
	for _, n := range colludingNodes(t, c, NewWithhold(honest{c}, 3, rows)) {
		n.becomes(3, sampling.Unavailable)
		if height := n.status().Height; height != 3 {
			t.Errorf("the head is %d: what is withheld is the chain's all the same", height)
		}
	}
	silent := colludingNodes(t, c, WithholdCells(honest{c}, 3, everyCell()))
	for _, n := range silent {
		n.tried(3)
		if got := n.verdict(3); got != sampling.Pending {
			t.Errorf("a block of which nothing comes is %v", got)
		}
	}
}

// (b) Cells do not prove right under a commitment that is not their row's. Whatever is served,
// the block is not available; its peers are taken for liars.
func TestColludersCannotMakeAWrongCommitmentAvailable(t *testing.T) {
	t.Parallel()
	made := contentOf(t, 3)
	txs, err := WrongCommitment(made.txs)
	if err != nil {
		t.Fatal(err)
	}
	c := colluding(t, txs, made)
	if _, err := da.ParseBlock(limits(), txs); !errors.Is(err, da.ErrInvalidBlock) {
		wrong, err := da.ParseBlock(limits(), txs)
		if err != nil {
			t.Fatal(err)
		}
		if err := wrong.Verify(testSetup(t), nil); !errors.Is(err, da.ErrInvalidBlock) {
			t.Errorf("a full node takes the block: %v", err)
		}
	}
	for _, n := range colludingNodes(t, c, honest{c}) {
		rig.Await(t, "the peers are banned", func() bool { return n.bans() > 0 })
		n.tried(3)
		n.neverAvailable(3)
	}
}

// A commitment that is no point makes the block invalid, for good.
func TestColludersCannotMakeAMalformedCommitmentAvailable(t *testing.T) {
	t.Parallel()
	made := contentOf(t, 3)
	txs, err := withHeader(made.txs, func(h *da.Header) { h.Commitments[1] = kzg.Commitment{0x80} })
	if err != nil {
		t.Fatal(err)
	}
	c := colluding(t, txs, made)
	for _, n := range colludingNodes(t, c, honest{c}) {
		n.becomes(3, sampling.Invalid)
	}
}

// everyCell returns all coordinates of a square's extended matrix.
func everyCell() (coords []erasure.Coord) {
	for row := range 2 * rows {
		for column := range kzg.Columns {
			coords = append(coords, erasure.Coord{Row: row, Column: column})
		}
	}
	return coords
}

// limits are those of the chain.
func limits() da.Limits { return da.Limits{MaxRows: 8, MaxTxRows: 2, MaxSharedRows: 2} }

// (c) Light nodes that sample cannot tell that the index, or the transaction rows, are not the
// block's: the square can be recovered. Whoever recovers it can, from its DataHash alone.
func TestWhatDataHashContradictsIsExposedByARecoveringNode(t *testing.T) {
	t.Parallel()
	index, err := WrongIndex(contentOf(t, 3).txs)
	if err != nil {
		t.Fatal(err)
	}
	transactions, err := WrongRows(contentOf(t, 3).txs, contentOf(t, 5).txs)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		txs  [][]byte
		made *content // whose square the block commits to
	}{
		"the index":            {index, contentOf(t, 3)},
		"the transaction rows": {transactions, contentOf(t, 5)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := colluding(t, test.txs, test.made)
			n := start(t, lightConfig(t, c, addressesOf(serveAll(t, 2, honest{c}, honest{c})...)...))
			n.becomes(3, sampling.Available)

			host := serve(t, honest{c}, honest{c})
			if _, err := rebuilt(t, c, 3, host); !errors.Is(err, rebuild.ErrContradiction) {
				t.Errorf("a node that rebuilds the square finds %v, want %v", err, rebuild.ErrContradiction)
			}
			if block, err := da.ParseBlock(limits(), test.txs); err == nil && block.Verify(testSetup(t), nil) == nil {
				t.Error("a full node takes the block")
			}
		})
	}
}

// A follower that recomputes the index from the transaction rows refuses one that the validators
// made up, and says so; one that does not has it on their word.
func TestAMadeUpIndexIsRefusedByWhoRecomputesIt(t *testing.T) {
	t.Parallel()
	txs, err := WrongIndex(contentOf(t, 3).txs)
	if err != nil {
		t.Fatal(err)
	}
	c := colluding(t, txs, contentOf(t, 3))
	namespace, err := followed()
	if err != nil {
		t.Fatal(err)
	}
	config := lightConfig(t, c, addressesOf(serveAll(t, 2, honest{c}, honest{c})...)...)
	config.Follow = &lightnode.Follow{Namespace: namespace, Out: t.TempDir(), From: 1, VerifyIndex: true}
	n := start(t, config)
	n.becomes(3, sampling.Available)
	rig.Await(t, "an alarm says that height 3 contradicts itself", func() bool {
		alarm := n.status().Alarm
		return strings.Contains(alarm, "is delivered from height 3 on") && strings.Contains(alarm, "contradicts itself")
	})
	if n.bans() != 0 {
		t.Error("peers are banned for what the chain did")
	}
}

// All peers hostile: pending, then an alarm, and never available.
func TestAllPeersHostile(t *testing.T) {
	t.Parallel()
	for name, hosts := range map[string]func(*testing.T, *chain) []string{
		"silent": func(t *testing.T, c *chain) []string {
			return append(raw(t, 4, map[p2p.Protocol]answer{p2p.Cells: Silence}), addressesOf(serve(t, honest{c}, nil))...)
		},
		"refusing": func(t *testing.T, c *chain) []string {
			return addressesOf(serveAll(t, 4, honest{c}, WithholdCells(honest{c}, 2, everyCell()))...)
		},
		"lying": func(t *testing.T, c *chain) []string {
			return addressesOf(serveAll(t, 4, honest{c}, NewGarble(honest{c}, Flip))...)
		},
		"truncating": func(t *testing.T, c *chain) []string {
			return append(raw(t, 4, map[p2p.Protocol]answer{p2p.Cells: Truncated}), addressesOf(serve(t, honest{c}, nil))...)
		},
		"silent about headers too": func(t *testing.T, c *chain) []string {
			return raw(t, 4, map[p2p.Protocol]answer{p2p.Cells: Silence, p2p.Headers: Silence})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t, 2)
			config := lightConfig(t, c, hosts(t, c)...)
			config.Deadline, config.RequestTimeout, config.AlarmAfter = 2*time.Second, time.Second, 4*time.Second
			n := start(t, config)
			rig.Await(t, "the alarm is raised", func() bool {
				alarm := n.status().Alarm
				return strings.Contains(alarm, "nobody useful to ask") || strings.Contains(alarm, "cut off")
			})
			if got := n.verdict(2); got != sampling.Pending {
				t.Errorf("height 2 is %v", got)
			}
		})
	}
}

// All peers but one hostile, twenty to one: the honest one is found. How soon, at worst, is a
// test of package sampling in virtual time; here it is logged.
func TestAllPeersButOneHostile(t *testing.T) {
	t.Parallel()
	for name, hostile := range map[string]func(*testing.T, *chain) []string{
		"silent": func(t *testing.T, _ *chain) []string {
			return raw(t, 20, map[p2p.Protocol]answer{p2p.Cells: Silence, p2p.Headers: Silence})
		},
		"of all kinds": func(t *testing.T, c *chain) []string {
			hosts := raw(t, 5, map[p2p.Protocol]answer{p2p.Cells: Silence, p2p.Headers: Silence})
			hosts = append(hosts, raw(t, 5, map[p2p.Protocol]answer{p2p.Cells: Truncated, p2p.Headers: Truncated})...)
			hosts = append(hosts, addressesOf(serveAll(t, 5, NewStale(honest{c}, 1), NewGarble(honest{c}, Flip))...)...)
			return append(hosts, addressesOf(serveAll(t, 5, honest{c}, WithholdCells(honest{c}, 2, everyCell()))...)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t, 2)
			config := lightConfig(t, c, append(hostile(t, c), addressesOf(serve(t, honest{c}, honest{c}))...)...)
			config.Deadline, config.RequestTimeout = 0, 0 // the defaults
			n, began := start(t, config), time.Now()
			n.becomes(2, sampling.Available)
			t.Logf("found after %v", time.Since(began))
		})
	}
}
