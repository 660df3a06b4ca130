package lightnode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

const (
	// rowsAtOnce is how many rows one request asks for, and rowRequests how many requests for
	// rows of one blob are under way: half a MiB each.
	rowsAtOnce  = 4
	rowRequests = 2
	// aroundTries is how many peers are asked for one thing before it is given up for a while.
	aroundTries = 32
)

var (
	errBadRow = errors.New("a row does not verify")
	errShort  = errors.New("some of it is missing")
)

// around asks one peer after another that speaks a protocol until one answers.
func (p *peers) around(ctx context.Context, protocol p2p.Protocol, height uint64, ask func(ctx context.Context, from peer.ID) error) error {
	var asked []peer.ID
	failures := errors.New("nobody delivered it")
	for range aroundTries {
		from, err := p.host.Pick(protocol, height, asked...)
		if err != nil {
			return errors.Join(failures, err)
		}
		asked = append(asked, from)
		err = ask(ctx, from)
		if err == nil || errors.Is(err, errContradicted) {
			return err
		}
		failures = errors.Join(failures, err)
		if ctx.Err() != nil {
			return errors.Join(failures, ctx.Err())
		}
	}
	return failures
}

// accuse tells the host that a peer sent what does not verify, and returns why.
func (p *peers) accuse(from peer.ID, reason error) error {
	err := fmt.Errorf("from peer %s: %w", from, reason)
	p.host.Garbage(from, err)
	return err
}

// blob returns the bytes of one of a block's entries, verified against the DA header's commitments.
// Where the two disagree the block is to blame: errContradicted.
func (f *following) blob(ctx context.Context, x *indexed, entry *da.Entry) (data []byte, err error) {
	if entry.OwnRows() > 0 {
		data, err = f.ownBlob(ctx, x, entry)
	} else {
		data, err = f.smallBlob(ctx, x, entry)
	}
	if err != nil {
		return nil, fmt.Errorf("blob %s of height %d: %w", entry.ID, x.header.Height(), err)
	}
	return data, nil
}

func (f *following) ownBlob(ctx context.Context, x *indexed, entry *da.Entry) ([]byte, error) {
	if !slices.Equal(entry.Commitments, x.header.DA().Commitments[entry.Row():entry.Row()+entry.Rows()]) {
		return nil, fmt.Errorf("%w: the index and the DA header have other commitments of its rows", errContradicted)
	}
	rows, err := f.blobRows(ctx, x.header, entry)
	if err != nil {
		return nil, err
	}
	data, err := entry.Extract(rows)
	if err != nil {
		return nil, fmt.Errorf("%w: the index says other of it than its rows: %w", errContradicted, err)
	}
	return data, nil
}

// blobRows returns a blob's own rows; of the last no more is fetched than the blob has of it, if the
// rest is zero.
func (f *following) blobRows(ctx context.Context, header *chain.Header, entry *da.Entry) ([]*kzg.Row, error) {
	last := entry.Row() + entry.Rows() - 1
	var numbers []int
	for number := entry.Row(); number < last; number++ {
		numbers = append(numbers, number)
	}
	rows, err := f.rows(ctx, header, numbers)
	if err != nil {
		return nil, err
	}
	if n := int(entry.Cells) - len(numbers)*kzg.RowCells; n < kzg.RowCells {
		cells, err := f.cells(ctx, header, coordsOf(last, 0, n))
		if err != nil {
			return nil, err
		}
		if row := f.zeroEnded(header, last, cells); row != nil {
			return append(rows, row), nil
		}
	}
	whole, err := f.rows(ctx, header, []int{last})
	return append(rows, whole...), err
}

// zeroEnded returns the row that begins with cells and is zero after them, nil if that is not the
// one the DA header commits to.
func (f *following) zeroEnded(header *chain.Header, number int, cells []byte) *kzg.Row {
	row := new(kzg.Row)
	copy(row[:], cells)
	if f.node.setup.VerifyRows([]*kzg.Row{row}, header.DA().Commitments[number:number+1]) != nil {
		return nil
	}
	return row
}

