// Package attest is the state machine's module for attestations: validators' keys, the sets of
// epochs, what attestations of each height of a window say, the history of data, the certificates that
// proposers inject, and what it costs to miss them or to attest what is not the chain's.
package attest

const (
	// ModuleName names the module and its ABCI codespace.
	ModuleName = "attest"
	// StoreKey is the key of the module's store.
	StoreKey = ModuleName
)
