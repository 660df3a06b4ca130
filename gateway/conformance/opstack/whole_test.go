// Package opstack has the OP Stack's own programs, op-node, op-batcher and op-geth, sequence and follow a rollup whose batches are behind
// a gateway. `make conformance`, from the repository's root, starts what they speak to.
package opstack

import (
	"errors"
	"testing"
	"time"

	altda "github.com/ethereum-optimism/optimism/op-alt-da"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

// failedGet is what op-node logs where the gateway has not given it the data of a commitment.
const failedGet = "failed to get preimage"

func TestOPStackGeneric(t *testing.T) {
	world.At(t, "CONTROL")
	s := newStack(t, true)
	verifier := s.node(t, "verifier", world.At(t, "OP_OTHER"))
	t.Run("read from another node", func(t *testing.T) { s.follow(t, verifier, 43, 0x01) })
	t.Run("more than a frame", func(t *testing.T) { s.large(t, verifier) })
	t.Run("gateway restarts", func(t *testing.T) {
		verifier.derives(t, s.send(t, nil))
		world.Control(t, "/restart-gateway")
		verifier.derives(t, s.send(t, nil))
	})
	t.Run("gateway is down", func(t *testing.T) { s.down(t, verifier, "/stop-gateway", "/start-gateway") })
	t.Run("chain halts and resumes", func(t *testing.T) { s.down(t, verifier, "/halt", "/resume") })
	late := s.node(t, "late", world.At(t, "OP_LIED_TO"))
	t.Run("a node joins late", func(t *testing.T) { late.derives(t, s.send(t, nil)) })
	t.Run("lying node", func(t *testing.T) { s.lying(t, verifier, late) })
	t.Run("pruned", func(t *testing.T) { s.pruned(t) })
}

func TestOPStackKeccak(t *testing.T) {
	world.At(t, "CONTROL")
	s := newStack(t, false)
	verifier := s.node(t, "verifier", world.At(t, "OP_OTHER"))
	t.Run("read from another node", func(t *testing.T) { s.follow(t, verifier, 34, 0x00) })
	t.Run("more than a frame", func(t *testing.T) { s.large(t, verifier) })
}

// follow has a node that sees nothing but L1 and its own gateway come to the sequencer's block, and looks at what L1 has of it.
func (s *stack) follow(t *testing.T, verifier *node, size int, kind byte) {
	receipt := s.send(t, []byte("a transaction that is behind a gateway"))
	verifier.derives(t, receipt)
	commitments := s.commitments(t)
	for _, one := range commitments {
		if len(one) != size || one[0] != 1 || one[1] != kind {
			t.Fatalf("no commitment of %d bytes: %x", size, one)
		}
	}
	if len(commitments) == 0 {
		t.Fatal("the batcher sent nothing")
	}
	status, err := verifier.status(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d commitments, safe is block %d; the first: %x", len(commitments), status.SafeL2.Number, commitments[0])
}

// large has the rollup take in a block what several frames of the batcher's have no room for.
func (s *stack) large(t *testing.T, verifier *node) {
	before := len(s.commitments(t))
	verifier.derives(t, s.send(t, world.Random(t, 3*frameSize)))
	if sent := len(s.commitments(t)) - before; sent < 4 {
		t.Fatalf("%d random bytes, and what is around them, in %d commitments", 3*frameSize, sent)
	}
}

// down has the rollup go on while nothing can be put, and be derived once it can.
func (s *stack) down(t *testing.T, verifier *node, stop, resume string) {
	verifier.derives(t, s.send(t, nil))
	world.Control(t, stop)
	resumed := false
	defer func() {
		if !resumed {
			world.Control(t, resume)
		}
	}()
	time.Sleep(5 * l1Period * time.Second) // what was put before may still be on its way to L1
	before := len(s.commitments(t))
	receipt := s.send(t, []byte("sequenced, and nowhere else yet"))
	time.Sleep(5 * l1Period * time.Second)
	if sent := len(s.commitments(t)) - before; sent != 0 || verifier.safe(t) >= receipt.BlockNumber.Uint64() {
		t.Fatalf("%d commitments, and safe is block %d of %d", sent, verifier.safe(t), receipt.BlockNumber)
	}
	world.Control(t, resume)
	resumed = true
	verifier.derives(t, receipt)
}

// lying has the only Ashlar node that the deceived node's gateway asks lie: it may stay behind, and must take nothing else for a block.
func (s *stack) lying(t *testing.T, honest, deceived *node) {
	defer world.Control(t, "/lie")
	for _, about := range []string{"bytes", "short", "silence", "nonsense", "pruned", "missing"} {
		world.Control(t, "/lie?about="+about)
		said := deceived.driver.said(t, failedGet)
		honest.derives(t, s.send(t, []byte(about)))
		world.Eventually(t, func() (bool, error) {
			_, err := deceived.status(t)
			return deceived.driver.said(t, failedGet) > said+1, err // one may be the answer to an earlier lie
		})
	}
	last := s.send(t, nil)
	honest.derives(t, last)
	// op-node would stop for good once the window has passed and it believed that there is no such data: see pruned
	time.Sleep((window + 3) * l1Period * time.Second)
	if at := deceived.safe(t); at >= last.BlockNumber.Uint64() {
		t.Fatalf("block %d is safe by lies", at)
	}
	world.Control(t, "/lie")
	deceived.derives(t, last)
	deceived.derives(t, s.send(t, nil))
}

// pruned has a node read from a gateway that proves what the rollup's first batches are in to be out of retention: op-node stops for good.
func (s *stack) pruned(t *testing.T) {
	never := s.node(t, "never", world.At(t, "OP_FORGETS"))
	world.Eventually(t, func() (bool, error) { return !never.driver.runs(), errors.New(never.driver.tail(1)) })
	if never.driver.said(t, altda.ErrMissingPastWindow.Error()) == 0 {
		t.Fatalf("op-node ended with %s", never.driver.tail(5))
	}
}
