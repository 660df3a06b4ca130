package p2p

import (
	"context"
	"errors"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
)

func judging(verdict Verdict) func(*Config) {
	return func(c *Config) { c.CheckHead = func(context.Context, Announcement) Verdict { return verdict } }
}

// line connects hosts a to b to c and waits until the mesh of heads is there.
func line(t *testing.T, middle Verdict) (a, b, c *Host) {
	t.Helper()
	a, b, c = start(t), start(t, judging(middle)), start(t)
	connect(t, a, b)
	connect(t, c, b)
	eventually(t, "the mesh", func() bool { return len(b.gossip.heads.topic.ListPeers()) == 2 })
	return a, b, c
}

// announceUntil announces ever new heights until somebody hears one, because a mesh
// takes a while to carry the first.
func announceUntil(t *testing.T, from *Host, heard *Host) Announcement {
	t.Helper()
	var got Announcement
	height := uint64(0)
	eventually(t, "an announcement", func() bool {
		height++
		if err := from.Announce(t.Context(), Head{Height: height, Hash: [32]byte{7}, DataRoot: [32]byte{8}}); err != nil {
			t.Fatal(err)
		}
		select {
		case got = <-heard.Heads():
			return true
		default:
			return false
		}
	})
	return got
}

func TestAcceptedHeadsAreRelayed(t *testing.T) {
	a, _, c := line(t, Accept)
	got := announceUntil(t, a, c)
	if got.From != a.ID() || got.Head.Height == 0 || got.Head.Hash != [32]byte{7} || got.Head.DataRoot != [32]byte{8} {
		t.Errorf("heard %+v", got)
	}
	if c.scores.weight(a.ID(), got.Head.Height) != 1 || c.scores.weight(a.ID(), 1<<40) != 0.25 {
		t.Error("the announcer's height was not noted")
	}
}

func TestOnlyAcceptedHeadsAreRelayed(t *testing.T) {
	for _, verdict := range []Verdict{Ignore, Reject} {
		a, b, c := line(t, verdict)
		if verdict == Ignore {
			announceUntil(t, a, b) // a hint, though not relayed
		}
		height := uint64(1e6)
		judged := func() bool {
			height++
			if err := a.Announce(t.Context(), Head{Height: height}); err != nil {
				t.Fatal(err)
			}
			b.gossip.mu.Lock()
			defer b.gossip.mu.Unlock()
			return b.gossip.latest[a.ID()] > 1e6
		}
		eventually(t, "a judgement", judged)
		select {
		case got := <-c.Heads():
			t.Errorf("verdict %d: %+v was relayed", verdict, got)
		default:
		}
	}
}

func TestHeadsOfAnAnnouncerAscend(t *testing.T) {
	h := start(t, judging(Accept))
	for _, test := range []struct {
		height uint64
		want   Verdict
	}{{5, Accept}, {5, Ignore}, {4, Ignore}, {6, Accept}} {
		if got := h.judge(t.Context(), h.gossip, Announcement{From: "a", Head: Head{Height: test.height}}); got != test.want {
			t.Errorf("height %d: %v, want %v", test.height, got, test.want)
		}
	}
	for i := range 2 * announcers {
		h.judge(t.Context(), h.gossip, Announcement{From: peer.ID(rune(i)), Head: Head{Height: 1}})
	}
	if len(h.gossip.latest) > announcers {
		t.Errorf("%d announcers are remembered", len(h.gossip.latest))
	}
}

// Who holds a header without its commit serves it alone, and nothing to who wants both.
func TestAHeaderWithoutItsCommit(t *testing.T) {
	f := newFixture(t)
	f.header = copyHeader(f.header)
	f.header.Signed.Commit, f.header.Validators = nil, nil
	server, client := start(t, func(c *Config) { c.Headers = f }), start(t)
	connect(t, client, server)
	if _, err := client.GetHeader(t.Context(), server.ID(), HeaderRequest{Height: 3}); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("with its commit: %v, want %v", err, da.ErrNotFound)
	}
	if got, err := client.GetHeader(t.Context(), server.ID(), HeaderRequest{Height: 3, Alone: true}); err != nil || got.Signed.Height != 3 {
		t.Errorf("alone: %+v, %v", got, err)
	}
}

func TestStaticPeersAreConnectedAgain(t *testing.T) {
	config := testConfig(t)
	first, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	address := first.Addresses()[0]
	client := start(t, func(c *Config) { c.Peers = []string{address} })
	eventually(t, "a connection", func() bool { return client.connected(first.ID()) })
	_ = first.Close()
	eventually(t, "its loss", func() bool { return !client.connected(first.ID()) })
	config.Listen = []string{address[:len(address)-len("/p2p/")-len(first.ID().String())]}
	second, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Close() })
	eventually(t, "a connection again", func() bool { return client.connected(second.ID()) })
}

func TestTableFindsPeers(t *testing.T) {
	member := func(c *Config) { c.DHT, c.Serve = true, true }
	hub := start(t, member)
	knowsHub := func(c *Config) { c.Peers = hub.Addresses()[:1] }
	a, b := start(t, member, knowsHub), start(t, member, knowsHub)
	eventually(t, "two strangers to meet", func() bool {
		a.look(t.Context())
		return a.connected(b.ID())
	})
}

