// Package gateway lets rollups that speak another layer's protocol post to Ashlar and read from it.
//
// A Core submits what a rollup posts, waits until it is final, and reads it back verified; one small
// package per protocol (opaltda, nitro, beacon, celestia, rollkit, cdk) turns that into what the rollup's client expects to hear.
// A Server serves one of them at an address of its own.
//
// # What exists
//
// A gateway works in one namespace, the rollup's, and all gateways of a rollup are to be given the same
// one: what a commitment names is a blob of that namespace at a height. So whether it exists is for
// everybody the same, and provable: a block's list of a namespace is proven to be complete. A Core follows
// the namespace from a height on and keeps, in a file, what every block has of it. The file is a function
// of the chain: it may be deleted, and is then read from nodes again.
//
// # Errors
//
// A rollup derives its state from what it is told does not exist, so that a guess would be worse than no
// answer. Get and the Find functions fail with da.ErrNotFound where it is proven that there is no such blob, with
// da.ErrPruned where it is proven to be older than Retention and the nodes have it no more, and with ErrBehind or
// ErrUnavailable, which are worth another try, in all other cases: whatever a node says without a proof.
package gateway
