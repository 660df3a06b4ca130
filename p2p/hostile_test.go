package p2p

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// hurried makes a host give up soon, where giving up is what is tested.
func hurried(really bool) func(*Config) {
	return func(c *Config) {
		if really {
			c.RequestTimeout = time.Second
		}
	}
}

// trickle writes a byte now and then until the other side has had enough.
func trickle(s network.Stream) {
	for {
		if _, err := s.Write([]byte{0x80}); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// frameThat begins a frame of a length and goes on as given.
func frameThat(length int, then func(network.Stream)) func(network.Stream) {
	return func(s network.Stream) {
		if _, err := s.Write(uvarint(length)); err == nil {
			then(s)
		}
	}
}

func closes(s network.Stream) { _ = s.Close() }
func resets(s network.Stream) { _ = s.Reset() }
func hangs(network.Stream)    {}

// floods writes for as long as anybody reads.
func floods(s network.Stream) {
	for {
		if _, err := s.Write(make([]byte, 64<<10)); err != nil {
			return
		}
	}
}

func sends(message []byte) func(network.Stream) {
	return func(s network.Stream) {
		_ = writeFrame(s, message)
		_ = s.Close()
	}
}

// hostileServer is a peer that treats every request for cells as given.
func hostileServer(t *testing.T, then func(network.Stream)) *Host {
	h := start(t)
	h.host.SetStreamHandler(Cells.on(testChain), func(s network.Stream) {
		if _, err := readFrame(s, maxRequest); err == nil {
			then(s)
		}
	})
	return h
}

func TestHostileAnswers(t *testing.T) {
	f := newFixture(t)
	two := f.coords[:2]
	for _, test := range []struct {
		name string
		then func(network.Stream)
		err  error
	}{
		{"nothing", closes, io.ErrUnexpectedEOF},
		{"a reset", resets, network.ErrReset},
		{"silence", hangs, context.DeadlineExceeded},
		{"a length over the cap", frameThat(1<<20, hangs), ErrGarbage},
		{"a length that never ends", func(s network.Stream) { _, _ = s.Write(bytes.Repeat([]byte{0xff}, 64)) }, ErrGarbage},
		{"a length trickling in", trickle, ErrGarbage},
		{"a message trickling in", frameThat(4000, trickle), context.DeadlineExceeded},
		{"a message cut short", frameThat(4000, closes), io.ErrUnexpectedEOF},
		{"an empty message", sends(nil), ErrGarbage},
		{"noise", sends(bytes.Repeat([]byte{0x5a}, 900)), ErrGarbage},
		{"a status there is not", sends(refusal(77)), ErrGarbage},
		{"cells for another number of coordinates", sends(marshal(t, encodeCells([]*CellProof{nil}))), ErrGarbage},
		{"a flood", floods, ErrGarbage},
		{"no cell at all", sends(marshal(t, encodeCells(make([]*CellProof, 2)))), da.ErrNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := hostileServer(t, test.then)
			client := start(t, hurried(errors.Is(test.err, context.DeadlineExceeded)))
			id := connect(t, client, server)
			cells, err := client.GetCells(t.Context(), id, 3, two)
			if !errors.Is(err, test.err) || cells != nil {
				t.Errorf("%v, %v; want %v", cells, err, test.err)
			}
			if weight := client.scores.weight(id, 3); weight >= 1 {
				t.Errorf("afterwards the peer weighs %v", weight)
			}
		})
	}
}

// open opens a raw stream to a host and hands it over.
func open(t *testing.T, from *Host, to peer.ID, p Protocol) network.Stream {
	t.Helper()
	s, err := from.host.NewStream(t.Context(), to, p.on(testChain))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHostileRequests(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		name   string
		then   func(network.Stream)
		answer wire.Status // 0: the stream is reset
		late   bool        // the server has to run out of patience
	}{
		{"nothing", func(s network.Stream) { _ = s.CloseWrite() }, 0, false},
		{"silence", hangs, 0, true},
		{"a length over the cap", frameThat(maxRequest+1, hangs), 0, false},
		{"a length that never ends", func(s network.Stream) { _, _ = s.Write(bytes.Repeat([]byte{0xff}, 64)) }, 0, false},
		{"a message trickling in", frameThat(4000, trickle), 0, true},
		{"a message cut short", frameThat(4000, func(s network.Stream) { _ = s.CloseWrite() }), 0, false},
		{"a flood", floods, wire.Status_STATUS_BAD_REQUEST, false},
		{"noise", func(s network.Stream) { _ = writeFrame(s, bytes.Repeat([]byte{0x5a}, 900)) }, wire.Status_STATUS_BAD_REQUEST, false},
		{"no cells", func(s network.Stream) { _ = writeFrame(s, marshal(t, encodeCellsRequest(3, nil))) }, wire.Status_STATUS_BAD_REQUEST, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := start(t, serving(f, f), hurried(test.late))
			client := start(t)
			s := open(t, client, connect(t, client, server), Cells)
			go test.then(s)
			got, err := readFrame(s, 100)
			if test.answer == 0 && err == nil || test.answer != 0 && !bytes.Equal(got, refusal(test.answer)) {
				t.Errorf("answered %x, %v", got, err)
			}
			if _, err := client.GetCells(t.Context(), server.ID(), 3, f.coords); err != nil {
				t.Errorf("and then a request in good order: %v", err)
			}
		})
	}
}

