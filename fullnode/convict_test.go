package fullnode

import (
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
)

// TestEvidenceIsNotPaidForAgainAndAgain: a validator that goes on to sign falsehoods of every height costs those who
// submit evidence one fee in a hundred heights; others' falsehoods are submitted all the same.
func TestEvidenceIsNotPaidForAgainAndAgain(t *testing.T) {
	before := make(accused)
	paid := map[byte]int{}
	for height := uint64(1); height <= 1000; height++ {
		for _, operator := range []byte{1, 2} {
			if operator == 2 && height != 501 {
				continue
			}
			e := attesting.Evidence{Operator: [da.AddressSize]byte{operator}}
			if before.due(&e, height) {
				paid[operator]++
				before[e.Operator] = height
			}
		}
	}
	if paid[1] != 10 || paid[2] != 1 {
		t.Errorf("submitted %v, want 10 against the first in 1000 heights and 1 against the second", paid)
	}
}
