// Package api is the HTTP interface of Ashlar's nodes: a full node mounts [Full], a light
// node [Light], both on a [Server]. It asks the node through the interfaces it declares and
// knows nothing else of it.
//
// # Conventions
//
// Answers are JSON. Hashes, ids, commitments, proofs, cells and encoded DA headers are lower-case hex without 0x; the
// bytes of blobs alone travel raw (application/octet-stream). Amounts of aash and of fee are
// decimal strings, since they exceed what JavaScript's numbers hold; heights and sizes are
// numbers; times are RFC 3339 in UTC; addresses are bech32. The signed header of a block is
// CometBFT's own JSON.
//
// Every error is {"error": {"code", "message", "hint", "retryable", "request_id"}} with a
// code of [Code]. Whatever may go on for ever is a stream of server-sent events whose ids resume it
// (Last-Event-ID); whatever else has a deadline.
//
// # Writing
//
// Two endpoints write: POST /v1/blobs and POST /v1/txs. Where a token file is configured they need
// "Authorization: Bearer TOKEN"; see [token.Token].
package api