func TestRequestsThatBreakTheProtocolBan(t *testing.T) {
	f := newFixture(t)
	server, client := start(t, serving(f, f)), start(t)
	id := connect(t, client, server)
	for range 2 * banAt {
		s := open(t, client, id, Cells)
		_ = writeFrame(s, []byte{0xff, 0xff})
		_, _ = readFrame(s, 100)
	}
	eventually(t, "a ban", func() bool { return server.Banned(client.ID()) && !server.connected(client.ID()) })
}

func TestGarbageBans(t *testing.T) {
	server, client := start(t, serving(nil, newFixture(t))), start(t)
	id := connect(t, client, server)
	for i := range banAt {
		if client.Banned(id) {
			t.Fatalf("banned after %d pieces of garbage", i)
		}
		client.Garbage(id, errors.New("a cell that does not prove right"))
	}
	if !client.Banned(id) {
		t.Fatalf("not banned after %d pieces of garbage", banAt)
	}
	eventually(t, "the end of the connection", func() bool { return !client.connected(id) && !server.connected(client.ID()) })
	if _, err := client.GetCells(t.Context(), id, 3, newFixture(t).coords); !errors.Is(err, ErrBanned) {
		t.Errorf("asking the banned: %v", err)
	}
	if _, err := client.Connect(t.Context(), server.Addresses()[0]); err == nil {
		t.Error("the banned was dialled")
	}
	_, _ = server.Connect(t.Context(), client.Addresses()[0]) // it may look connected until the gate closes
	eventually(t, "the gate to close", func() bool { return !client.connected(id) })
	if _, err := client.Pick(Cells, 3); !errors.Is(err, ErrNoPeer) {
		t.Errorf("picking among the banned: %v", err)
	}
}

