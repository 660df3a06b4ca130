// Package swarm asks how many light nodes it takes to rebuild a block from what they
// sampled: by drawing and peeling, and by two theories. Its test does it with light nodes in
// one process, over simulated links.
package swarm

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/sampling"
)

// Need is how many light nodes it takes to rebuild a block of k rows.
type Need struct {
	// K is the number of rows, Samples that of the cells each node has.
	K, Samples int
	// Median, Most and Least are of the trials: the number of nodes whose cells first
	// determine the square.
	Least, Median, Most int
	// Cells is the median of the distinct cells that those had together.
	Cells int
	// Peeling is what the mean of rows and columns predicts.
	Peeling float64
	// WorstCase is after how many nodes those cells that none of them has are expected to be
	// fewer than the smallest unrecoverable set, wherever they lie.
	WorstCase float64
}

// Measure draws the cells of ever more light nodes, as they do, until they suffice; again and
// again. The same seed gives the same answer.
func Measure(k, samples, trials int, seed uint64) (*Need, error) {
	if k < 1 || k > erasure.MaxRows || samples < 1 || trials < 1 {
		return nil, fmt.Errorf("swarm: %d rows, %d samples, %d trials: want 1 to %d rows, and at least 1 of each", k, samples, trials, erasure.MaxRows)
	}
	n := &Need{K: k, Samples: samples, WorstCase: WorstCase(k, samples), Peeling: Peeling(k, samples)}
	var nodes, cells []int
	for i := range trials {
		random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(k), byte(k >> 8), byte(i), byte(i >> 8)})
		have, together, err := trial(random, k, samples, 2*int(n.WorstCase)+8)
		if err != nil {
			return nil, err
		}
		nodes, cells = append(nodes, have), append(cells, together)
	}
	slices.Sort(nodes)
	slices.Sort(cells)
	n.Least, n.Median, n.Most, n.Cells = nodes[0], nodes[trials/2], nodes[trials-1], cells[trials/2]
	return n, nil
}

// trial returns how many of at most so many nodes it takes, and how many distinct cells they have.
func trial(random io.Reader, k, samples, most int) (nodes, cells int, err error) {
	draws := make([][]erasure.Coord, most)
	for i := range draws {
		session, err := sampling.NewSession(random, sampling.Block{Height: 1, K: k}, samples)
		if err != nil {
			return 0, 0, err
		}
		draws[i] = session.Next(samples)
	}
	union := func(n int) map[erasure.Coord]bool {
		have := make(map[erasure.Coord]bool)
		for _, coord := range slices.Concat(draws[:n]...) {
			have[coord] = true
		}
		return have
	}
	nodes = sort.Search(most, func(n int) bool { return erasure.Recoverable(k, union(n)) })
	return nodes, len(union(nodes)), nil
}

// WorstCase is N·ln(N/W)/s: after so many nodes with s cells each of the N, the smallest
// unrecoverable set, of W, is as large as what none of them has.
func WorstCase(k, samples int) float64 {
	all, least := float64(2*k*kzg.Columns), float64(len(erasure.Withholding(k)))
	return all * math.Log(all/least) / float64(samples)
}

// Peeling is how many nodes it takes if every row and every column is like the mean of them:
// the least number for which a row becomes whole with a probability x and a column with a
// probability y that raise each other to 1. A cell is there with a probability p, or follows
// from its column: x = P(at least 64 of 128), y = P(at least k of 2k). That is exact
// for infinitely many rows and columns; few of them need some more.
func Peeling(k, samples int) float64 {
	row, column := newCode(kzg.Columns, kzg.RowCells), newCode(2*k, k)
	low, high := 0.0, 1.0 // p
	for range 30 {
		if p := (low + high) / 2; peels(row, column, p) {
			high = p
		} else {
			low = p
		}
	}
	return math.Log1p(-high) / math.Log1p(-float64(samples)/float64(2*k*kzg.Columns))
}

// peels tells whether everything follows from cells that are there with a probability p.
func peels(row, column code, p float64) bool {
	var x, y float64
	for {
		nextX := row.whole(p + (1-p)*y)
		nextY := column.whole(p + (1-p)*nextX)
		if nextX-x < 1e-9 && nextY-y < 1e-9 {
			return x > 0.999
		}
		x, y = nextX, nextY
	}
}

// code is a row or a column, of which any some of its cells determine all.
type code struct {
	all, some int
	ways      []float64 // logarithms of how many ways there are to have some cells, some+1, … all
}

func newCode(all, some int) code {
	c := code{all: all, some: some}
	for have := some; have <= all; have++ {
		total, _ := math.Lgamma(float64(all + 1))
		in, _ := math.Lgamma(float64(have + 1))
		out, _ := math.Lgamma(float64(all - have + 1))
		c.ways = append(c.ways, total-in-out)
	}
	return c
}

// whole is the probability that enough cells are there, each of which is with a probability p.
func (c code) whole(p float64) (sum float64) {
	if p <= 0 || p >= 1 {
		return math.Round(p)
	}
	in, out := math.Log(p), math.Log1p(-p)
	for i, ways := range c.ways {
		have := c.some + i
		sum += math.Exp(ways + float64(have)*in + float64(c.all-have)*out)
	}
	return min(sum, 1)
}
