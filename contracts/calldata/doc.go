// Package calldata makes what Ashlar's contracts on Ethereum take, from what an Ashlar chain gives: places in the history,
// the preimages of blob ids, openings of rows, and the messages of rollups' own interfaces. The structs have the fields and
// the order of those in Solidity, so that any ABI encoder that goes by fields takes them as they are; for who has none, this
// package encodes the messages itself.
package calldata
