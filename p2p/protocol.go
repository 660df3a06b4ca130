package p2p

import (
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Protocol is the part of a protocol's name that follows the chain's.
type Protocol string

// The request protocols. The number is the version of the messages.
const (
	Headers    Protocol = "headers/1"
	Cells      Protocol = "cells/1"
	Rows       Protocol = "rows/1"
	Namespaces Protocol = "namespace/1"
	Evidences  Protocol = "evidence/1"
	Held       Protocol = "held/1"

	Certificates Protocol = "certificates/1"
	Rotations    Protocol = "rotations/1"
)

const (
	protocolRoot = "/ashlar/"
	serviceName  = "ashlar"
)

// Bounds of one request, known to both sides. A column's first half fits one request
// for cells at the largest square.
const (
	// MaxCells is the most cells one request may ask for.
	MaxCells = 256
	// MaxRows is the most rows one request may ask for.
	MaxRows = 8
	// MaxEntries is the most index entries a block can have: a cell each.
	MaxEntries = da.HardMaxRows * kzg.RowCells
)

const (
	maxRequest    = 8 << 10 // the longest of requests is MaxCells coordinates of 10 bytes
	maxHeader     = 1 << 20
	maxNamespace  = 4 << 20
	cellOverhead  = 16 // tags and lengths of one cell and its proof
	rowOverhead   = 24
	frameOverhead = 16 // the status and its tag

	// MinRequestTimeout is the least Config.RequestTimeout.
	MinRequestTimeout = 100 * time.Millisecond
)

// cellsLimit is the most bytes an answer to a request for n cells may have.
func cellsLimit(n int) int { return frameOverhead + n*(kzg.CellSize+kzg.PointSize+cellOverhead) }

// rowsLimit is the most bytes an answer to a request for n rows may have.
func rowsLimit(n int) int {
	return frameOverhead + n*(kzg.RowSize+kzg.Columns*kzg.PointSize+rowOverhead)
}

// speculative tells whether peers are asked that cannot be expected to hold anything.
func (p Protocol) speculative() bool { return p == Held || p == Certificates || p == Rotations }

// on returns the protocol's full name on a chain.
func (p Protocol) on(chainID string) protocol.ID {
	return protocol.ID(protocolRoot + chainID + "/" + string(p))
}

// otherChain returns the chain that a peer serves p on if it is another than this, given the
// protocols it speaks; empty if there is none.
func (p Protocol) otherChain(chainID string, spoken []protocol.ID) string {
	for _, id := range spoken {
		rest, ours := strings.CutPrefix(string(id), protocolRoot)
		other, same := strings.CutSuffix(rest, "/"+string(p))
		if ours && same && other != chainID && chainIDs.MatchString(other) {
			return other
		}
	}
	return ""
}
