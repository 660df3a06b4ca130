package p2p

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
)

const (
	firstRetry = time.Second
	lastRetry  = time.Minute
	lookAgain  = 5 * time.Second // whether a connection still stands
	dialTime   = 10 * time.Second
	permanent  = "static" // tag of peers the connection manager never trims
)

// stayConnected connects to a peer, and again whenever the connection is lost, ever more
// patiently, until the context ends.
func (h *Host) stayConnected(ctx context.Context, info peer.AddrInfo) error {
	h.host.ConnManager().Protect(info.ID, permanent)
	retry := firstRetry
	for {
		wait := lookAgain
		switch err := h.reach(ctx, info, peerstore.PermanentAddrTTL); {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			wait, retry = jitter(retry), min(2*retry, lastRetry)
			h.config.Log.Debug("peer is unreachable", "peer", info.ID, "again_in", wait, "error", err)
		default:
			retry = firstRetry
		}
		if !sleep(ctx, wait) {
			return nil
		}
	}
}

// reach connects to a peer unless a connection stands. It remembers the addresses for a
// while.
func (h *Host) reach(ctx context.Context, info peer.AddrInfo, remember time.Duration) error {
	if h.connected(info.ID) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	h.host.Peerstore().AddAddrs(info.ID, info.Addrs, remember)
	return h.host.Connect(network.WithAllowLimitedConn(ctx, serviceName), info)
}

// jitter spreads a delay over half to one and a half of it.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// sleep waits, and tells whether the context outlasted it.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
