package lightnode

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

func TestExpiredTrustStopsTheNode(t *testing.T) {
	t.Parallel()
	blocks := emptyBlocks(t, 3)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	config.TrustingPeriod = time.Millisecond
	n, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	if err := n.Run(ctx); !errors.Is(err, ErrTrustExpired) {
		t.Errorf("the node ended with %v, want %v", err, ErrTrustExpired)
	}
}

func TestAnotherTrustedHeaderBeginsAnew(t *testing.T) {
	t.Parallel()
	first, second := emptyBlocks(t, 4), newTestBlocks(t, 0)
	second.start = first.start.Add(-time.Hour)
	for range 3 {
		second.grow(emptyBlock)
	}
	_, host := first.serve(t)
	config := testConfig(t, first, host)
	n, stop := start(t, config)
	awaitVerdict(t, n, 1, sampling.Available)
	awaitVerdict(t, n, 4, sampling.Available)
	stop()

	_, host = second.serve(t)
	again := testConfig(t, second, host)
	again.Home = config.Home
	n, _ = start(t, again)
	rig.Await(t, "the head is the other chain's", func() bool {
		s := status(t, n)
		return s.Head != nil && bytes.Equal(s.Head.Hash, second.at(3).header.Signed.Hash()) && !s.Syncing && s.Heights.Available == 3
	})
	for height := uint64(1); height <= 3; height++ {
		report, err := n.Availability(t.Context(), height)
		if err != nil || !bytes.Equal(report.Hash, second.at(height).header.Signed.Hash()) || report.Verdict != sampling.Available {
			t.Errorf("height %d: %+v, %v", height, report, err)
		}
	}
	if s := status(t, n); s.Heights.Newest != 3 || s.Heights.Available != 3 {
		t.Errorf("heights %+v: the former chain had 4", s.Heights)
	}
}

// A chain that was begun anew under its old name is not followed from the old home, whether it
// has grown past the old one or not, and the owner learns why.
func TestAChainOfTheSameIDIsExplained(t *testing.T) {
	t.Parallel()
	for name, heights := range map[string]int{"behind": 3, "ahead": 9} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := emptyBlocks(t, 5)
			_, host := first.serve(t)
			config := testConfig(t, first, host)
			n, stop := start(t, config)
			rig.Await(t, "the chain is known", func() bool { s := status(t, n); return s.Head != nil && s.Height == 5 && !s.Syncing })
			stop()

			second := newTestBlocks(t, 0)
			second.keys = second.keys[32:]
			for range heights {
				second.grow(emptyBlock)
			}
			_, host = second.serve(t)
			config.Peers = host.Addresses()[:1]
			log := &logged{}
			config.Log = slog.New(slog.NewTextHandler(log, nil))
			n, _ = start(t, config)
			rig.Await(t, "the owner learns why", func() bool {
				e := status(t, n).HeadError
				claim, advice, _ := strings.Cut(e, "Ask another source that you trust for the hash at that height first")
				return strings.Contains(claim, "a peer claims another chain of the same id") && strings.Contains(claim, host.ID().String()+" alone claims") &&
					strings.Contains(claim, "not verified") && !strings.Contains(claim, "delete") && strings.Contains(advice, "use another --home or delete "+config.Home)
			})
			rig.Await(t, "it is logged", func() bool { return strings.Contains(log.String(), "use another --home") })
			rig.Await(t, "the peer is banned", func() bool { return n.host.Banned(host.ID()) })
			rig.Await(t, "the reason outlasts the peer", func() bool {
				e := status(t, n).HeadError
				return strings.Contains(e, "no peer") && strings.Contains(e, "use another --home")
			})
			if s := status(t, n); s.Height != 5 || !bytes.Equal(s.Head.Hash, first.at(5).header.Signed.Hash()) {
				t.Errorf("the head is %+v; the home follows another chain", s.Head)
			}
		})
	}
}

func TestHeadersBetweenMustLink(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 9)
	liar, bad := blocks.serve(t)
	liar.set(func() {
		liar.alter = func(h *p2p.Header) *p2p.Header {
			if h.Signed.Height == 9 || h.Signed.Height == 1 {
				return h
			}
			// Signed by the right validators, for once; but no block above names it.
			set, keys := blocks.validators(h.Signed.Height)
			header := *h.Signed.Header
			header.AppHash = header.DataHash
			return &p2p.Header{Signed: sign(t, &header, set, keys), Validators: set, Proof: h.Proof}
		}
	})
	config := testConfig(t, blocks, bad)
	config.Trust = blocks.trust(9)
	n, _ := start(t, config)
	rig.Await(t, "the liar is banned", func() bool { return n.host.Banned(bad.ID()) })
	if s := status(t, n); s.Heights.Oldest != 9 {
		t.Errorf("heights %+v: nothing below 9 links", s.Heights)
	}
	_, good := blocks.serve(t)
	if _, err := n.host.Connect(t.Context(), good.Addresses()[0]); err != nil {
		t.Fatal(err)
	}
	for height := uint64(1); height <= 9; height++ {
		awaitVerdict(t, n, height, sampling.Available)
		report, err := n.Availability(t.Context(), height)
		if err != nil || !bytes.Equal(report.Hash, blocks.at(height).header.Signed.Hash()) {
			t.Errorf("height %d: %+v, %v", height, report, err)
		}
	}
}
