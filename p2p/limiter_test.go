package p2p

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/multiformats/go-multiaddr"
)

func TestLimiter(t *testing.T) {
	clock := &hands{time.Unix(0, 0)}
	l := newLimiter(clock.now, 10, 100)
	for i, step := range []struct {
		id, subnet string
		cost       int
		later      time.Duration
		err        error
	}{
		{"a", "", 60, 0, nil},
		{"a", "", 60, 0, ErrRateLimited},
		{"a", "", 40, 0, nil}, // what was refused was not charged
		{"a", "", 1, 0, ErrRateLimited},
		{"a", "", 10, time.Second, nil},
		{"a", "", 1, 0, ErrRateLimited},
		{"a", "", 101, time.Hour, ErrTooLarge},
		{"a", "", 100, 0, nil}, // an hour fills no more than the burst
		{"b", "net", 100, 0, nil},
		{"c", "net", 100, 0, nil},
		{"d", "net", 100, 0, nil},
		{"e", "net", 100, 0, nil},
		{"f", "net", 1, 0, ErrRateLimited}, // the subnet has had its four
		{"f", "other", 1, 0, nil},
	} {
		clock.turn(step.later)
		if err := l.take(step.id, step.subnet, step.cost); !errors.Is(err, step.err) {
			t.Errorf("step %d, %d cells to %s: %v, want %v", i, step.cost, step.id, err, step.err)
		}
	}
}

func TestLimiterIsBounded(t *testing.T) {
	clock := &hands{time.Unix(0, 0)}
	l := newLimiter(clock.now, 10, 100)
	for i := range 2 * limitedKeys {
		if err := l.take(fmt.Sprint(i), "", 100); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.buckets) > limitedKeys {
		t.Errorf("%d buckets are kept", len(l.buckets))
	}
}

func TestSubnetOf(t *testing.T) {
	for address, want := range map[string]string{
		"/ip4/203.0.113.77/tcp/1":         "203.0.113.0/24",
		"/ip4/203.0.113.9/udp/1/quic-v1":  "203.0.113.0/24",
		"/ip6/2001:db8:1:2:3:4:5:6/tcp/1": "2001:db8:1::/48",
		"/ip6/::ffff:203.0.113.77/tcp/1":  "203.0.113.0/24",
		"/ip4/127.0.0.1/tcp/1":            "",
		"/ip6/::1/tcp/1":                  "",
		"/dns4/example.org/tcp/1":         "",
	} {
		parsed, err := multiaddr.NewMultiaddr(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := subnetOf(parsed); got != want {
			t.Errorf("%s is in %q, want %q", address, got, want)
		}
	}
}
