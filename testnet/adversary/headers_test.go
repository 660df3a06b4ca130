package adversary

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/lightnode"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// A header that the chain's validators did not sign is refused, and its source banned.
func TestForgedHeaderIsRefused(t *testing.T) {
	t.Parallel()
	strangers := NewValidators("strangers", validators)
	for name, forge := range map[string]func(*testing.T, *chain, *p2p.Header) *p2p.Header{
		"of strangers": func(t *testing.T, _ *chain, h *p2p.Header) *p2p.Header {
			return resigned(t, strangers, h, all...)
		},
		"of two of four": func(t *testing.T, c *chain, h *p2p.Header) *p2p.Header {
			return resigned(t, c.Validators, h, 0, 1)
		},
		"with another's signatures": func(t *testing.T, c *chain, h *p2p.Header) *p2p.Header {
			forged := resigned(t, c.Validators, h, all...)
			for i := range forged.Signed.Commit.Signatures {
				forged.Signed.Commit.Signatures[i].Signature = h.Signed.Commit.Signatures[i].Signature
			}
			return forged
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t, 3)
			liar := NewForge(honest{c}, 4, func(h *p2p.Header) *p2p.Header { return forge(t, c, h) })
			bad := serve(t, liar, honest{c})
			n := start(t, lightConfig(t, c, addressesOf(bad)...))
			n.becomes(3, sampling.Available)
			truth := c.grow(t)
			rig.Await(t, "the forger is banned", func() bool { return n.bans() > 0 && !n.connected(bad) })
			if height := n.status().Height; height != 3 {
				t.Errorf("the head is %d; the forged header is 4", height)
			}
			good := serve(t, honest{c}, honest{c})
			if _, err := good.Connect(t.Context(), n.Addresses()[0]); err != nil {
				t.Fatal(err)
			}
			n.becomes(4, sampling.Available)
			if report := n.report(4); string(report.Hash) != string(truth.header.Signed.Hash()) {
				t.Errorf("height 4 has the hash %x, the chain's is %x", report.Hash, truth.header.Signed.Hash())
			}
		})
	}
}

// resigned returns another header of the same height, which validators signed.
func resigned(t *testing.T, v *Validators, h *p2p.Header, signers ...int) *p2p.Header {
	t.Helper()
	other := Equivocate(h.Signed.Header)
	set := v.Set()
	other.ValidatorsHash, other.NextValidatorsHash, other.ProposerAddress = set.Hash(), set.Hash(), set.Validators[0].Address
	signed, err := v.Sign(other, signers...)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := da.ProveHeader(da.EmptyTxs())
	if err != nil {
		t.Fatal(err)
	}
	return &p2p.Header{Signed: signed, Validators: set, Proof: proof}
}

// Who claims a height that is not, and makes up a header for each on the way to it, is found out before it has sent more
// than a skip over weeks takes, and banned; the chain's headers are had meanwhile.
func TestASkipToNowhereEnds(t *testing.T) {
	t.Parallel()
	c := newChain(t, 3)
	deep := NewDeepen(honest{c}, chainID, 3, 1<<40)
	bad := serve(t, deep, honest{c})
	n := start(t, lightConfig(t, c, addressesOf(bad)...))
	rig.Await(t, "who makes headers up is banned", func() bool { return n.bans() > 0 && !n.connected(bad) })
	// A skip may take 131,072 votes and validators. Without a bound it takes 48 headers.
	if shown := deep.Shown(); shown == 0 || shown > 34 {
		t.Errorf("it was asked for %d headers of %d votes at once", shown, deepVotes)
	}
	good := serve(t, honest{c}, honest{c})
	if _, err := good.Connect(t.Context(), n.Addresses()[0]); err != nil {
		t.Fatal(err)
	}
	c.grow(t)
	n.becomes(4, sampling.Available)
}

