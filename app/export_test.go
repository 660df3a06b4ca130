package app

import "github.com/ashlar-da/ashlar/da"

// DropSetup takes away what proofs are made with: no square can be built.
func (a *App) DropSetup() {
	a.setup = nil
}

// Knows tells whether an envelope is remembered as verified.
func (a *App) Knows(e *da.Envelope) bool {
	return a.verifier.Known(e)
}

// MempoolTxs is how many transactions wait at most.
const MempoolTxs = mempoolTxs
