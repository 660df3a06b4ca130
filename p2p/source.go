package p2p

import (
	"context"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// HeaderRequest asks for the header of a height.
type HeaderRequest struct {
	// Height is the height asked for; 0 is the newest.
	Height uint64
	// KnownValidators is the hash of a validator set the asker holds, 32 bytes, or
	// empty. The answer leaves out the set if the header names the same.
	KnownValidators []byte
	// Proof asks for the DA header and its path to the header's data hash as well.
	Proof bool
	// Alone asks for the header without commit and validator set, which are most of its
	// weight. Only a hash that is known makes such a header anything but a claim.
	Alone bool
}

// Header is a height's chain header and what it takes to verify it.
type Header struct {
	// Signed has no commit if the header was asked for alone.
	Signed *types.SignedHeader
	// Validators signed it; nil if the asker knows them already, or asked for the header
	// alone. On the asking side the
	// proposer priorities are zero and the proposer follows from the set alone, because
	// the light client compares sets of several peers and priorities differ by history.
	Validators *types.ValidatorSet
	// Proof is nil unless it was asked for.
	Proof *da.HeaderProof
}

// CellProof is a cell and its proof.
type CellProof struct {
	Cell  kzg.Cell
	Proof kzg.Proof
}

// RowProofs is an original row and the proofs of its 128 cells.
type RowProofs struct {
	Row    kzg.Row
	Proofs [kzg.Columns]kzg.Proof
}

// Entries are the index entries of one namespace, in index order, and the proof that
// they are all there are.
type Entries struct {
	Proof   *da.NamespaceProof
	Entries [][]byte
}

// HeaderSource holds headers. Calls are concurrent. Errors that a peer can use are
// da.ErrNotFound, da.ErrPruned, da.ErrFutureHeight, ErrSyncing and ErrTooLarge, wrapped
// or not; any other reaches it as ErrRemote.
type HeaderSource interface {
	// Header returns a height's header; its validator set too unless it hashes to
	// KnownValidators. Where Proof asks for one and there is none, the error is
	// da.ErrPruned or da.ErrNotFound. To a request that is not Alone a header without
	// commit is no answer: that is da.ErrNotFound. One that is may be answered with more
	// than it asks for: what is left out is not sent.
	Header(ctx context.Context, request HeaderRequest) (*Header, error)
}

// SquareSource holds squares, or parts of them. Calls are concurrent, and errors are as
// for HeaderSource. What was asked has passed the bounds of this package but may lie
// outside the height's square: that is da.ErrNotFound. Nobody may change what is
// returned.
type SquareSource interface {
	// Cost returns what Cells would cost: 1 for every cell that is at hand, and for one
	// that must be coded from others the number of cells read to do so; and the most bytes
	// of memory that answering takes beyond the cells answered.
	Cost(height uint64, coords []erasure.Coord) (cells, bytes int)
	// Cells returns one entry for each coordinate, in order, nil where the cell is not
	// held. Having none of them is da.ErrNotFound.
	Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*CellProof, error)
	// Rows returns one entry for each original row asked for, in order, nil where the
	// row is not held. Having none of them is da.ErrNotFound.
	Rows(ctx context.Context, height uint64, rows []int) ([]*RowProofs, error)
	// Namespace returns all index entries of a namespace at a height.
	Namespace(ctx context.Context, height uint64, namespace da.Namespace) (*Entries, error)
}
