// Package client is the Go SDK of Ashlar: it posts blobs, follows them until they are final,
// reads them back and checks what nodes answer.
//
// A Client speaks the HTTP API of one node or several. Commitments and proofs are computed here
// and transactions are signed here, so that no node learns a key. What is read is verified
// against a header that the client's Trust takes for the chain's: a blob against its id, a
// namespace's list against the block's index root, and both against the header.
//
// # Submitting
//
// Submit returns the ids of blobs before any node is asked, and once the journal, if there is
// one, has them on disk. The Submission then tells how far they have come: queued, signed,
// accepted, included in a block, final; or failed, with the cause. Final means that a header of
// the chain was verified to commit to the blobs, in one transaction of this account's.
//
// An account's transactions carry sequences, and the chain takes them in order. A lane is an
// account and the one goroutine that signs for it, so that sequences do not collide however
// many goroutines submit. It keeps to this:
//
//   - All transactions ever signed for one content have the same account and sequence, so that
//     the chain includes one of them at most, until they are dead: they can no longer be
//     included.
//   - They are dead when each block since before the first was signed is proven, under headers
//     of the chain, not to have the content: up to the height at which the last one expires; or
//     up to one by which a later transaction of the account was final; or up to one at which
//     the account's sequence was beyond theirs, which is a node's word and counts only where
//     headers are taken on the node's word as well (TrustNode).
//   - Two contents are signed at the same account and sequence only where a node had refused
//     the first for good, or where it is dead.
//   - What is signed is in the journal before it is sent, and what is sent again are the same
//     bytes.
//
// So nothing is posted twice, whatever nodes lose or say: an acceptance that was dropped, a
// mempool that was forgotten, a key that is used elsewhere too, a process that ends in the
// middle. What is lost is sent again, what lost its sequence is signed at another.
package client
