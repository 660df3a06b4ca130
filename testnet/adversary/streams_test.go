package adversary

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// Peers that answer with frames too long, too short or without an end, slowly or never, keep no
// cell from a node that has an honest peer too. Those that break the protocol are banned.
func TestFramesOutOfOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		then   answer
		banned bool
	}{
		{"oversized", Oversized, true},
		{"never-ending", NeverEnding, true},
		{"truncated", Truncated, false},
		{"trickling", Trickle, false},
		{"silent", Silence, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t, 3)
			good := serve(t, honest{c}, honest{c})
			bad := raw(t, 3, map[p2p.Protocol]answer{p2p.Cells: test.then})
			n := start(t, lightConfig(t, c, append(bad, addressesOf(good)...)...))
			for height := uint64(1); height <= 3; height++ {
				n.becomes(height, sampling.Available)
			}
			if test.banned {
				rig.Await(t, "the adversaries are banned", func() bool { return n.bans() == len(bad) })
			} else if n.bans() != 0 {
				t.Errorf("%d peers are banned", n.bans())
			}
		})
	}
}

// A peer that opens streams by the thousand has a few of them served, and takes from nobody else.
func TestThousandsOfStreams(t *testing.T) {
	t.Parallel()
	const attempts, perPeer = 3000, 32
	c := newChain(t, 2)
	good := serve(t, honest{c}, honest{c})
	config := lightConfig(t, c, addressesOf(good)...)
	config.Deadline, config.RequestTimeout = time.Minute, time.Minute // no stream is given up for being slow meanwhile
	n := start(t, config)
	n.becomes(1, sampling.Available)
	attacker, err := NewRaw(chainID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = attacker.Close() })
	for _, victim := range []string{n.Addresses()[0], good.Addresses()[0]} {
		target, err := peer.AddrInfoFromString(victim)
		if err != nil {
			t.Fatal(err)
		}
		if err := attacker.Connect(t.Context(), *target); err != nil {
			t.Fatal(err)
		}
		opened := attacker.OpenStreams(t.Context(), target.ID, p2p.Cells, attempts)
		left := standing(opened)
		if left == 0 || left > perPeer {
			t.Errorf("%d of %d streams are left standing, want some and at most %d", left, len(opened), perPeer)
		}
	}
	c.grow(t)
	n.becomes(3, sampling.Available)
	asker := serve(t, nil, nil)
	from, err := asker.Connect(t.Context(), n.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asker.GetHeader(t.Context(), from, p2p.HeaderRequest{Height: 1}); err != nil {
		t.Errorf("meanwhile another peer is not served: %v", err)
	}
}

// standing counts the streams that the other side has not reset.
func standing(streams []network.Stream) int {
	var left atomic.Int32
	done := make(chan struct{}, len(streams))
	for _, s := range streams {
		go func() {
			defer func() { done <- struct{}{} }()
			_ = s.SetReadDeadline(time.Now().Add(time.Second))
			_, err := s.Read(make([]byte, 1))
			if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
				left.Add(1)
			}
		}()
	}
	for range streams {
		<-done
	}
	return int(left.Load())
}

// A client that sends its requests byte by byte is given up; others are served meanwhile.
func TestATricklingClientIsGivenUp(t *testing.T) {
	t.Parallel()
	c := newChain(t, 1)
	good := serve(t, honest{c}, honest{c})
	n := start(t, lightConfig(t, c, addressesOf(good)...))
	n.becomes(1, sampling.Available)
	attacker, err := NewRaw(chainID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = attacker.Close() })
	target, err := peer.AddrInfoFromString(n.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := attacker.Connect(t.Context(), *target); err != nil {
		t.Fatal(err)
	}
	s, err := attacker.NewStream(t.Context(), target.ID, attacker.On(p2p.Cells))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	given := make(chan struct{})
	go func() {
		Trickle(s)
		close(given)
	}()
	select {
	case <-given:
	case <-ctx.Done():
		t.Error("the node reads on")
	}
}
