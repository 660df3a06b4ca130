package lightnode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// evidenceDesk stands in for a full node: it takes evidence against any block but its own
// chain's, once it has said a few times that it is too early.
type evidenceDesk struct {
	blocks *testBlocks

	mu    sync.Mutex
	early int                 // guarded by mu, like the rest
	taken []*types.LightBlock // conflicting blocks
}

func (d *evidenceDesk) AddEvidence(_ context.Context, e p2p.Evidence) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	own := d.blocks.at(uint64(e.Block.Height))
	switch {
	case own != nil && bytes.Equal(own.header.Signed.Hash(), e.Block.Hash()):
		return fmt.Errorf("%w: it is the chain's own block", p2p.ErrBadRequest)
	case d.early > 0:
		d.early--
		return da.ErrFutureHeight
	}
	d.taken = append(d.taken, e.Block)
	return nil
}

// fork makes a source serve a second block at a height, signed by its validators like the first.
func (s *testSource) fork(height int64) (hash []byte) {
	set, keys := s.blocks.validators(height)
	header := *s.blocks.at(uint64(height)).header.Signed.Header
	header.AppHash = header.DataHash
	forged := &p2p.Header{Signed: sign(s.blocks.t, &header, set, keys), Validators: set, Proof: s.blocks.at(uint64(height)).header.Proof}
	s.set(func() {
		s.alter = func(h *p2p.Header) *p2p.Header {
			if h.Signed.Height == height {
				return forged
			}
			return h
		}
	})
	return forged.Signed.Hash()
}

// TestConflictingHeadersBecomeEvidence has one of two peers serve a second head that the same
// validators signed: the node stops, says why, hands the forged block to whoever takes
// evidence, and does not start again on what it trusted.
func TestConflictingHeadersBecomeEvidence(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 6)
	_, honest := blocks.serve(t)
	liar, bad := blocks.serve(t)
	forged := liar.fork(6)
	desk := &evidenceDesk{blocks: blocks, early: 1}
	full := startHostWith(t, func(c *p2p.Config) { c.Evidence = desk })
	config := testConfig(t, blocks, honest, bad, full)
	n, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []*p2p.Host{honest, bad, full} { // all of them, before the first header is compared
		if _, err := n.host.Connect(t.Context(), host.Addresses()[0]); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	err = n.Run(ctx)
	if !errors.Is(err, ErrAttack) || !bytes.Contains([]byte(err.Error()), []byte("1 full nodes took the evidence")) {
		t.Fatalf("the node ended with %v, want %v and who took the evidence", err, ErrAttack)
	}
	if len(desk.taken) != 1 || !bytes.Equal(desk.taken[0].Hash(), forged) {
		t.Errorf("%d blocks were submitted as conflicting: %v", len(desk.taken), desk.taken)
	}
	if files, err := filepath.Glob(filepath.Join(config.Home, "attack-6-*.pb")); err != nil || len(files) != 2 {
		t.Errorf("evidence on disk: %v, %v; want one for each header", files, err)
	}
	if _, err := New(t.Context(), config); !errors.Is(err, ErrAttack) {
		t.Errorf("the node starts again on what it trusted: %v", err)
	}
	config.Trust, config.Peers = blocks.trust(4), config.Peers[:1]
	again, _ := start(t, config)
	rig.Await(t, "the node follows again from another header", func() bool { return status(t, again).Height == 6 })
	if s := status(t, again); s.Alarm != "" {
		t.Errorf("alarm: %s", s.Alarm)
	}
}

// TestEvidenceOutlivesTheRunThatFoundIt has a node that finds two headers of one height reach nobody who
// takes the evidence. Started again on what it trusts it does nothing but hand it over; a later start is
// refused.
func TestEvidenceOutlivesTheRunThatFoundIt(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]func(*Config, *testBlocks){
		"on the same trust":        func(*Config, *testBlocks) {},
		"from a header since told": func(c *Config, blocks *testBlocks) { c.Trust = blocks.trust(4) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blocks := newTestBlocks(t, 6)
			_, honest := blocks.serve(t)
			liar, bad := blocks.serve(t)
			liar.fork(6)
			config := testConfig(t, blocks, honest, bad)
			config.EvidenceWait = time.Second
			n, err := New(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			for _, host := range []*p2p.Host{honest, bad} {
				if _, err := n.host.Connect(t.Context(), host.Addresses()[0]); err != nil {
					t.Fatal(err)
				}
			}
			if err := n.Run(t.Context()); !errors.Is(err, ErrAttack) || !strings.Contains(err.Error(), "no full node could be reached") {
				t.Fatalf("the node ended with %v, want %v and that nobody took the evidence", err, ErrAttack)
			}

			desk := &evidenceDesk{blocks: blocks}
			full := startHostWith(t, func(c *p2p.Config) { c.Evidence = desk })
			same := config.Trust
			config.EvidenceWait = 0
			config.Peers = []string{honest.Addresses()[0], full.Addresses()[0]}
			later(&config, blocks)
			again, err := New(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- again.Run(ctx) }()
			rig.Await(t, "the evidence is taken, and noted to be", func() bool {
				left, err := again.chain.pendingEvidence()
				return desk.count() == 1 && len(left) == 0 && err == nil
			})
			if config.Trust != same {
				rig.Await(t, "the node follows", func() bool { return status(t, again).Height == 6 })
				cancel()
				<-ended
				return
			}
			if err := <-ended; !errors.Is(err, ErrAttack) || !strings.Contains(err.Error(), "1 full nodes took the evidence") {
				t.Errorf("the node ended with %v, want %v and who took the evidence", err, ErrAttack)
			}
			if _, err := New(t.Context(), config); !errors.Is(err, ErrAttack) {
				t.Errorf("the node starts again on what it trusted: %v", err)
			}
		})
	}
}

// Evidence that a crash cut short is no reason not to start.
func TestDamagedEvidenceIsPassedOver(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 2)
	_, host := blocks.serve(t)
	config := testConfig(t, blocks, host)
	for name, content := range map[string]string{"attack-2-00.pb": "", "attack-2-01.pb": "\xff\xff", "attack-2-02.taken.pb": ""} {
		if err := os.WriteFile(filepath.Join(config.Home, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n, _ := start(t, config)
	if len(n.chain.pending) != 0 {
		t.Errorf("%d pieces of evidence are pending", len(n.chain.pending))
	}
	awaitVerdict(t, n, 2, sampling.Available)
}

func (d *evidenceDesk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.taken)
}

// startHostWith starts a host that serves no headers.
func startHostWith(t *testing.T, change func(*p2p.Config)) *p2p.Host {
	t.Helper()
	config := p2p.Config{ChainID: testChain, Log: testLog(t)}
	change(&config)
	return rig.Host(t, config)
}
