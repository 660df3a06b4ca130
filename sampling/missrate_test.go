package sampling

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// simulated is how many blocks are sampled for each k and s.
const simulated = 10_000

// turned is a smallest unrecoverable set whose rows and columns are those of another, permuted.
type turned struct {
	withheld      map[erasure.Coord]bool
	rows, columns []int
}

func (t turned) has(at erasure.Coord) bool {
	return t.withheld[erasure.Coord{Row: t.rows[at.Row], Column: t.columns[at.Column]}]
}

// passes samples a block of which a set is withheld, and tells whether it is called available.
func passes(t *testing.T, draws *rand.ChaCha8, k, samples int, withheld turned) bool {
	t.Helper()
	session, err := NewSession(draws, Block{Height: 1, K: k}, samples)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range session.Next(samples) {
		outcome := Verified
		if withheld.has(at) {
			outcome = Refused
		}
		session.Deliver(at, "peer", outcome)
	}
	session.Expire()
	return session.Availability().Verdict == Available
}

// missRate samples blocks and returns how many are called available. Of each a smallest
// unrecoverable set is withheld, in an orientation of its own or always the same.
func missRate(t *testing.T, k, samples int, turning bool) (missed int) {
	t.Helper()
	var seed [32]byte
	binary.BigEndian.PutUint32(seed[:], uint32(k))
	binary.BigEndian.PutUint32(seed[4:], uint32(samples))
	draws, random := rand.NewChaCha8(seed), rand.New(rand.NewPCG(uint64(k), uint64(samples)))
	set := make(map[erasure.Coord]bool)
	for _, at := range erasure.Withholding(k) {
		set[at] = true
	}
	withheld := turned{set, random.Perm(2 * k), random.Perm(kzg.Columns)}
	for range simulated {
		if turning {
			withheld = turned{set, random.Perm(2 * k), random.Perm(kzg.Columns)}
		}
		if passes(t, draws, k, samples, withheld) {
			missed++
		}
	}
	return missed
}

// TestMissRateIsThatOfTheFormula samples blocks that cannot be recovered, with so few draws that
// misses happen: at k = 33 some 2,972 and 883 of 10,000 are expected. The seeds are fixed, so that
// it passes every time or fails every time.
func TestMissRateIsThatOfTheFormula(t *testing.T) {
	for _, k := range []int{1, 8, 33, 64} {
		for _, samples := range []int{4, 8} {
			for _, turning := range []bool{true, false} {
				t.Run(fmt.Sprintf("k=%d,s=%d,turning=%t", k, samples, turning), func(t *testing.T) {
					missed, p := missRate(t, k, samples, turning), erasure.MissProbability(k, samples)
					want, sigma := simulated*p, math.Sqrt(simulated*p*(1-p))
					t.Logf("%d of %d missed, %.0f expected, %+.1f standard deviations off", missed, simulated, want, (float64(missed)-want)/sigma)
					if math.Abs(float64(missed)-want) > 3*sigma {
						t.Errorf("%d of %d unrecoverable blocks were called available, want %.0f ± %.0f", missed, simulated, want, 3*sigma)
					}
				})
			}
		}
	}
}
