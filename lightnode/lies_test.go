package lightnode

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

func TestGarbageIsAttributed(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 3)
	liar, bad := blocks.serve(t)
	liar.set(func() { liar.garble = true })
	_, good := blocks.serve(t)
	n, _ := start(t, testConfig(t, blocks, bad, good))
	for height := uint64(1); height <= 3; height++ {
		awaitVerdict(t, n, height, sampling.Available)
	}
	if !n.host.Banned(bad.ID()) || n.host.Banned(good.ID()) {
		t.Errorf("banned: liar %v, honest peer %v", n.host.Banned(bad.ID()), n.host.Banned(good.ID()))
	}
}

// TestFalseHeadsAreNotChased has a stranger announce ever higher heads that nobody has.
func TestFalseHeadsAreNotChased(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 1)
	source, host := blocks.serve(t)
	liar := startHost(t, nil)
	config := testConfig(t, blocks, host, liar)
	config.Poll = 2 * time.Second
	n, _ := start(t, config)
	awaitVerdict(t, n, 1, sampling.Available)
	before, began := source.served(), time.Now()
	height := uint64(1000)
	rig.Await(t, "news make the node ask for the head", func() bool {
		for range 8 {
			height++
			if err := liar.Announce(t.Context(), p2p.Head{Height: height}); err != nil {
				t.Fatal(err)
			}
		}
		return source.served() > before && time.Since(began) > 3*headPause
	})
	if have, most := source.served()-before, int(time.Since(began)/headPause)+2; have > most {
		t.Errorf("%d false heads made the node ask %d times, want at most %d", height-1000, have, most)
	}
}

func TestForgedHeaderIsRefused(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 4)
	forger, host := blocks.serve(t)
	n, _ := start(t, testConfig(t, blocks, host))
	awaitVerdict(t, n, 4, sampling.Available)
	strangers := newTestBlocks(t, 0)
	strangers.keys = strangers.keys[32:]
	forger.set(func() {
		forger.alter = func(h *p2p.Header) *p2p.Header {
			if h.Signed.Height < 6 {
				return h
			}
			set, keys := strangers.validators(1)
			header := *h.Signed.Header
			header.ValidatorsHash, header.ProposerAddress = set.Hash(), set.Validators[0].Address
			return &p2p.Header{Signed: sign(t, &header, set, keys), Validators: set, Proof: h.Proof}
		}
	})
	blocks.grow(fullBlock)
	awaitVerdict(t, n, 5, sampling.Available)
	blocks.grow(fullBlock)
	rig.Await(t, "the forger is banned", func() bool { return n.host.Banned(host.ID()) })
	if s := status(t, n); s.Head.Height != 5 {
		t.Errorf("the head is %d; the forged header is 6", s.Head.Height)
	}
}

func TestPathMustLeadToTransaction0(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 0)
	// Transaction 1 would be a fine DA header, of a square that is there.
	swapped := func(t *testing.T, height int64) ([][]byte, *erasure.ExtendedMatrix) {
		txs, square := fullBlock(t, height)
		txs[0], txs[1] = txs[1], txs[0]
		return txs, square
	}
	b := blocks.grow(swapped)
	txs, _ := swapped(t, 1)
	b.header.Proof = proveAt(txs, 1)
	_, host := blocks.serve(t)
	n, _ := start(t, testConfig(t, blocks, host))
	rig.Await(t, "the peer is banned for its proofs", func() bool { return n.host.Banned(host.ID()) })
	report, err := n.Availability(t.Context(), 1)
	if err != nil || report.Verdict != sampling.Pending || len(report.Coordinates) != 0 {
		t.Errorf("%+v, %v: want a pending height without coordinates", report, err)
	}
}

func TestAttackStopsTheNode(t *testing.T) {
	t.Parallel()
	blocks, fork := newTestBlocks(t, 4), newTestBlocks(t, 4)
	fork.start = blocks.start
	fork.blocks = append([]*block(nil), blocks.blocks...)
	_, first := blocks.serve(t)
	_, second := fork.serve(t)
	config := testConfig(t, blocks, first, second)
	config.EvidenceWait = time.Second // nobody takes any
	n, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	rig.Await(t, "both peers vouch for the head", func() bool { return verdict(t, n, 4) == sampling.Available && status(t, n).Witnesses == 1 })
	blocks.grow(fullBlock)
	fork.grow(emptyBlock)
	if err := <-ended; !errors.Is(err, ErrAttack) {
		t.Fatalf("the node ended with %v, want %v", err, ErrAttack)
	}
}