// coordsOf are those of a row's cells from one column up to another.
func coordsOf(row, from, to int) []erasure.Coord {
	coords := make([]erasure.Coord, to-from)
	for i := range coords {
		coords[i] = erasure.Coord{Row: row, Column: from + i}
	}
	return coords
}

func (f *following) smallBlob(ctx context.Context, x *indexed, entry *da.Entry) ([]byte, error) {
	cells, err := f.cells(ctx, x.header, coordsOf(entry.Row(), entry.Column(), entry.Column()+int(entry.Cells)))
	if err != nil {
		return nil, err
	}
	data, err := entry.Decode(cells)
	if err == nil {
		err = entry.Verify(f.node.setup, data)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the index says other of it than its cells: %w", errContradicted, err)
	}
	return data, nil
}

// cells returns cells of one row, joined, from whoever has them, or out of the row.
func (f *following) cells(ctx context.Context, header *chain.Header, coords []erasure.Coord) ([]byte, error) {
	g := &gathering{f: f, header: header, wanted: coords, enough: len(coords), held: make(map[erasure.Coord]*kzg.Cell)}
	var joined []byte
	err := g.run(ctx)
	if err == nil {
		for _, coord := range coords {
			joined = append(joined, g.held[coord][:]...)
		}
		return joined, nil
	}
	if errors.Is(err, errContradicted) || ctx.Err() != nil {
		return nil, err
	}
	rows, err := f.rows(ctx, header, []int{coords[0].Row})
	if err != nil {
		return nil, err
	}
	for _, coord := range coords {
		joined = append(joined, rows[0][coord.Column*kzg.CellSize:][:kzg.CellSize]...)
	}
	return joined, nil
}

