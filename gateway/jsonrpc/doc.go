// Package jsonrpc answers JSON-RPC 2.0 over HTTP POST, calls and batches of them, within bounds.
//
// It implements the [specification]; what it leaves open is answered as go-ethereum's server does, whose clients
// rollups use: errors of methods have code -32000 and come with status 200.
//
// [specification]: https://www.jsonrpc.org/specification
package jsonrpc
