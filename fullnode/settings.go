package fullnode

import (
	"time"

	cmtcfg "github.com/cometbft/cometbft/config"
)

// Sizes that every node of a chain shares.
const (
	// maxTxBytes bounds one envelope in the mempool. CometBFT needs it equal on all
	// nodes: 16 rows with their proofs and four shared rows take 2.8 MB.
	maxTxBytes = 4 << 20
	// mempoolTxs and mempoolBytes bound CometBFT's mempool. The application's has bounds of
	// its own, and drops what tips least when it meets them; CometBFT takes note at the next
	// block, and has room for what comes until then.
	mempoolTxs   = 10_500
	mempoolBytes = 208 << 20
	// rate bounds each connection, both ways, in bytes per second: at CometBFT's own
	// 5 MB/s a full block takes most of a second per hop.
	rate = 50 << 20
	// gossipPeers bounds the non-persistent peers that transactions are gossiped to:
	// every duplicate costs a copy of a large transaction.
	gossipPeers = 10
)

// CometConfig returns CometBFT's configuration with what blocks of several MiB need.
// The commit timeout is not 1 s: the SDK rewrites exactly that value to 5 s.
func CometConfig() *cmtcfg.Config {
	c := cmtcfg.DefaultConfig()
	c.Mempool.MaxTxBytes = maxTxBytes
	c.Mempool.Size = mempoolTxs
	c.Mempool.MaxTxsBytes = mempoolBytes
	c.Mempool.ExperimentalMaxGossipConnectionsToNonPersistentPeers = gossipPeers
	c.TxIndex.Indexer = "null"
	c.P2P.SendRate, c.P2P.RecvRate = rate, rate
	c.Consensus.TimeoutPropose = 5 * time.Second
	c.Consensus.TimeoutCommit = 4500 * time.Millisecond
	c.RPC.PprofListenAddress = ""
	return c
}
