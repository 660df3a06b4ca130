package fullnode

import (
	"context"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// checkHead compares what a peer announces with what this node holds. What it does not
// hold yet is not its to relay.
func (n *Node) checkHead(ctx context.Context, a p2p.Announcement) p2p.Verdict {
	signed, err := n.headers.signed(a.Head.Height)
	if err != nil {
		return p2p.Ignore
	}
	header, err := n.store.Header(ctx, a.Head.Height)
	if err != nil {
		return p2p.Ignore
	}
	if string(signed.Hash()) != string(a.Head.Hash[:]) || header.DataRoot() != a.Head.DataRoot {
		return p2p.Reject
	}
	return p2p.Accept
}

// announce tells the network that this node serves a height. Nobody may listen: that is
// no error.
func (n *Node) announce(ctx context.Context, height uint64, hash, dataRoot [da.HashSize]byte) {
	err := n.host.Announce(ctx, p2p.Head{Height: height, Hash: hash, DataRoot: dataRoot})
	if err != nil && ctx.Err() == nil {
		n.cfg.Log.Warn("head not announced", "height", height, "error", err)
	}
}
