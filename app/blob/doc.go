// Package blob is the state machine's module for blobs: what it takes to pay for
// them (MsgPayForBlobs), the governed parameters, the fee market's excess blob gas
// and the roots of each height's square. The blobs themselves never enter state.
package blob

const (
	// ModuleName names the module, its account and its ABCI codespace.
	ModuleName = "blob"
	// StoreKey is the key of the module's store.
	StoreKey = ModuleName
)
