package erasure

import (
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func TestVerifyWholeMatrix(t *testing.T) {
	m := extend(t, randomRows(3, 3))
	var coords []Coord
	var cells []*kzg.Cell
	var proofs []kzg.Proof
	for at, cell := range allCells(m) {
		proof, _ := m.Proof(at)
		coords, cells, proofs = append(coords, at), append(cells, cell), append(proofs, proof)
	}
	if err := VerifyCells(newSetup(t), m.commitments[:3], coords, cells, proofs); err != nil {
		t.Fatal(err)
	}
	proofs[17], proofs[700] = proofs[18], proofs[701]
	bad, err := FindInvalid(newSetup(t), m.commitments[:3], coords, cells, proofs)
	t.Log(bad, err)
}
