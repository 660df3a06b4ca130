package app

import (
	"slices"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// piece is what packing sees of a transaction: what it takes of a square and what it is worth.
type piece struct {
	sender [da.AddressSize]byte
	rows   int // of its own
	cells  int // of shared rows
	worth  float64
}

// pieceOf returns what a blob transaction takes, and its priority, a tip per blob gas, times
// that. Who tips nothing is still worth a full square.
func pieceOf(priority int64, message *da.PayForBlobs) piece {
	p := piece{sender: message.Signer, rows: message.OwnRows()}
	gas := message.BlobGas()
	p.cells = int(gas/kzg.CellSize) - p.rows*kzg.RowCells
	p.worth = (float64(priority) + 1) * float64(gas)
	return p
}

// pack chooses among pieces, in order of priority and each sender's in its sequence, those that
// together are worth most in a number of rows of which at most shared may be shared. Taking
// whatever fits next instead leaves a seventh of a square empty under a load of mixed sizes:
// small pieces are used up as they come, until what waits fits nowhere. It returns indices.
//
// It solves the knapsack problem over own rows exactly, a sender's pieces being a choice of
// how many of the first ones to take, and weighs the result for every number of rows against
// what the small pieces are worth in those left to them.
func pack(pieces []piece, rows, shared int) []int {
	own := knapsack(queues(pieces), rows)
	var best []int
	most := -1.0
	for k := range min(shared, rows) + 1 {
		small, worth := fillShared(pieces, k*kzg.RowCells)
		if worth += own.worth(rows - k); worth > most {
			most, best = worth, append(own.chosen(rows-k), small...)
		}
	}
	slices.Sort(best)
	return slices.Compact(best)
}

// queues lists the pieces of every sender that has one with rows of its own, up to the last
// such. The small ones that come first are counted where shared rows are filled.
func queues(pieces []piece) []queue {
	var all []queue
	at := make(map[[da.AddressSize]byte]int)
	for i, p := range pieces {
		j, known := at[p.sender]
		if !known {
			j = len(all)
			at[p.sender], all = j, append(all, queue{})
		}
		if p.rows == 0 && all[j].own == 0 {
			p.worth = 0
		}
		all[j].indices, all[j].pieces = append(all[j].indices, i), append(all[j].pieces, p)
		if p.rows > 0 {
			all[j].own = len(all[j].pieces)
		}
	}
	return all
}

// queue is a sender's pieces, and their places among all.
type queue struct {
	indices []int
	pieces  []piece
	own     int // how many there are up to the last with rows of its own
}

// knapsackTable is, after every queue, what the best choice is worth in every number of rows,
// and how many of that queue's pieces are part of it.
type knapsackTable struct {
	queues []queue
	best   []float64
	taken  [][]uint16
}

// knapsack fills the table up to a number of rows.
func knapsack(queues []queue, rows int) *knapsackTable {
	t := &knapsackTable{queues: queues, best: make([]float64, rows+1)}
	for _, q := range queues {
		t.add(q, rows)
	}
	return t
}

func (t *knapsackTable) add(q queue, rows int) {
	taken, best := make([]uint16, rows+1), slices.Clone(t.best)
	var takes int
	var worth float64
	for n, p := range q.pieces[:q.own] {
		takes, worth = takes+p.rows, worth+p.worth
		for r := takes; r <= rows; r++ {
			if with := t.best[r-takes] + worth; with > best[r] {
				best[r], taken[r] = with, uint16(n+1)
			}
		}
		if takes > rows {
			break
		}
	}
	t.best, t.taken = best, append(t.taken, taken)
}

func (t *knapsackTable) worth(rows int) float64 { return t.best[rows] }

// chosen returns the indices of what the best choice for a number of rows holds.
func (t *knapsackTable) chosen(rows int) []int {
	var indices []int
	for i := len(t.queues) - 1; i >= 0; i-- {
		q, n := t.queues[i], int(t.taken[i][rows])
		indices = append(indices, q.indices[:n]...)
		for _, p := range q.pieces[:n] {
			rows -= p.rows
		}
	}
	return indices
}

// fillShared takes the small pieces that follow none with rows of its own, by priority, as
// long as they fit into a number of cells.
func fillShared(pieces []piece, cells int) (indices []int, worth float64) {
	passed := make(map[[da.AddressSize]byte]bool)
	for i, p := range pieces {
		if passed[p.sender] || p.rows > 0 || p.cells > cells {
			passed[p.sender] = true
			continue
		}
		indices, worth, cells = append(indices, i), worth+p.worth, cells-p.cells
	}
	return indices, worth
}
