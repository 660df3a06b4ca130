package p2p

import (
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// The shapes of requests. A row number of a RowsRequest takes at most two bytes.
var (
	headersRequest   = shape{1: number(), 2: data(32), 3: number(), 4: number()}
	cellsRequest     = shape{1: number(), 2: message(MaxCells, 8, shape{1: number(), 2: number()})}
	rowsRequest      = shape{1: number(), 2: data(2 * MaxRows)}
	namespaceRequest = shape{1: number(), 2: data(len(da.Namespace{}))}
)

// codable is a generated message.
type codable interface {
	Marshal() ([]byte, error)
	MarshalToSizedBuffer(buffer []byte) (int, error)
	Size() int
	Unmarshal(encoded []byte) error
}

// decode reads a message of a shape.
func decode(encoded []byte, s shape, into codable) error {
	if err := s.check(encoded); err != nil {
		return err
	}
	if err := into.Unmarshal(encoded); err != nil {
		return fmt.Errorf("%w: %w", errShape, err)
	}
	return nil
}

func encodeHeadersRequest(r HeaderRequest) *wire.HeadersRequest {
	return &wire.HeadersRequest{Height: r.Height, KnownValidatorsHash: r.KnownValidators, HeaderProof: r.Proof, Alone: r.Alone}
}

func decodeHeadersRequest(encoded []byte) (HeaderRequest, error) {
	var m wire.HeadersRequest
	if err := decode(encoded, headersRequest, &m); err != nil {
		return HeaderRequest{}, err
	}
	if n := len(m.KnownValidatorsHash); n != 0 && n != 32 {
		return HeaderRequest{}, fmt.Errorf("%w: hash of %d bytes", errShape, n)
	}
	if m.Alone && len(m.KnownValidatorsHash) > 0 {
		return HeaderRequest{}, fmt.Errorf("%w: a header alone comes with no validator set", errShape)
	}
	return HeaderRequest{Height: m.Height, KnownValidators: m.KnownValidatorsHash, Proof: m.HeaderProof, Alone: m.Alone}, nil
}

func decodeCellsRequest(encoded []byte) (height uint64, coords []erasure.Coord, err error) {
	var m wire.CellsRequest
	if err := decode(encoded, cellsRequest, &m); err != nil {
		return 0, nil, err
	}
	for _, c := range m.Coords {
		if c.Row >= 2*da.HardMaxRows || c.Column >= kzg.Columns {
			return 0, nil, fmt.Errorf("%w: cell (%d, %d) is in no matrix", errShape, c.Row, c.Column)
		}
		coords = append(coords, erasure.Coord{Row: int(c.Row), Column: int(c.Column)})
	}
	return m.Height, coords, named(m.Height, len(coords), MaxCells)
}

func encodeCellsRequest(height uint64, coords []erasure.Coord) *wire.CellsRequest {
	m := &wire.CellsRequest{Height: height}
	for _, c := range coords {
		m.Coords = append(m.Coords, &wire.Coord{Row: uint32(c.Row), Column: uint32(c.Column)})
	}
	return m
}

func decodeRowsRequest(encoded []byte) (height uint64, rows []int, err error) {
	var m wire.RowsRequest
	if err := decode(encoded, rowsRequest, &m); err != nil {
		return 0, nil, err
	}
	for _, row := range m.Rows {
		if row >= da.HardMaxRows {
			return 0, nil, fmt.Errorf("%w: row %d is in no square", errShape, row)
		}
		rows = append(rows, int(row))
	}
	return m.Height, rows, named(m.Height, len(rows), MaxRows)
}

func encodeRowsRequest(height uint64, rows []int) *wire.RowsRequest {
	m := &wire.RowsRequest{Height: height}
	for _, row := range rows {
		m.Rows = append(m.Rows, uint32(row))
	}
	return m
}

func decodeNamespaceRequest(encoded []byte) (height uint64, namespace da.Namespace, err error) {
	var m wire.NamespaceRequest
	if err := decode(encoded, namespaceRequest, &m); err != nil {
		return 0, namespace, err
	}
	if copy(namespace[:], m.Namespace) != len(namespace) {
		return 0, namespace, fmt.Errorf("%w: namespace of %d bytes", errShape, len(m.Namespace))
	}
	return m.Height, namespace, named(m.Height, 1, 1)
}

// named reports a request that names no height, nothing at it, or too much.
func named(height uint64, asked, most int) error {
	if height == 0 || asked == 0 || asked > most {
		return fmt.Errorf("%w: asks for %d of height %d; want 1 to %d of a height above 0", errShape, asked, height, most)
	}
	return nil
}
