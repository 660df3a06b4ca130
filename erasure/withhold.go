package erasure

import "github.com/ashlar-da/ashlar/erasure/kzg"

// stuckColumns is how many cells a row must lack to be beyond recovery on its own.
const stuckColumns = kzg.Columns - kzg.RowCells + 1

// Withholding returns one smallest set of coordinates whose loss makes the extended matrix of k original rows
// unrecoverable: 65 columns of k+1 rows, 65(k+1) cells. Any one of them returned makes it recoverable again. It returns
// nil unless 1 ≤ k ≤ MaxRows.
func Withholding(k int) []Coord {
	if checkK(k) != nil {
		return nil
	}
	coords := make([]Coord, 0, stuckColumns*(k+1))
	for row := range k + 1 {
		for column := range stuckColumns {
			coords = append(coords, Coord{row, column})
		}
	}
	return coords
}

// MissProbability returns the probability that the given number of distinct, uniformly drawn cells of an extended
// matrix of k original rows all lie outside a smallest unrecoverable set W that was fixed independently of the draw:
// Π_{i<samples} (N−|W|−i)/(N−i) with N = 256k. An unrecoverable matrix passes sampling with at most this probability.
// It returns 1 where there is nothing to draw: k < 1 or samples < 1.
func MissProbability(k, samples int) float64 {
	total := 2 * k * kzg.Columns
	withheld := stuckColumns * (k + 1)
	if k < 1 {
		return 1
	}
	if samples > total-withheld {
		return 0
	}
	p := 1.0
	for i := range max(samples, 0) {
		p *= float64(total-withheld-i) / float64(total-i)
	}
	return p
}