// rows returns original rows of a square, verified, asking several peers at once. A row that
// nobody gives whole is put together from its cells.
func (f *following) rows(ctx context.Context, header *chain.Header, numbers []int) ([]*kzg.Row, error) {
	r := &rowsGathering{f: f, header: header, held: make(map[int]*kzg.Row)}
	group, bounded := errgroup.WithContext(ctx)
	group.SetLimit(rowRequests)
	for chunk := range slices.Chunk(numbers, rowsAtOnce) {
		group.Go(func() error { return r.fetch(bounded, chunk) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	rows := make([]*kzg.Row, len(numbers))
	for i, number := range numbers {
		rows[i] = r.held[number]
	}
	return rows, nil
}

// rowsGathering collects verified rows. It is safe for concurrent use.
type rowsGathering struct {
	f      *following
	header *chain.Header

	mu   sync.Mutex
	held map[int]*kzg.Row // guarded by mu
}

// missing returns those of some rows that are not held.
func (r *rowsGathering) missing(numbers []int) (missing []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, number := range numbers {
		if r.held[number] == nil {
			missing = append(missing, number)
		}
	}
	return missing
}

func (r *rowsGathering) keep(number int, row *kzg.Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held[number] = row
}

// fetch asks peers for rows, and for the cells of those that none has.
func (r *rowsGathering) fetch(ctx context.Context, numbers []int) error {
	err := r.f.node.peers.around(ctx, p2p.Rows, uint64(r.header.Height()), func(ctx context.Context, from peer.ID) error {
		if err := r.fetchFrom(ctx, from, r.missing(numbers)); err != nil {
			return err
		}
		if left := r.missing(numbers); len(left) > 0 {
			return fmt.Errorf("peer %s: %w: rows %v", from, errShort, left)
		}
		return nil
	})
	if errors.Is(err, errContradicted) {
		return err
	}
	for _, number := range r.missing(numbers) {
		row, recovered := r.f.recoverRow(ctx, r.header, number)
		if recovered != nil {
			return fmt.Errorf("row %d: %w", number, errors.Join(err, recovered))
		}
		r.keep(number, row)
	}
	return nil
}

func (r *rowsGathering) fetchFrom(ctx context.Context, from peer.ID, numbers []int) error {
	node := r.f.node
	answer, err := node.host.GetRows(ctx, from, uint64(r.header.Height()), numbers)
	if err != nil {
		return err
	}
	var rows []*kzg.Row
	var commitments []kzg.Commitment
	for i, row := range answer {
		if row != nil {
			rows, commitments = append(rows, &row.Row), append(commitments, r.header.DA().Commitments[numbers[i]])
		}
	}
	err = node.setup.VerifyRows(rows, commitments)
	if errors.Is(err, kzg.ErrInvalidPoint) {
		return fmt.Errorf("%w: a commitment of rows %v: %w", errContradicted, numbers, err)
	}
	if err != nil {
		return node.peers.accuse(from, fmt.Errorf("height %d, rows %v: %w: %w", r.header.Height(), numbers, errBadRow, err))
	}
	node.host.Verified(from, len(rows)*kzg.RowCells)
	for i, row := range answer {
		if row != nil {
			r.keep(numbers[i], &row.Row)
		}
	}
	return nil
}

// recoverRow puts a row together from any half of its cells.
func (f *following) recoverRow(ctx context.Context, header *chain.Header, number int) (*kzg.Row, error) {
	coords := coordsOf(number, 0, kzg.Columns)
	g := &gathering{f: f, header: header, wanted: coords, enough: kzg.RowCells, held: make(map[erasure.Coord]*kzg.Cell)}
	if err := g.run(ctx); err != nil {
		return nil, err
	}
	var columns []int
	var cells []*kzg.Cell
	for _, coord := range coords {
		if cell := g.held[coord]; cell != nil {
			columns, cells = append(columns, coord.Column), append(cells, cell)
		}
	}
	all, err := f.node.setup.RecoverCells(columns, cells)
	if err != nil {
		return nil, err
	}
	row := new(kzg.Row)
	for i := range kzg.RowCells {
		copy(row[i*kzg.CellSize:], all[i][:])
	}
	return row, nil
}

// gathering collects verified cells until there are enough. It is not safe for concurrent use.
type gathering struct {
	f      *following
	header *chain.Header
	wanted []erasure.Coord
	enough int
	held   map[erasure.Coord]*kzg.Cell
}

// run asks peers for what is missing, one after another.
func (g *gathering) run(ctx context.Context) error {
	return g.f.node.peers.around(ctx, p2p.Cells, uint64(g.header.Height()), func(ctx context.Context, from peer.ID) error {
		err := g.from(ctx, from)
		if len(g.held) >= g.enough {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("peer %s: %w: %d of %d cells", from, errShort, len(g.held), g.enough)
		}
		return err
	})
}

// missing returns the coordinates that are not held.
func (g *gathering) missing() (coords []erasure.Coord) {
	for _, coord := range g.wanted {
		if g.held[coord] == nil {
			coords = append(coords, coord)
		}
	}
	return coords
}

// from asks a peer for as many cells as are still needed, and for others where it has not those.
func (g *gathering) from(ctx context.Context, from peer.ID) error {
	for rest := g.missing(); len(rest) > 0 && len(g.held) < g.enough; {
		n := min(len(rest), g.enough-len(g.held))
		if err := g.ask(ctx, from, rest[:n]); err != nil && !errors.Is(err, da.ErrNotFound) {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// ask asks a peer for cells and keeps those that verify.
func (g *gathering) ask(ctx context.Context, from peer.ID, coords []erasure.Coord) error {
	node, height := g.f.node, uint64(g.header.Height())
	answer, err := node.host.GetCells(ctx, from, height, coords)
	if err != nil {
		return err
	}
	var samples []da.Sample
	for i, cell := range answer {
		if cell != nil {
			samples = append(samples, da.Sample{Coord: coords[i], Cell: &cell.Cell, Proof: cell.Proof})
		}
	}
	bad, err := da.VerifySamples(node.setup, g.header.DA(), samples)
	if err != nil && len(bad) == 0 {
		return fmt.Errorf("%w: %w", errContradicted, err) // the commitments themselves
	}
	for i, sample := range samples {
		if !slices.Contains(bad, i) {
			g.held[sample.Coord] = sample.Cell
		}
	}
	if err != nil {
		return node.peers.accuse(from, fmt.Errorf("height %d, %d of %d cells: %w: %w", height, len(bad), len(samples), errGarbledCell, err))
	}
	node.host.Verified(from, len(samples))
	return nil
}
