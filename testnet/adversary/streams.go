package adversary

import (
	"context"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/p2p"
)

// OpenStreams opens as many streams of a protocol as a peer lets it, at most n, begins a request
// on each and leaves them so. It returns those that opened.
func (r *Raw) OpenStreams(ctx context.Context, to peer.ID, p p2p.Protocol, n int) []network.Stream {
	var opened []network.Stream
	for range n {
		s, err := r.NewStream(ctx, to, r.On(p))
		if err != nil {
			continue
		}
		if _, err := s.Write([]byte{20}); err != nil { // the length of a request that does not follow
			_ = s.Reset()
			continue
		}
		opened = append(opened, s)
	}
	return opened
}
