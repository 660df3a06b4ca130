// Package client is the Go SDK of Ashlar: it posts blobs, waits for them to be final,
// reads them back and checks what a node answers.
//
// A Client speaks a node's HTTP API. Commitments and proofs are computed here and
// transactions are signed here, so the node learns no key; data that is read is
// checked against its id, a namespace's list against the block's index root.
package client
