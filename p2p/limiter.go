package p2p

import (
	"sync"
	"time"
)

// subnetFactor is how many peers' worth a subnet is served.
const subnetFactor = 4

// limitedKeys is how many buckets are kept; when there are more, the full ones go first.
const limitedKeys = 8192

// limiter meters what is served, in cells, to peers and to subnets. It is safe for
// concurrent use.
type limiter struct {
	now         func() time.Time
	rate, burst float64

	mu      sync.Mutex
	buckets map[string]*bucket // guarded by mu
}

// bucket holds a peer's or a subnet's allowance as of a time.
type bucket struct {
	at     time.Time
	tokens float64
	factor float64
}

func newLimiter(now func() time.Time, rate, burst int) *limiter {
	return &limiter{now: now, rate: float64(rate), burst: float64(burst), buckets: make(map[string]*bucket)}
}

// take charges a peer and its subnet, empty if it has none to share, for cost cells. It
// returns ErrTooLarge for a cost that no wait would allow, and ErrRateLimited for one
// that a wait would; neither is charged.
func (l *limiter) take(id, subnet string, cost int) error {
	if float64(cost) > l.burst {
		return ErrTooLarge
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	charged := []*bucket{l.bucket("peer "+id, 1, now)}
	if subnet != "" {
		charged = append(charged, l.bucket("subnet "+subnet, subnetFactor, now))
	}
	for _, b := range charged {
		if b.tokens < float64(cost) {
			return ErrRateLimited
		}
	}
	for _, b := range charged {
		b.tokens -= float64(cost)
	}
	return nil
}

// bucket returns a key's bucket, refilled.
func (l *limiter) bucket(key string, factor float64, now time.Time) *bucket {
	b, known := l.buckets[key]
	if !known {
		l.makeRoom(now)
		b = &bucket{at: now, tokens: l.burst * factor, factor: factor}
		l.buckets[key] = b
	}
	l.refill(b, now)
	return b
}

func (l *limiter) refill(b *bucket, now time.Time) {
	b.tokens = min(b.tokens+now.Sub(b.at).Seconds()*l.rate*b.factor, l.burst*b.factor)
	b.at = now
}

// makeRoom forgets buckets that are full, which changes nothing, and failing that any.
func (l *limiter) makeRoom(now time.Time) {
	if len(l.buckets) < limitedKeys {
		return
	}
	for key, b := range l.buckets {
		if l.refill(b, now); b.tokens == l.burst*b.factor {
			delete(l.buckets, key)
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < limitedKeys {
			return
		}
		delete(l.buckets, key)
	}
}
