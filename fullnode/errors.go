package fullnode

import "errors"

// ErrHalted means that a block which more than two thirds of the stake committed does
// not verify or execute here. The node must not go on: either the chain is broken or
// this program is.
var ErrHalted = errors.New("halted")