// Peers that keep the head from a node hold it up no longer than it takes to ask another.
func TestStaleHeadersDoNotHoldAnybodyUp(t *testing.T) {
	t.Parallel()
	c := newChain(t, 5)
	stale := serveAll(t, 4, NewStale(honest{c}, 2), honest{c})
	good := serve(t, honest{c}, honest{c})
	n := start(t, lightConfig(t, c, append(addressesOf(stale...), addressesOf(good)...)...))
	n.becomes(5, sampling.Available)
	c.grow(t)
	n.becomes(6, sampling.Available)
}

// Where all peers keep the head from a node it raises an alarm, and once what it trusts is
// too old to vouch for anything it stops.
func TestAStaleChainIsAnAlarmAndThenTheEnd(t *testing.T) {
	t.Parallel()
	c := newChain(t, 0)
	c.start = c.start.Add(-10 * time.Minute)
	for range 5 {
		c.grow(t)
	}
	bad := serve(t, NewStale(honest{c}, 2), honest{c})
	config := lightConfig(t, c, addressesOf(bad)...)
	config.AlarmAfter = 20 * time.Second // an old head is one of ten times that
	alarmed := start(t, config)
	rig.Await(t, "the alarm says that the head, which is 2, is old", func() bool {
		status := alarmed.status()
		return status.Height == 2 && strings.Contains(status.Alarm, "keep its head from this node")
	})

	config = lightConfig(t, c, addressesOf(bad)...)
	config.TrustingPeriod = time.Second
	expired := start(t, config)
	if err := <-expired.ended; !errors.Is(err, lightnode.ErrTrustExpired) {
		t.Errorf("the node ended with %v, want %v", err, lightnode.ErrTrustExpired)
	}
}

// Two headers of one height that half of the validators signed each are none.
func TestHalfTheVotesForEachOfTwoHeadersIsNone(t *testing.T) {
	t.Parallel()
	left := newChain(t, 3)
	right := left.fork()
	n := start(t, lightConfig(t, left, addressesOf(serve(t, honest{left}, honest{left}), serve(t, honest{right}, honest{right}))...))
	n.becomes(3, sampling.Available)
	made := contentOf(t, 4)
	left.finalise(t, made.txs, made.square, 0, 1)
	right.finalise(t, da.EmptyTxs(), nil, 2, 3)
	rig.Await(t, "a header of them is refused", func() bool { return strings.Contains(n.status().HeadError, "insufficient voting power") })
	if height := n.status().Height; height != 3 {
		t.Errorf("the head is %d", height)
	}
	n.neverAvailable(4)
}

// Two headers of one height that all validators signed stop the node: it cannot know which
// is the chain's. The evidence is kept, and offered to full nodes before the node ends.
func TestTwoHeadersOfFullPowerStopTheNode(t *testing.T) {
	t.Parallel()
	left := newChain(t, 3)
	right := left.fork()
	config := lightConfig(t, left, addressesOf(serve(t, honest{left}, honest{left}), serve(t, honest{right}, honest{right}))...)
	config.EvidenceWait = 5 * time.Second // nobody takes any
	n := start(t, config)
	n.becomes(3, sampling.Available)
	rig.Await(t, "both vouch for the head", func() bool { return n.status().Witnesses == 1 })
	left.grow(t)
	right.finalise(t, da.EmptyTxs(), nil, all...)
	rig.Await(t, "the alarm says that two headers are signed", func() bool {
		return strings.Contains(n.status().Alarm, "two headers of height 4 carry valid signatures")
	})
	if height := n.status().Height; height != 3 {
		t.Errorf("the head is %d", height)
	}
	if kept, err := filepath.Glob(filepath.Join(config.Home, "attack-4-*")); err != nil || len(kept) == 0 {
		t.Errorf("no evidence is kept (%v)", err)
	}
	n.stop()
	if err := <-n.ended; !errors.Is(err, lightnode.ErrAttack) {
		t.Errorf("the node ended with %v, want %v", err, lightnode.ErrAttack)
	}
	config.Metrics = nil // the former ones are registered
	again, err := lightnode.New(t.Context(), config)
	if err == nil { // evidence that nobody took yet is handed over, and nothing else is done
		err = again.Run(t.Context())
	}
	if !errors.Is(err, lightnode.ErrAttack) {
		t.Errorf("it starts again on what it trusted: %v", err)
	}
}
