package p2p

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

const (
	maxNode  = 128 // a node of the index tree: two namespaces and a hash
	maxNodes = 256 // of one range proof
)

var (
	cellResponse      = message(MaxCells, kzg.CellSize+kzg.PointSize+cellOverhead, shape{1: data(kzg.CellSize), 2: data(kzg.PointSize)})
	cellsResponse     = shape{1: number(), 2: cellResponse}
	rowResponse       = message(MaxRows, kzg.RowSize+kzg.Columns*kzg.PointSize+rowOverhead, shape{1: data(kzg.RowSize), 2: data(kzg.Columns * kzg.PointSize)})
	rowsResponse      = shape{1: number(), 2: rowResponse}
	namespaceProof    = shape{1: number(), 2: number(), 3: list(maxNodes, maxNode), 4: data(maxNode)}
	namespaceResponse = shape{1: number(), 2: message(1, maxNodes*(maxNode+2)+256, namespaceProof), 3: list(MaxEntries, da.MaxEntrySize)}
)

// answered is a response message.
type answered interface {
	codable
	GetStatus() wire.Status
}

// decodeResponse reads a response and turns its status into an error.
func decodeResponse(encoded []byte, s shape, into answered) error {
	if err := decode(encoded, s, into); err != nil {
		return fmt.Errorf("%w: %w", ErrGarbage, err)
	}
	return errorOf(into.GetStatus())
}

func encodeCells(cells []*CellProof) *wire.CellsResponse {
	m := &wire.CellsResponse{Status: wire.Status_STATUS_OK}
	for _, c := range cells {
		entry := &wire.CellProof{}
		if c != nil {
			entry.Cell, entry.Proof = c.Cell[:], c.Proof[:]
		}
		m.Cells = append(m.Cells, entry)
	}
	return m
}

// decodeCells reads the answer to a request for n cells.
func decodeCells(encoded []byte, n int) ([]*CellProof, error) {
	var m wire.CellsResponse
	if err := decodeResponse(encoded, cellsResponse, &m); err != nil {
		return nil, err
	}
	if len(m.Cells) != n {
		return nil, fmt.Errorf("%w: %d cells for %d asked", ErrGarbage, len(m.Cells), n)
	}
	cells := make([]*CellProof, n)
	for i, entry := range m.Cells {
		if len(entry.Cell) == 0 && len(entry.Proof) == 0 {
			continue
		}
		cells[i] = new(CellProof)
		if copy(cells[i].Cell[:], entry.Cell) != kzg.CellSize || copy(cells[i].Proof[:], entry.Proof) != kzg.PointSize {
			return nil, fmt.Errorf("%w: cell of %d bytes, proof of %d", ErrGarbage, len(entry.Cell), len(entry.Proof))
		}
	}
	return cells, anyOf(cells)
}

func encodeRows(rows []*RowProofs) *wire.RowsResponse {
	m := &wire.RowsResponse{Status: wire.Status_STATUS_OK}
	for _, r := range rows {
		entry := &wire.RowProofs{}
		if r != nil {
			entry.Row, entry.Proofs = r.Row[:], joinProofs(&r.Proofs)
		}
		m.Rows = append(m.Rows, entry)
	}
	return m
}

// decodeRows reads the answer to a request for n rows.
func decodeRows(encoded []byte, n int) ([]*RowProofs, error) {
	var m wire.RowsResponse
	if err := decodeResponse(encoded, rowsResponse, &m); err != nil {
		return nil, err
	}
	if len(m.Rows) != n {
		return nil, fmt.Errorf("%w: %d rows for %d asked", ErrGarbage, len(m.Rows), n)
	}
	rows := make([]*RowProofs, n)
	for i, entry := range m.Rows {
		if len(entry.Row) == 0 && len(entry.Proofs) == 0 {
			continue
		}
		if len(entry.Row) != kzg.RowSize || len(entry.Proofs) != kzg.Columns*kzg.PointSize {
			return nil, fmt.Errorf("%w: row of %d bytes, proofs of %d", ErrGarbage, len(entry.Row), len(entry.Proofs))
		}
		rows[i] = splitRow(entry)
	}
	return rows, anyOf(rows)
}

// anyOf makes holding nothing of what was asked for the error it should have been sent as.
func anyOf[T any](held []*T) error {
	if slices.ContainsFunc(held, func(entry *T) bool { return entry != nil }) {
		return nil
	}
	return fmt.Errorf("%w: none of %d", da.ErrNotFound, len(held))
}

func joinProofs(proofs *[kzg.Columns]kzg.Proof) []byte {
	joined := make([]byte, 0, kzg.Columns*kzg.PointSize)
	for i := range proofs {
		joined = append(joined, proofs[i][:]...)
	}
	return joined
}

func splitRow(entry *wire.RowProofs) *RowProofs {
	row := new(RowProofs)
	copy(row.Row[:], entry.Row)
	for i := range row.Proofs {
		copy(row.Proofs[i][:], entry.Proofs[i*kzg.PointSize:])
	}
	return row
}

func encodeEntries(e *Entries) *wire.NamespaceResponse {
	return &wire.NamespaceResponse{Status: wire.Status_STATUS_OK, Proof: e.Proof.ToWire(), Entries: e.Entries}
}

// decodeEntries reads the answer to a request for a namespace.
func decodeEntries(encoded []byte) (*Entries, error) {
	var m wire.NamespaceResponse
	if err := decodeResponse(encoded, namespaceResponse, &m); err != nil {
		return nil, err
	}
	proof, err := da.NamespaceProofFromWire(m.Proof)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGarbage, err)
	}
	for _, entry := range m.Entries {
		if len(entry) == 0 {
			return nil, fmt.Errorf("%w: empty index entry", ErrGarbage)
		}
	}
	return &Entries{Proof: proof, Entries: m.Entries}, nil
}

// matches reports a header that is not the one asked for.
func (r HeaderRequest) matches(header *Header, chainID string) error {
	if err := r.validate(header.Signed, chainID); err != nil {
		return fmt.Errorf("%w: %w", ErrGarbage, err)
	}
	hash := header.Signed.ValidatorsHash
	switch {
	case r.Height != 0 && uint64(header.Signed.Height) != r.Height:
		return fmt.Errorf("%w: header of height %d for %d", ErrGarbage, header.Signed.Height, r.Height)
	case !r.Alone && header.Validators == nil && !bytes.Equal(hash, r.KnownValidators):
		return fmt.Errorf("%w: no validator set", ErrGarbage)
	case header.Validators != nil && !bytes.Equal(hash, header.Validators.Hash()):
		return fmt.Errorf("%w: validator set of another hash", ErrGarbage)
	case r.Proof && header.Proof == nil:
		return fmt.Errorf("%w: no DA header", ErrGarbage)
	}
	return nil
}

// validate reports a header that is none of this chain, and a commit that is not the header's.
func (r HeaderRequest) validate(signed *types.SignedHeader, chainID string) error {
	if !r.Alone {
		return signed.ValidateBasic(chainID)
	}
	if err := signed.Header.ValidateBasic(); err != nil {
		return err
	}
	if signed.ChainID != chainID {
		return fmt.Errorf("header of chain %q, not %q", signed.ChainID, chainID)
	}
	return nil
}