func TestPickLeavesOut(t *testing.T) {
	f := newFixture(t)
	first, second, client := start(t, serving(f, f)), start(t, serving(f, f)), start(t)
	a, b := connect(t, client, first), connect(t, client, second)
	eventually(t, "both to be known", func() bool { return client.speaks(a, Cells) && client.speaks(b, Cells) })
	for range 20 {
		if got, err := client.Pick(Cells, 3, a); err != nil || got != b {
			t.Fatalf("picked %s (%v), though %s was to be left out", got, err, a)
		}
	}
	client.scores.update(b, func(s *score) { s.oldest = 4 })
	for range 20 {
		if got, err := client.Pick(Cells, 3); err != nil || got != a {
			t.Fatalf("picked %s (%v), though it has pruned the height", got, err)
		}
	}
	if _, err := client.Pick(Cells, 3, a); err == nil {
		t.Error("picked nobody that is left")
	}
	seen := map[peer.ID]bool{}
	eventually(t, "both to be picked", func() bool {
		got, err := client.Pick(Rows, 9)
		seen[got] = err == nil
		return seen[a] && seen[b]
	})
}

func TestVerifiedWorkRaisesTheOdds(t *testing.T) {
	f := newFixture(t)
	server, client := start(t, serving(f, f)), start(t)
	id := connect(t, client, server)
	client.Verified(id, verifiedUnit)
	if weight := client.scores.weight(id, 1); weight < 1.9 {
		t.Errorf("after %d verified cells the peer weighs %v", verifiedUnit, weight)
	}
}

// What multicast DNS hands over is connected to, whatever else it hands over: hosts that are
// gone, this host, more than there is room for. The multicast itself is libp2p's and needs a
// network that carries it, so no test here depends on it.
func TestWhoIsFoundIsConnectedTo(t *testing.T) {
	gone, stranger, h := startAndClose(t), start(t), start(t)
	found := make(neighbours, 4)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { h.greetAll(ctx, found); close(ended) }()
	found.HandlePeerFound(gone)
	found.HandlePeerFound(peer.AddrInfo{ID: h.ID(), Addrs: h.host.Addrs()})
	found.HandlePeerFound(peer.AddrInfo{ID: stranger.ID(), Addrs: stranger.host.Addrs()})
	eventually(t, "the stranger to be met", func() bool { return h.connected(stranger.ID()) })
	if h.connected(gone.ID) {
		t.Error("a host that is gone is connected")
	}
	cancel()
	<-ended
}

// startAndClose returns where a host was that is no more.
func startAndClose(t *testing.T) peer.AddrInfo {
	t.Helper()
	h, err := New(t.Context(), testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	info := peer.AddrInfo{ID: h.ID(), Addrs: h.host.Addrs()}
	if err := h.Close(); err != nil {
		t.Logf("closing: %v", err)
	}
	return info
}

// A host with room greets a neighbour; it does not greet itself, and names its chain's service.
func TestNeighboursAreGreeted(t *testing.T) {
	stranger, h := start(t), start(t, func(c *Config) { c.MDNS = true })
	found := make(neighbours, 1)
	found.HandlePeerFound(peer.AddrInfo{ID: stranger.ID(), Addrs: stranger.host.Addrs()})
	found.HandlePeerFound(peer.AddrInfo{ID: "one too many"})
	h.greet(t.Context(), <-found)
	if !h.connected(stranger.ID()) {
		t.Error("a neighbour was not greeted")
	}
	h.greet(t.Context(), peer.AddrInfo{ID: h.ID()})
	if got := neighbourhood("ashlar-1.test"); got != "_ashlar-ashlar-1-test._udp" {
		t.Errorf("the chain is called %s", got)
	}
}

// A deaf host neither hears of heads nor announces any; whatever else there is to do it does.
func TestDeafHosts(t *testing.T) {
	f := newFixture(t)
	server := start(t, func(c *Config) { c.Headers = f })
	client := start(t, func(c *Config) { c.Deaf = true })
	connect(t, client, server)
	if client.Heads() != nil || client.Announce(t.Context(), Head{Height: 1}) == nil {
		t.Error("it hears or announces")
	}
	if _, err := client.GetHeader(t.Context(), server.ID(), HeaderRequest{Height: 3}); err != nil {
		t.Error(err)
	}
}

func TestLooksGetRarer(t *testing.T) {
	var l looks
	count := func(turns, reached int) (done int) {
		for range turns {
			if l.due(8) {
				done++
				l.done(reached, 8)
			}
		}
		return done
	}
	if n := count(10, 1); n != 10 {
		t.Errorf("with somebody new each time: %d looks in 10 turns", n)
	}
	if n := count(160, 0); n != 13 { // after 1, 3, 7 and then every 15 turns
		t.Errorf("with nobody new: %d looks in 160 turns", n)
	}
	if !l.due(7) {
		t.Error("no look though a peer is lost")
	}
}
