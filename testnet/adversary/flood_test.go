package adversary

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// flooders is how many peers lie for each honest one: ten times the honest load.
const flooders = 10

// growAndTell appends a block whose square one before had, so that nothing need be proven, and has
// a host announce it.
func (c *chain) growAndTell(t testing.TB, host *p2p.Host) {
	t.Helper()
	made := contentOf(t, 1+int(c.newest())%4)
	b := c.finalise(t, made.txs, made.square, all...)
	head := p2p.Head{Height: c.newest(), Hash: [32]byte(b.header.Signed.Hash()), DataRoot: made.header.DataRoot()}
	if err := host.Announce(t.Context(), head); err != nil {
		t.Fatal(err)
	}
}

// flood floods a light node with bad proofs until the test ends, or stop is called, which
// returns how many identities it took.
func flood(t testing.TB, c *chain, n *light) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	folder := t.TempDir()
	go func() {
		identities := 0
		defer func() { ended <- identities }()
		identities, err := Flood(ctx, flooders, n.Addresses()[0], func() (*p2p.Host, error) {
			key, err := p2p.LoadOrCreateKey(folder + "/" + time.Now().Format(time.RFC3339Nano))
			if err != nil {
				return nil, err
			}
			return p2p.New(ctx, p2p.Config{ChainID: chainID, Key: key, Squares: NewGarble(honest{c}, Flip), Log: slog.New(slog.DiscardHandler)})
		})
		if err != nil && ctx.Err() == nil {
			t.Errorf("the flood ended: %v", err)
		}
	}()
	t.Cleanup(cancel)
	return func() int { cancel(); return <-ended }
}

// In a flood of bad proofs their senders are found by bisection among the others and banned, as
// often as they come back; the honest peer is not, and every block gets its verdict.
func TestAFloodOfBadProofsIsBanned(t *testing.T) {
	t.Parallel()
	c := newChain(t, 2)
	good := serve(t, honest{c}, honest{c})
	config := lightConfig(t, c, addressesOf(good)...)
	config.Poll = 10 * time.Second // heads are announced
	n := start(t, config)
	n.becomes(1, sampling.Available)
	stop := flood(t, c, n)
	for n.bans() <= flooders { // one at least of who took a banned one's place
		c.growAndTell(t, good)
		n.becomes(c.newest(), sampling.Available)
	}
	if identities := stop(); identities <= flooders {
		t.Errorf("the flood needed %d identities for %d places", identities, flooders)
	}
	if !n.connected(good) {
		t.Error("the honest peer is not connected")
	}
	if garbage := int(n.counted("ashlar_p2p_garbage_total")); garbage >= 3*n.bans() { // what was under way when a ban came counts too
		t.Errorf("%d answers that do not prove right, and %d bans: one is one too many", garbage, n.bans())
	}
}

// measured is how many blocks BenchmarkFlood times.
const measured = 50

// BenchmarkFlood measures how long a block takes to its verdict, from when it is announced, with an
// honest peer alone and beside ten that flood. It reports medians, 99th percentiles, the
// latter's ratio, and how many bad proofs came for each block, of which 30 cells are drawn.
func BenchmarkFlood(b *testing.B) {
	for b.Loop() {
		calm, _ := timeVerdicts(b, false)
		flooded, bad := timeVerdicts(b, true)
		for name, took := range map[string][]time.Duration{"calm": calm, "flooded": flooded} {
			b.ReportMetric(took[measured/2].Seconds()*1000, name+"-median-ms")
			b.ReportMetric(took[measured*99/100].Seconds()*1000, name+"-p99-ms")
		}
		b.ReportMetric(flooded[measured*99/100].Seconds()/calm[measured*99/100].Seconds(), "p99-ratio")
		b.ReportMetric(bad, "bad-proofs/block")
	}
}

// timeVerdicts returns how long blocks took, ascending, and the bad proofs for each.
func timeVerdicts(b *testing.B, flooded bool) (took []time.Duration, bad float64) {
	b.Helper()
	c := newChain(b, 0)
	c.start = c.start.Add(-measured * time.Second) // blocks come faster than one a second
	for range 4 {
		c.grow(b)
	}
	good := serve(b, honest{c}, honest{c})
	config := lightConfig(b, c, addressesOf(good)...)
	config.Poll = 2 * time.Second // heads are announced
	n := start(b, config)
	n.becomes(1, sampling.Available)
	if flooded {
		stop := flood(b, c, n)
		defer stop()
		rig.Await(b, "the flood is connected", func() bool { return n.status().Peers > flooders/2 })
	}
	garbled := func() float64 { return n.counted("ashlar_light_cell_requests_total", "garbled") }
	before := garbled()
	for range measured {
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		c.growAndTell(b, good)
		for n.verdict(c.newest()) != sampling.Available {
			time.Sleep(time.Millisecond)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took, (garbled() - before) / measured
}
