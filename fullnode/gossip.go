package fullnode

import (
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
	for _, tx := range message.Txs {
		s := &submission{from: e.Src.ID(), raw: tx, deliver: func(refusal *abci.ResponseCheckTx) {
			if refusal == nil {
				g.Reactor.Receive(p2p.Envelope{Src: e.Src, ChannelID: e.ChannelID, Message: &protomempool.Txs{Txs: [][]byte{tx}}})
			}
		}}
		if g.admission.lineup.enter(g.admission.running, s) != nil {
			return // the node is being stopped
		}
	}
}
