package fullnode

import (
	"context"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	protomempool "github.com/cometbft/cometbft/proto/tendermint/mempool"
)

// mempoolReactor is CometBFT's name for what gossips transactions.
const mempoolReactor = "MEMPOOL"

// gossip stands between the peers and CometBFT's mempool: what they send is verified first. A
// peer's other messages, votes and parts of blocks, come over the same connection, and do not wait
// for that unless the peer's line is full.
type gossip struct {
	*mempool.Reactor
	admission *admission
}

// interpose puts admission before the mempool of a node that was not started.
func interpose(comet *node.Node, a *admission) error {
	inner, ok := comet.MempoolReactor().(*mempool.Reactor)
	if !ok {
		return fmt.Errorf("CometBFT's mempool reactor is a %T", comet.MempoolReactor())
	}
	comet.Switch().RemoveReactor(mempoolReactor, inner)
	comet.Switch().AddReactor(mempoolReactor, &gossip{Reactor: inner, admission: a})
	return nil
}

// Receive implements p2p.Reactor.
func (g *gossip) Receive(e p2p.Envelope) {
	message, ok := e.Message.(*protomempool.Txs)
	if !ok || len(message.Txs) == 0 || g.WaitSync() || e.Src == nil {
		g.Reactor.Receive(e)
		return
	}
	ctx, cancel := context.WithCancel(g.admission.running)
	defer cancel()
	go func() {
		select {
		case <-e.Src.Quit():
			cancel() // else who comes again and again would leave more waiting each time
		case <-ctx.Done():
		}
	}()
	for _, tx := range message.Txs {
		if g.admission.lineup.enter(ctx, g.submission(e.Src, e.ChannelID, tx)) != nil {
			return // the node is being stopped, or the peer gone
		}
	}
}

// submission returns what a peer sent, to be handed on alone.
func (g *gossip) submission(from p2p.Peer, channel byte, tx []byte) *submission {
	return &submission{from: from.ID(), raw: tx, deliver: func(refusal *abci.ResponseCheckTx) {
		if refusal == nil {
			g.Reactor.Receive(p2p.Envelope{Src: from, ChannelID: channel, Message: &protomempool.Txs{Txs: [][]byte{tx}}})
		}
	}}
}
