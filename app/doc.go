// Package app is Ashlar's state machine: the Cosmos SDK's modules and the blob module,
// wired by hand, and what it does at each step of ABCI, one file a step:
//
//	checktx.go   what may enter the mempool, cheapest check first
//	waiting.go   what the mempool, in package pool, reads of the committed state
//	prepare.go   a proposer chooses transactions and builds the square
//	process.go   a validator holds a proposal against block and parent state
//	finalize.go  execution, after the same verification; a bad block halts the node
//	commit.go    commit, and how far back blocks are still needed
//
// It knows nodes only through the interfaces it declares.
package app

// Name is the application's name in its log and in ABCI's Info.
const Name = "ashlar"
