package erasure

import (
	"errors"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func TestRecoverProofs(t *testing.T) {
	m := sharedMatrix(t)
	rng := newRand(7)
	for name, known := range map[string]func(Coord) bool{
		"none":                           func(Coord) bool { return false },
		"all":                            func(Coord) bool { return true },
		"the original rows'":             func(at Coord) bool { return at.Row < 3 },
		"the extended rows'":             func(at Coord) bool { return at.Row >= 3 },
		"one row's in each half":         func(at Coord) bool { return at.Row == 1 || at.Row == 4 },
		"three of six in each column":    func(at Coord) bool { return (at.Row+at.Column)%2 == 0 },
		"all but one cell's":             func(at Coord) bool { return at != Coord{0, 77} },
		"all but one row's":              func(at Coord) bool { return at.Row != 0 },
		"too few in one column":          func(at Coord) bool { return at.Column != 9 || at.Row < 2 },
		"half of them, chosen at random": func(Coord) bool { return rng.IntN(2) == 0 },
	} {
		t.Run(name, func(t *testing.T) {
			proofs := make(map[Coord]kzg.Proof)
			for at := range allCells(m) {
				if known(at) {
					proofs[at], _ = m.Proof(at)
				}
			}
			have, err := RecoverProofs(newSetup(t), &ExtendedMatrix{m.k, m.rows, m.commitments, nil}, proofs)
			if err != nil {
				t.Fatal(err)
			}
			for at := range allCells(m) {
				want, _ := m.Proof(at)
				if proof, ok := have.Proof(at); !ok || proof != want {
					t.Fatalf("proof %v differs", at)
				}
			}
		})
	}
}

func TestRecoverProofsRefuses(t *testing.T) {
	m := sharedMatrix(t)
	bad := make(map[Coord]kzg.Proof)
	for at := range cellsWhere(m, func(at Coord) bool { return at != Coord{0, 5} }) {
		bad[at], _ = m.Proof(at)
	}
	bad[Coord{3, 5}] = kzg.Proof{}
	for _, test := range []struct {
		name  string
		known map[Coord]kzg.Proof
		want  error
	}{
		{"row 2k", map[Coord]kzg.Proof{{6, 0}: {0: 0xc0}}, kzg.ErrBadInput},
		{"column −1", map[Coord]kzg.Proof{{0, -1}: {0: 0xc0}}, kzg.ErrBadInput},
		{"no point", bad, kzg.ErrInvalidPoint},
	} {
		if _, err := RecoverProofs(newSetup(t), m, test.known); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", test.name, err, test.want)
		}
	}
}

func TestMatrixWithoutProofs(t *testing.T) {
	if proof, ok := bare(t, 1).Proof(Coord{1, 0}); ok {
		t.Errorf("a matrix without proofs has %x", proof)
	}
}

// TestUnprovenRows holds that a row is proven anew where a column has too few proofs, or where it lacks many.
func TestUnprovenRows(t *testing.T) {
	const k = 34
	for name, test := range map[string]struct {
		missing, have int
		want          bool
	}{
		"nothing missing":            {0, k, false},
		"one missing":                {1, k, false},
		"as many as are cheaper":     {93, k, false},
		"one more":                   {94, k, true},
		"all missing":                {kzg.Columns, k, true},
		"one missing, too few known": {1, k - 1, true},
	} {
		var columns [kzg.Columns]columnProofs
		for column := range columns {
			columns[column].have = make([]int, test.have)
			if column < test.missing {
				columns[column].missing = []int{3}
			}
		}
		for i, unproven := range unprovenRows(&columns, k) {
			if unproven != (test.want && i == 3) {
				t.Errorf("%s: row %d: %t", name, i, unproven)
			}
		}
	}
}
