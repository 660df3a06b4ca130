package fullnode

import (
	"errors"

	errorsmod "cosmossdk.io/errors"
)

// ErrHalted means that a block which more than two thirds of the stake committed does
// not verify or execute here. The node must not go on: either the chain is broken or
// this program is.
var ErrHalted = errors.New("halted")

// errDiskFull refuses transactions while the disk is full. Its code is this node's answer
// to CheckTx and no part of a block.
var errDiskFull = errorsmod.Register("node", 2, "disk full")
