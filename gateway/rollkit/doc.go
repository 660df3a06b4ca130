// Package rollkit speaks the JSON-RPC da.* of rollups built with Rollkit before it spoke Celestia's, as the client of
// go-da v0.9.0 calls it.
//
// What a client submits at once is posted as one batch (package batch), in which every blob is labelled with the client's
// namespace, of any bytes. A namespace is optional in this protocol: who gives none sees the blobs of all, as far as
// they were posted to the gateway's namespace by this protocol. Rollups that are not to see each other's take a gateway's
// namespace each.
package rollkit
