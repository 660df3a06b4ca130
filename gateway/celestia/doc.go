// Package celestia speaks the JSON-RPC of Celestia's nodes, the methods of blob and header that rollups use, as ev-node
// v1.2.2 calls them: a rollup's node asks it in place of a Celestia node.
//
// A client names a blob by height, its own namespace and its own share commitment. What it submits at once is posted as
// one batch (package batch), in which every blob is labelled with the client's namespace; the commitment is computed anew
// from what was read. Blobs of other namespaces, and of other protocols, are not seen.
//
// What Celestia proves of its squares cannot be proven here, as there is no such square: see Proof.
package celestia
