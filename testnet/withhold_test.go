package testnet

import (
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
)

// The demo must not fail, or pass, by chance.
func TestWithholdingIsNotMissedByChance(t *testing.T) {
	for k := 1; k <= da.HardMaxRows; k++ {
		if miss := erasure.MissProbability(k, withholdSamples); miss >= 1e-12 {
			t.Errorf("%d samples miss a smallest withholding of %d rows with probability %g", withholdSamples, k, miss)
		}
	}
}
