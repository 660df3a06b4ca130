// Package fullnode composes a full node: CometBFT and the application in one process,
// the durable store of squares, the follower that fills it, the libp2p host that
// serves it and the HTTP API.
//
// Data flows one way: CometBFT commits a block, the follower pulls it from the block
// store, lays out its square, and puts it into the store on disk; what the store has
// is announced and served, and nothing else is.
package fullnode
