// Package cdk is a member of a Polygon CDK validium's data availability committee, whose data is on Ashlar: it stores every
// batch of a sequence as a blob, and signs the sequence once all of them are final.
//
// It answers the JSON-RPC methods of [cdk-data-availability v0.0.13], with its errors, and signs what that signs: the
// accumulated input hash, as it is, with an ECDSA key. So a sequencer uses it by the member's URL and address in the committee's
// contract, and reads batches back by their hashes from it or from any gateway with the same namespace.
//
// In one thing it is stricter: a sequence without batches is not signed. Its hash is whatever the sequencer says, so
// that a signature of it would vouch for data that nobody has stored.
//
// [cdk-data-availability v0.0.13]: https://github.com/0xPolygon/cdk-data-availability/tree/v0.0.13
package cdk
