package adversary

import (
	"context"
	"time"

	"github.com/ashlar-da/ashlar/p2p"
)

// Flood keeps a number of peers connected to a victim until the context ends. Whenever one is
// banned, another identity takes its place. It returns how many it took.
func Flood(ctx context.Context, n int, victim string, join func() (*p2p.Host, error)) (identities int, err error) {
	hosts := make([]*p2p.Host, n)
	for sleepFor(ctx, 20*time.Millisecond) {
		for i, host := range hosts {
			if host != nil && len(host.Peers()) > 0 {
				continue
			}
			if host != nil {
				_ = host.Close()
			}
			if hosts[i], err = join(); err != nil {
				return identities, err
			}
			identities++
			_, _ = hosts[i].Connect(ctx, victim) // tried again with another identity if it fails
		}
	}
	for _, host := range hosts {
		if host != nil {
			_ = host.Close()
		}
	}
	return identities, nil
}

// sleepFor waits, and tells whether the context outlasted it.
func sleepFor(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