func TestWrongChain(t *testing.T) {
	f := newFixture(t)
	server := start(t, serving(f, f), func(c *Config) { c.ChainID = "another" })
	client := start(t)
	id := connect(t, client, server)
	const names = `"another", not "ashlar-test"`
	if _, err := client.GetHeader(t.Context(), id, HeaderRequest{}); !errors.Is(err, ErrWrongChain) || !strings.Contains(err.Error(), names) {
		t.Errorf("a host of another chain: %v", err)
	}
	if _, err := client.Pick(Headers, 0); !errors.Is(err, ErrNoPeer) || !errors.Is(err, ErrWrongChain) || !strings.Contains(err.Error(), names) {
		t.Errorf("picking among hosts of another chain: %v", err)
	}
	mute := connect(t, client, start(t))
	if _, err := client.GetHeader(t.Context(), mute, HeaderRequest{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a host that serves nothing: %v", err)
	}
	if _, err := client.Pick(Headers, 0); !errors.Is(err, ErrNoPeer) {
		t.Errorf("picking among those that do not serve: %v", err)
	}
}

func TestRateLimit(t *testing.T) {
	f := newFixture(t)
	f.cost = 40 // as for cold extended cells of a square of 40 rows
	server := start(t, serving(f, f), func(c *Config) { c.Limits.CellsBurst, c.Limits.CellsPerSecond = 300, 1 })
	client := start(t)
	id := connect(t, client, server)
	if _, err := client.GetCells(t.Context(), id, 3, f.coords); err != nil {
		t.Fatalf("120 of 300 cells: %v", err)
	}
	if _, err := client.GetCells(t.Context(), id, 3, f.coords); err != nil {
		t.Fatalf("240 of 300 cells: %v", err)
	}
	if _, err := client.GetCells(t.Context(), id, 3, f.coords); !errors.Is(err, ErrRateLimited) {
		t.Errorf("360 of 300 cells: %v", err)
	}
	if _, err := client.GetRows(t.Context(), id, 3, []int{0, 1, 2, 3, 4}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("more than any allowance at once: %v", err)
	}
	if _, err := start(t).GetCells(t.Context(), id, 3, f.coords); err == nil {
		t.Error("a host that is not connected was answered")
	}
	second := start(t)
	if _, err := second.GetCells(t.Context(), connect(t, second, server), 3, f.coords); err != nil {
		t.Errorf("a second peer has an allowance of its own: %v", err)
	}
}

func TestStreamFloodIsBounded(t *testing.T) {
	f := newFixture(t)
	f.hold = make(chan struct{})
	const allowed = 8
	server := start(t, serving(f, f), func(c *Config) { c.Limits.StreamsPerPeer = allowed })
	client := start(t)
	id := connect(t, client, server)
	request := marshal(t, encodeCellsRequest(3, f.coords))
	for range 4 * allowed {
		s, err := client.host.NewStream(t.Context(), id, Cells.on(testChain))
		if err == nil {
			_ = writeFrame(s, request)
		}
	}
	served := func() int {
		n := 0
		for _, c := range server.host.Network().ConnsToPeer(client.ID()) {
			for _, s := range c.GetStreams() {
				if s.Protocol() == Cells.on(testChain) {
					n++
				}
			}
		}
		return n
	}
	eventually(t, "the streams to open", func() bool { return served() == allowed })
	other := start(t)
	close(f.hold)
	if _, err := other.GetCells(t.Context(), connect(t, other, server), 3, f.coords); err != nil {
		t.Errorf("another peer, meanwhile: %v", err)
	}
}

func TestCloseWaitsForHandlers(t *testing.T) {
	f := newFixture(t)
	f.hold = make(chan struct{})
	server, err := New(t.Context(), testConfig(t, serving(f, f)))
	if err != nil {
		t.Fatal(err)
	}
	client := start(t)
	s := open(t, client, connect(t, client, server), Cells)
	if err := writeFrame(s, marshal(t, encodeCellsRequest(3, f.coords))); err != nil {
		t.Fatal(err)
	}
	running := func() bool {
		server.handlers.mu.Lock()
		defer server.handlers.mu.Unlock()
		return server.handlers.count > 0
	}
	eventually(t, "a handler", running)
	if err := server.Close(); err != nil {
		t.Logf("closing: %v", err)
	}
	if running() {
		t.Error("a handler outlived Close")
	}
	if server.handlers.enter() {
		t.Error("a handler was let in after Close")
	}
	if err := server.Close(); err != nil {
		t.Logf("closing again: %v", err)
	}
}

func TestMessagesFitTheirCaps(t *testing.T) {
	request := marshal(t, encodeCellsRequest(1<<63, slices.Repeat([]erasure.Coord{{Row: 511, Column: 127}}, MaxCells)))
	if len(request) > maxRequest {
		t.Errorf("the longest request takes %d bytes, more than the cap", len(request))
	}
	if n := len(binary.AppendUvarint(nil, maxNamespace)); n > binary.MaxVarintLen32 {
		t.Errorf("the longest length takes %d bytes", n)
	}
}
