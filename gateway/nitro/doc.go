// Package nitro speaks Arbitrum Nitro's DA API: what a node takes at --node.da.external-provider.rpc.url.
//
// A certificate names a block, its data root and blob tree root, and proves a blob id in the latter; so a certificate is
// valid if and only if the chain's block of that height has those roots, which Ethereum can check as well: AshlarNitro does,
// a contract, with what the two methods that prove answer. A certificate
// that is proven not to be valid is answered with "certificate validation failed", on which a node reads an empty batch;
// whatever else keeps a payload from being read is an error that a node tries again.
package nitro
