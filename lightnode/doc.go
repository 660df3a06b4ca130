// Package lightnode is a node that establishes for itself, trusting nobody about the
// data, that the blocks of a chain are available. It links no Cosmos SDK.
//
// # What it does with a height
//
// Every fifth header is verified by cometbft/light as soon as there is one: from a trusted
// header it skips ahead wherever the validators it knows signed enough, and compares what one
// peer says with what others say. Headers between are fetched newest first, without their
// commits, and must hash to what the header above them names; until there is one above them
// that is verified, nothing is believed of them and nothing sampled. A header's DA header must come with a Merkle path to
// transaction 0. Of the extended matrix it commits to, a few cells are drawn at random,
// written to disk before the first is asked for and never drawn again, and each is asked
// of a random peer and verified against the coordinate it was asked for. A peer that fails a
// cell, or is silent for a second, has it asked of another.
//
// # What a verdict means
//
// Available: every cell drawn was delivered and verified. The confidence is one minus the
// chance that an unrecoverable square passes as many draws, if what is withheld was fixed
// independently of them; it is not a probability that the data is there. Unavailable: the
// deadline passed, and some peer did deliver a valid cell of the height; late cells revise
// it. Invalid: the chain committed to a malformed DA header. Everything else is pending,
// for as long as it takes; running out of time alone never makes a height available, and
// nor does a lack of anybody to ask.
//
// # Following a namespace
//
// With a [Follow] the node delivers the blobs of one namespace, height by height, once it has
// found the height available: the index's entries come with a proof that they are all, or the
// index is recomputed from the transaction rows, and every byte is verified against the DA
// header's commitments. A height that cannot be delivered holds up those above it, with an alarm.
//
// # How it is put together
//
// [New] opens everything and [Run] blocks: goroutines of one errgroup follow the head,
// link headers downwards to the end of the sampling window, sample the newest heights
// first, serve what was sampled to others and answer the API. They share the height table
// (heights), which is on disk before a change is acted on.
package lightnode
