package store

import (
	"context"
	"fmt"
	"strconv"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// codedCost is what a cell beyond an original row costs when its square is cold, in cells
// at hand: the row has to be extended.
const codedCost = 4

// Cost returns what Cells would cost: 1 for a cell at hand, more for one of a cold square
// that must be coded; k times as much where k rows have to be read for it. With it come the
// most bytes that are held to answer, beyond the cells themselves and what HotBytes allows.
func (s *Store) Cost(height uint64, coords []erasure.Coord) (cells, bytes int) {
	k, hot := 0, s.hot.get(height) != nil
	if err := s.view(context.Background(), height, func(v *view) error {
		k, hot = len(v.marker.rows), hot || s.isHot(v)
		return nil
	}); err != nil {
		return len(coords), 0
	}
	switch {
	case hot && anyCoded(k, coords):
		return len(coords), 0 // out of the matrix in memory
	case hot:
		return len(coords), coldBytes(coords, k)
	}
	for _, at := range coords {
		cells += coldCost(at, k)
	}
	return cells, coldBytes(coords, k)
}

// coldCost is what a cell costs in a cold square of k rows.
func coldCost(at erasure.Coord, k int) int {
	cost := 1
	if at.Column >= kzg.RowCells {
		cost = codedCost // the row, or each row of the square, has to be extended
	}
	if at.Row >= k {
		cost = max(cost*k, codedCost)
	}
	return cost
}

// coldBytes is what a coder holds of a cold square of k rows for some cells: rows with their
// proofs, those that it extends once more, and the column it codes.
func coldBytes(coords []erasure.Coord, k int) (bytes int) {
	const rowBytes, extendedBytes = kzg.RowSize + kzg.Columns*kzg.PointSize, kzg.Columns * kzg.CellSize
	read, extended, column := make(map[int]bool), make(map[int]bool), 0
	for _, at := range coords {
		if !inMatrix(at, k) {
			continue
		}
		first, last := at.Row, at.Row
		if at.Row >= k {
			first, last, column = 0, k-1, 2*k*(kzg.CellSize+kzg.PointSize)
		}
		for row := first; row <= last; row++ {
			read[row] = true
			extended[row] = extended[row] || at.Column >= kzg.RowCells
		}
	}
	for _, too := range extended {
		if too {
			bytes += extendedBytes
		}
	}
	return bytes + len(read)*rowBytes + column
}

// isHot tells whether a height's extended matrix is in memory, or is to be once it is asked for.
func (s *Store) isHot(v *view) bool {
	k := len(v.marker.rows)
	return v.marker.rowsHeld() == k && v.height+s.config.HotHeights > s.Head() && s.hot.admits(v.height, k)
}

// Held returns the coordinates of the cells that Cells would answer: those of the rows that are
// held or, if all are, of the whole extended matrix. None at all is da.ErrNotFound.
func (s *Store) Held(ctx context.Context, height uint64) (held []erasure.Coord, err error) {
	err = s.view(ctx, height, func(v *view) error {
		k := len(v.marker.rows)
		rows := k
		if v.marker.rowsHeld() == k {
			rows = 2 * k
		}
		for row := range rows {
			if row < k && !v.marker.rows[row].is {
				continue
			}
			for column := range kzg.Columns {
				held = append(held, erasure.Coord{Row: row, Column: column})
			}
		}
		return nil
	})
	if err == nil && len(held) == 0 {
		err = fmt.Errorf("%w: no cell of height %d is held", da.ErrNotFound, height)
	}
	return held, err
}

// Cell returns a cell of the extended matrix with its proof. It fails with da.ErrNotFound
// if it lies outside or what it takes is not held.
func (s *Store) Cell(ctx context.Context, height uint64, at erasure.Coord) (*da.Sample, error) {
	samples, err := s.Cells(ctx, height, []erasure.Coord{at})
	if err != nil {
		return nil, err
	}
	return samples[0], nil
}

// Cells returns cells of the extended matrix with their proofs, in the order asked for,
// nil where one lies outside or what it takes is not held. Having none of them is da.ErrNotFound.
func (s *Store) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*da.Sample, error) {
	if err := s.verify(ctx, height); err != nil {
		return nil, err
	}
	var samples []*da.Sample
	err := s.view(ctx, height, func(v *view) (err error) {
		samples, err = s.cells(ctx, v, coords)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, sample := range samples {
		if sample != nil {
			return samples, nil
		}
	}
	return nil, fmt.Errorf("%w: none of %d cells of height %d, such as (%d, %d), is held", da.ErrNotFound, len(coords), height, firstCoord(coords).Row, firstCoord(coords).Column)
}

func firstCoord(coords []erasure.Coord) erasure.Coord {
	if len(coords) == 0 {
		return erasure.Coord{}
	}
	return coords[0]
}

func (s *Store) cells(ctx context.Context, v *view, coords []erasure.Coord) ([]*da.Sample, error) {
	var m *erasure.ExtendedMatrix
	if s.isHot(v) && anyCoded(len(v.marker.rows), coords) {
		var err error
		if m, err = s.matrix(ctx, v); err != nil {
			return nil, err
		}
	}
	c := &coder{setup: s.config.Setup, view: v, matrix: m, rows: make(map[int]*RowProofs), extended: make(map[int]*[kzg.Columns]kzg.Cell)}
	samples := make([]*da.Sample, len(coords))
	for i, at := range coords {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var err error
		if samples[i], err = c.sample(at); err != nil {
			return nil, err
		}
	}
	return samples, nil
}

// anyCoded tells whether one of the coordinates is in the matrix but not in a square of k rows.
func anyCoded(k int, coords []erasure.Coord) bool {
	for _, at := range coords {
		if inMatrix(at, k) && (at.Row >= k || at.Column >= kzg.RowCells) {
			return true
		}
	}
	return false
}

func inMatrix(at erasure.Coord, k int) bool {
	return at.Row >= 0 && at.Row < 2*k && at.Column >= 0 && at.Column < kzg.Columns
}

// matrix returns a height's extended matrix from memory, or codes and keeps it.
func (s *Store) matrix(ctx context.Context, v *view) (*erasure.ExtendedMatrix, error) {
	if m := s.hot.get(v.height); m != nil {
		return m, nil
	}
	m, err, _ := s.flight.Do("extend "+strconv.FormatUint(v.height, 10), func() (any, error) {
		return s.extend(v)
	})
	if err != nil {
		return nil, err
	}
	return m.(*erasure.ExtendedMatrix), ctx.Err()
}

func (s *Store) extend(v *view) (*erasure.ExtendedMatrix, error) {
	header, err := v.header()
	if err != nil {
		return nil, err
	}
	rows, proofs := make([]*kzg.Row, header.K()), make([][]kzg.Proof, header.K())
	for i := range rows {
		r, err := v.row(i)
		if err != nil {
			return nil, err
		}
		rows[i], proofs[i] = &r.Row, r.Proofs[:]
	}
	m, err := erasure.Extend(s.config.Setup, rows, header.Commitments, proofs)
	if err != nil {
		return nil, fmt.Errorf("extend the square of height %d: %w", v.height, err)
	}
	s.hot.put(v.height, m)
	return m, nil
}

// coder answers for cells of one height: from the matrix if there is one, else coding
// what is asked for from rows, each read and extended once.
type coder struct {
	setup    *kzg.Setup
	view     *view
	matrix   *erasure.ExtendedMatrix // nil if the height is cold
	rows     map[int]*RowProofs      // nil values: not held
	extended map[int]*[kzg.Columns]kzg.Cell
}

// sample returns the cell at a coordinate, nil if it is not to be had.
func (c *coder) sample(at erasure.Coord) (*da.Sample, error) {
	k := len(c.view.marker.rows)
	switch {
	case !inMatrix(at, k):
		return nil, nil
	case c.matrix != nil:
		proof, _ := c.matrix.Proof(at)
		return &da.Sample{Coord: at, Cell: c.matrix.Cell(at), Proof: proof}, nil
	case at.Row < k:
		cell, proof, err := c.original(at)
		if cell == nil {
			return nil, err
		}
		return &da.Sample{Coord: at, Cell: cell, Proof: proof}, nil
	}
	return c.fromColumn(at, k)
}

// original returns a cell of the extension of an original row, nil if the row is not held.
func (c *coder) original(at erasure.Coord) (*kzg.Cell, kzg.Proof, error) {
	r, err := c.row(at.Row)
	if err != nil || r == nil {
		return nil, kzg.Proof{}, err
	}
	if at.Column < kzg.RowCells {
		return r.Row.Cell(at.Column), r.Proofs[at.Column], nil
	}
	cells, ok := c.extended[at.Row]
	if !ok {
		if cells, err = c.setup.ComputeCells(&r.Row); err != nil {
			return nil, kzg.Proof{}, fmt.Errorf("extend row %d of height %d: %w", at.Row, c.view.height, err)
		}
		c.extended[at.Row] = cells
	}
	return &cells[at.Column], r.Proofs[at.Column], nil
}

func (c *coder) row(i int) (*RowProofs, error) {
	r, ok := c.rows[i]
	if ok {
		return r, nil
	}
	r, err := c.view.row(i)
	if err == nil {
		c.rows[i] = r
	}
	return r, err
}

// fromColumn codes a cell of an extended row from the k cells of its column.
func (c *coder) fromColumn(at erasure.Coord, k int) (*da.Sample, error) {
	cells, proofs := make([]*kzg.Cell, k), make([]kzg.Proof, k)
	for i := range k {
		var err error
		if cells[i], proofs[i], err = c.original(erasure.Coord{Row: i, Column: at.Column}); cells[i] == nil {
			return nil, err
		}
	}
	all, allProofs, err := erasure.ExtendColumn(cells, proofs)
	if err != nil {
		return nil, fmt.Errorf("extend column %d of height %d: %w", at.Column, c.view.height, err)
	}
	return &da.Sample{Coord: at, Cell: all[at.Row], Proof: allProofs[at.Row]}, nil
}
