package testnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// pipe carries one direction over a link and returns both ends.
func pipe(link Link) (in io.WriteCloser, out net.Conn, done chan struct{}) {
	near, src := net.Pipe()
	dst, far := net.Pipe()
	done = make(chan struct{})
	go func() {
		defer close(done)
		carry(dst, src, link, random())
		_ = src.Close()
	}()
	return near, far, done
}

func TestCarryDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out, done := pipe(LongLink(150*time.Millisecond, 0))
		start := time.Now()
		for _, word := range []string{"first", "second"} {
			if _, err := in.Write([]byte(word)); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(word))
			if _, err := io.ReadFull(out, got); err != nil || string(got) != word {
				t.Fatalf("have %q, %v, want %q", got, err, word)
			}
		}
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("two words, one after the other, took %v, want twice the delay", took)
		}
		_ = in.Close()
		if _, err := out.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("after the end of the stream: %v, want EOF", err)
		}
		<-done
	})
}

// TestCarryKeepsTheStream: what arrives is what was sent, whatever is lost on the way.
func TestCarryKeepsTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out, done := pipe(LongLink(10*time.Millisecond, 0.3))
		sent := make([]byte, 3<<20)
		_, _ = rand.NewChaCha8([32]byte{}).Read(sent)
		go func() {
			_, _ = in.Write(sent)
			_ = in.Close()
		}()
		got, err := io.ReadAll(out)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes arrived (%v), not the %d sent", len(got), err, len(sent))
		}
		<-done
	})
}

// TestCarryBoundsTheWindow: a sender waits once a window is under way.
func TestCarryBoundsTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link := LongLink(time.Second, 0)
		link.Window = 4 * relayChunk
		in, out, done := pipe(link)
		start := time.Now()
		if _, err := in.Write(make([]byte, 4*relayChunk)); err != nil || time.Since(start) != 0 {
			t.Errorf("a window of bytes took %v to send (%v)", time.Since(start), err)
		}
		go func() { _, _ = io.Copy(io.Discard, out) }()
		if _, err := in.Write(make([]byte, 1)); err != nil || time.Since(start) != time.Second {
			t.Errorf("the byte after a window was sent after %v (%v), want when the first arrived", time.Since(start), err)
		}
		_ = in.Close()
		<-done
	})
}

// TestCarryTakesManySmallWrites: a window is bytes, not writes.
func TestCarryTakesManySmallWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out, done := pipe(LongLink(time.Second, 0))
		start := time.Now()
		for range 5000 {
			if _, err := in.Write([]byte("vote")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("20 kB took %v to send in a window of 4 MiB", took)
		}
		go func() { _, _ = io.Copy(io.Discard, out) }()
		_ = in.Close()
		<-done
	})
}

// TestCarryGivesUpAReceiverThatHasGone: the sender ends too.
func TestCarryGivesUpAReceiverThatHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out, done := pipe(LongLink(time.Millisecond, 0))
		_ = out.Close()
		_, _ = in.Write([]byte("x"))
		time.Sleep(time.Second)
		_ = in.Close()
		<-done
	})
}

func TestArrival(t *testing.T) {
	now := time.Unix(0, 0)
	after := func(c *course, n int) time.Duration { return c.arrival(now, n).Sub(now) }
	link := Link{Delay: 100, Segment: 10, Retransmit: 1000}
	for _, test := range []struct {
		name string
		loss float64
		want time.Duration
	}{
		{"nothing is lost", 0, 100},
		{"everything always is", 1, 100 + maxLosses*1000},
	} {
		link.Loss = test.loss
		if have := after(&course{link: link, random: random()}, 25); have != test.want {
			t.Errorf("%s: arrives after %d, want %d", test.name, have, test.want)
		}
	}
	late := &course{link: link, random: random(), last: now.Add(5000)}
	late.link.Loss = 0
	if have := after(late, 1); have != 5000 {
		t.Errorf("behind what comes at 5000: arrives at %d", have)
	}
}

// TestLossesAreAsManyAsTheLinkSays counts over many segments.
func TestLossesAreAsManyAsTheLinkSays(t *testing.T) {
	c := &course{link: Link{Loss: 0.02}, random: random()}
	lost := 0
	for range 100_000 {
		lost += min(c.losses(), 1)
	}
	if lost < 1900 || lost > 2100 {
		t.Errorf("%d of 100000 segments were lost, want about 2000", lost)
	}
}

// TestRelayCarriesBothWays over real sockets, and ends what it carries.
func TestRelayCarriesBothWays(t *testing.T) {
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = target.Close() }()
	go echo(target)
	relay, err := NewRelay(context.Background(), "127.0.0.1:0", target.Addr().String(), LongLink(0, 0), 1)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- relay.Run() }()
	conn, err := net.Dial("tcp", relay.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 4)
	if _, err := conn.Write([]byte("echo")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "echo" {
		t.Errorf("have %q, %v", got, err)
	}
	if err := relay.Close(); err != nil {
		t.Error(err)
	}
	if _, err := conn.Read(got); err == nil {
		t.Error("the connection outlives the relay")
	}
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

// echo returns what one connection sends.
func echo(listener net.Listener) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	_, _ = io.Copy(conn, conn)
	_ = conn.Close()
}
