package app

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// randomPieces are those of a few senders, small ones and large ones.
func randomPieces(random *rand.Rand) []piece {
	pieces := make([]piece, 1+random.IntN(10))
	for i := range pieces {
		p := piece{sender: [da.AddressSize]byte{byte(random.IntN(6))}}
		if random.IntN(2) == 0 {
			p.cells = 1 << random.IntN(6)
		} else {
			p.rows = 1 + random.IntN(5)
		}
		p.worth = float64(1+random.IntN(9)) * float64(p.rows*kzg.RowCells+p.cells)
		pieces[i] = p
	}
	return pieces
}

// TestPackLosesNothingToBruteForce compares what is chosen with the best of all choices that
// keep every sender's order. Where shared rows have room for all that is small, the
// two are worth the same.
func TestPackLosesNothingToBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		pieces, rows := randomPieces(random), random.IntN(12)
		pieces = slices.DeleteFunc(pieces, func(p piece) bool { return p.rows == 0 })
		chosen := pack(pieces, rows, 0)
		if got, want := worthOf(t, pieces, chosen, rows, 0), bruteForce(pieces, rows); got != want {
			t.Fatalf("%+v in %d rows: chose %v, worth %v, best %v", pieces, rows, chosen, got, want)
		}
	}
}

// TestPackKeepsToItsRoom mixes small pieces in: what is chosen fits, keeps every sender's
// order, and is worth no less than small pieces or large ones alone.
func TestPackKeepsToItsRoom(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		pieces, rows, shared := randomPieces(random), random.IntN(12), random.IntN(5)
		pieces = oneKindEach(pieces)
		got := worthOf(t, pieces, pack(pieces, rows, shared), rows, shared)
		_, small := fillShared(pieces, min(rows, shared)*kzg.RowCells)
		if large := bruteForce(slices.DeleteFunc(slices.Clone(pieces), func(p piece) bool { return p.rows == 0 }), rows); got < max(small, large) {
			t.Fatalf("%+v in %d rows, %d shared: worth %v, small ones %v, large ones %v", pieces, rows, shared, got, small, large)
		}
	}
}

// oneKindEach gives senders of small pieces other names than those of large ones.
func oneKindEach(pieces []piece) []piece {
	for i := range pieces {
		if pieces[i].rows == 0 {
			pieces[i].sender[1] = 1
		}
	}
	return pieces
}

// worthOf fails if a choice does not fit or leaves out what must precede it.
func worthOf(t *testing.T, pieces []piece, chosen []int, rows, shared int) float64 {
	t.Helper()
	var worth float64
	var own, cells int
	next := make(map[[da.AddressSize]byte]int)
	for _, i := range chosen {
		p := pieces[i]
		for j := next[p.sender]; j < i; j++ {
			if pieces[j].sender == p.sender {
				t.Fatalf("%+v: %v takes %d and leaves out %d, which precedes it", pieces, chosen, i, j)
			}
		}
		next[p.sender] = i + 1
		worth, own, cells = worth+p.worth, own+p.rows, cells+p.cells
	}
	used := (cells + kzg.RowCells - 1) / kzg.RowCells
	if used > shared || own+used > rows {
		t.Fatalf("%+v: %v takes %d rows and shares %d, there are %d and %d", pieces, chosen, own, used, rows, shared)
	}
	return worth
}

// bruteForce tries every subset.
func bruteForce(pieces []piece, rows int) float64 {
	var best float64
	for set := range 1 << len(pieces) {
		var worth float64
		var own int
		blocked, ok := make(map[[da.AddressSize]byte]bool), true
		for i, p := range pieces {
			if set&(1<<i) == 0 {
				blocked[p.sender] = true
				continue
			}
			ok = ok && !blocked[p.sender]
			worth, own = worth+p.worth, own+p.rows
		}
		if ok && own <= rows {
			best = max(best, worth)
		}
	}
	return best
}

// TestPackingWastesLittleInTheLongRun plays blocks of a load of mixed sizes of which twice a
// square's worth waits at any time, packed as a proposer does and taken first fit, and logs what
// of the squares stays empty, beside the transaction rows.
func TestPackingWastesLittleInTheLongRun(t *testing.T) {
	for _, test := range []struct {
		name string
		fill func([]piece, int, int) []int
		most float64
	}{
		{"packed", pack, 0.03},
		{"first fit", firstFit, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			mean, worst := waste(test.fill, 2000)
			t.Logf("%.2f %% on average, %.1f %% at worst", 100*mean, 100*worst)
			if mean > test.most {
				t.Errorf("%.2f %% stay empty, want at most %.0f %%", 100*mean, 100*test.most)
			}
		})
	}
}

// waste returns the share of the rows for blobs that a way of filling leaves empty.
func waste(fill func([]piece, int, int) []int, blocks int) (mean, worst float64) {
	const rows, shared = 33, 4
	random := rand.New(rand.NewPCG(5, 6))
	var waiting []piece
	for range blocks {
		for takes(waiting) < 2*rows {
			waiting = append(waiting, mixedPiece(random, len(waiting)))
		}
		slices.SortFunc(waiting, func(a, b piece) int {
			return cmp.Compare(b.worth*takes([]piece{a}), a.worth*takes([]piece{b}))
		})
		var sold []piece
		for _, i := range slices.Backward(fill(waiting, rows, shared)) {
			sold, waiting = append(sold, waiting[i]), slices.Delete(waiting, i, i+1)
		}
		empty := 1 - takes(sold)/rows
		mean, worst = mean+empty/float64(blocks), max(worst, empty)
	}
	return mean, worst
}

// mixedPiece is mostly small; most of what it takes is rows.
func mixedPiece(random *rand.Rand, sender int) piece {
	sizes := []piece{{cells: 1}, {cells: 1}, {cells: 2}, {cells: 8}, {cells: 32}, {rows: 1}, {rows: 1}, {rows: 2}, {rows: 4}, {rows: 8}}
	p := sizes[random.IntN(len(sizes))]
	p.sender[0], p.sender[1] = byte(sender), byte(random.Uint32())
	p.worth = math.Exp(random.NormFloat64()) * takes([]piece{p})
	return p
}

func takes(pieces []piece) (rows float64) {
	for _, p := range pieces {
		rows += float64(p.rows) + float64(p.cells)/kzg.RowCells
	}
	return rows
}

// firstFit takes pieces by priority, whatever fits.
func firstFit(pieces []piece, rows, shared int) (chosen []int) {
	for i := range pieces {
		own, cells := taken(pieces, append(slices.Clone(chosen), i))
		if used := (cells + kzg.RowCells - 1) / kzg.RowCells; used <= shared && own+used <= rows {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

func taken(pieces []piece, chosen []int) (own, cells int) {
	for _, i := range chosen {
		own, cells = own+pieces[i].rows, cells+pieces[i].cells
	}
	return own, cells
}
