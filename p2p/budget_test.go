package p2p

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// memory is what a host has reserved for requests and answers.
func memory(t *testing.T, h *Host) (reserved int) {
	t.Helper()
	err := h.host.Network().ResourceManager().ViewService(serviceName, func(s network.ServiceScope) error {
		reserved = int(s.Stat().Memory)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return reserved
}

// request is one request of a protocol and the least memory that answering it may take.
type request struct {
	protocol Protocol
	message  codable
	least    int
}

// requests are the largest request of each protocol.
func requests(f *fixture) []request {
	coords := slices.Repeat([]erasure.Coord{{Row: 1, Column: 1}}, MaxCells)
	return []request{
		{Headers, &wire.HeadersRequest{Height: 3, HeaderProof: true}, 3 * maxHeader},
		{Cells, encodeCellsRequest(3, coords), 2*MaxCells*(kzg.CellSize+kzg.PointSize) + f.reading},
		{Rows, encodeRowsRequest(3, []int{0, 1, 2, 3, 4, 5, 6, 8}), 2 * MaxRows * (kzg.RowSize + kzg.Columns*kzg.PointSize)},
		{Namespaces, &wire.NamespaceRequest{Height: 3, Namespace: f.namespace[:]}, 2 * maxNamespace},
	}
}

// watched is a source that looks at what is reserved whenever it is asked.
type watched struct {
	*fixture
	asked chan struct{}
}

func (w watched) Header(ctx context.Context, request HeaderRequest) (*Header, error) {
	w.asked <- struct{}{}
	return w.fixture.Header(ctx, request)
}

func (w watched) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*CellProof, error) {
	w.asked <- struct{}{}
	return w.fixture.Cells(ctx, height, coords)
}

func (w watched) Rows(ctx context.Context, height uint64, rows []int) ([]*RowProofs, error) {
	w.asked <- struct{}{}
	return w.fixture.Rows(ctx, height, rows)
}

func (w watched) Namespace(ctx context.Context, height uint64, namespace da.Namespace) (*Entries, error) {
	w.asked <- struct{}{}
	return w.fixture.Namespace(ctx, height, namespace)
}

func watching(t *testing.T) watched {
	f := newFixture(t)
	f.hold, f.reading = make(chan struct{}), 1<<20
	return watched{f, make(chan struct{}, 64)}
}

// send opens a stream and writes a request to it.
func send(t *testing.T, from *Host, to peer.ID, r request) network.Stream {
	t.Helper()
	s := open(t, from, to, r.protocol)
	if err := writeFrame(s, marshal(t, r.message)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMemoryIsReservedBeforeASourceIsAsked(t *testing.T) {
	for _, r := range requests(watching(t).fixture) {
		t.Run(string(r.protocol), func(t *testing.T) {
			w := watching(t)
			server, client := start(t, serving(w, w)), start(t)
			s := send(t, client, connect(t, client, server), r)
			<-w.asked
			if have := memory(t, server); have < r.least {
				t.Errorf("%d bytes are reserved while the answer is built, want at least %d", have, r.least)
			}
			close(w.hold)
			got, err := readFrame(s, maxNamespace)
			if err != nil || bytes.HasPrefix(got, refusal(wire.Status_STATUS_RATE_LIMITED)) {
				t.Errorf("answered %d bytes, %v", len(got), err)
			}
			eventually(t, "all memory to be given back", func() bool { return memory(t, server) == 0 })
		})
	}
}

// A peer has a share of the memory; what does not fit into it is refused, and not built.
func TestNothingIsBuiltWithoutMemory(t *testing.T) {
	for _, r := range requests(watching(t).fixture) {
		t.Run(string(r.protocol), func(t *testing.T) {
			w := watching(t)
			server, client := start(t, serving(w, w), func(c *Config) { c.Limits.Memory = minMemory }), start(t)
			id := connect(t, client, server)
			var streams []network.Stream
			fit := minMemory / 4 / r.least // at most
			for range fit + 1 {
				streams = append(streams, send(t, client, id, r))
			}
			refused := make(chan []byte, len(streams))
			for _, s := range streams {
				go func() {
					got, _ := readFrame(s, maxNamespace)
					refused <- got
				}()
			}
			if got := <-refused; !bytes.Equal(got, refusal(wire.Status_STATUS_RATE_LIMITED)) {
				t.Errorf("beyond its memory the host answered %x", got[:min(len(got), 8)])
			}
			if len(w.asked) > fit || memory(t, server) > minMemory/4 {
				t.Errorf("%d answers are being built of %d bytes each, %d bytes reserved", len(w.asked), r.least, memory(t, server))
			}
			close(w.hold)
			eventually(t, "all memory to be given back", func() bool { return memory(t, server) == 0 })
			if s := send(t, client, id, r); s != nil {
				if got, err := readFrame(s, maxNamespace); err != nil || bytes.Equal(got, refusal(wire.Status_STATUS_RATE_LIMITED)) {
					t.Errorf("afterwards: %d bytes, %v", len(got), err)
				}
			}
		})
	}
}

// A peer that reads slowly holds the memory of what it has yet to read, and no more.
func TestASlowReaderHoldsItsFrame(t *testing.T) {
	f := newFixture(t)
	server, client := start(t, serving(f, f)), start(t)
	r := requests(f)[2]
	s := send(t, client, connect(t, client, server), r)
	most := maxRequest + rowsLimit(MaxRows) + 8
	eventually(t, "the answer to be built", func() bool { have := memory(t, server); return have > maxRequest && have <= most })
	if got, err := readFrame(s, rowsLimit(MaxRows)); err != nil || len(got) < MaxRows*kzg.RowSize {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// A peer that reads nothing is given up on long before its request times out, and what it held is
// there for others.
func TestAPeerThatDoesNotReadLosesItsMemory(t *testing.T) {
	f := newFixture(t)
	server, client := start(t, serving(f, f), func(c *Config) { c.RequestTimeout = time.Hour }), start(t)
	s := send(t, client, connect(t, client, server), request{Rows, encodeRowsRequest(3, []int{0, 1, 2, 3, 4, 5, 6, 8}), 0})
	eventually(t, "the answer to be built", func() bool { return memory(t, server) > maxRequest })
	eventually(t, "all memory to be given back", func() bool { return memory(t, server) == 0 })
	if got, err := readFrame(s, rowsLimit(MaxRows)); err == nil {
		t.Errorf("the stream went on for %d bytes", len(got))
	}
}

func TestDeliveryTimeGrowsWithTheAnswer(t *testing.T) {
	for _, test := range []struct {
		bytes int
		want  time.Duration
	}{
		{0, 2 * time.Second}, {128 << 10, 2500 * time.Millisecond}, {maxNamespace, 18 * time.Second},
	} {
		if got := deliveryTime(test.bytes); got != test.want {
			t.Errorf("%d bytes: %v, want %v", test.bytes, got, test.want)
		}
	}
}

func TestWhatCanNeverFitIsTooLarge(t *testing.T) {
	f := newFixture(t)
	f.reading = minMemory / answerShare
	server, client := start(t, serving(f, f), func(c *Config) { c.Limits.Memory = minMemory }), start(t)
	if _, err := client.GetCells(t.Context(), connect(t, client, server), 3, f.coords); !errors.Is(err, ErrTooLarge) {
		t.Errorf("cells that take more memory than any answer may: %v", err)
	}
	f.entries.Entries = slices.Repeat([][]byte{make([]byte, da.MaxEntrySize)}, maxNamespace/da.MaxEntrySize)
	if _, err := client.GetNamespace(t.Context(), server.ID(), 3, f.namespace); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an answer beyond what was reserved for it: %v", err)
	}
}
