package fullnode

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
)

// court is a chain in virtual time: a block every six seconds, the evidence submitted before it in the next.
type court struct {
	mu        sync.Mutex
	height    uint64   // guarded by mu
	submitted []uint64 // heights of submissions; guarded by mu
	expelled  bool     // guarded by mu
	pending   bool     // guarded by mu
}

func (c *court) run(ctx context.Context) {
	for block := time.NewTicker(6 * time.Second); ; {
		select {
		case <-ctx.Done():
			return
		case <-block.C:
		}
		c.mu.Lock()
		c.height++
		c.expelled = c.expelled || c.pending
		c.mu.Unlock()
	}
}

func (c *court) head() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.height
}

func (c *court) punished([da.AddressSize]byte) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.expelled, nil
}

func (c *court) submit(context.Context, *attesting.Evidence) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.submitted, c.pending = append(c.submitted, c.height), true
	return true
}

// bench100 is a set of a hundred attesters.
func bench100() *da.AttesterSet {
	set := new(da.AttesterSet)
	for i := range byte(100) {
		set.Attesters = append(set.Attesters, da.Attester{Operator: [da.AddressSize]byte{i}, Key: da.AttestationKey{i}, Power: 1})
	}
	return set
}

// TestNodesTakeTurnsToSubmitEvidence: a hundred honest nodes hear of a falsehood, each in another form and one block apart. One pays for the
// evidence; where the first so many are gone, those of the next turn do.
func TestNodesTakeTurnsToSubmitEvidence(t *testing.T) {
	for _, row := range []struct{ gone, pay, turn int }{{0, 1, 0}, {1, 1, 1}, {2, 2, 2}, {3, 1, 2}, {40, 24, 6}} {
		t.Run(fmt.Sprintf("%d are gone", row.gone), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				c, set := &court{height: 1000}, bench100()
				go c.run(ctx)
				for i := range set.Attesters {
					d := &docket{head: c.head, punished: c.punished, submit: c.submit, charges: make(map[[da.HashSize]byte]*charge)}
					d.place = func(accused [da.HashSize]byte) int { return placeIn(set, &set.Attesters[i].Key, accused) }
					e := attesting.Evidence{Operators: [][da.AddressSize]byte{{200}}, Attestation: &da.Attestation{Height: uint64(i)}}
					if d.place(accused(&e)) < row.gone {
						continue
					}
					heard := make(chan attesting.Evidence, 2)
					go func() { _ = d.run(ctx, heard) }() // ends with ctx, without an error
					go func() {
						time.Sleep(time.Duration(i%2) * 6 * time.Second)
						heard <- e
						heard <- e
					}()
				}
				time.Sleep(150 * 6 * time.Second)
				c.mu.Lock()
				defer c.mu.Unlock()
				if len(c.submitted) < 1 || len(c.submitted) > row.pay {
					t.Errorf("%d nodes paid, want %d at most", len(c.submitted), row.pay)
				}
				for _, height := range c.submitted {
					if first := uint64(1000 + turnBlocks*row.turn); height < first || height > first+2 {
						t.Errorf("submitted at height %d, of 1000 and turn %d", height, row.turn)
					}
				}
			})
		})
	}
}

// TestAnOrderHasEachPlaceOnce: whoever is accused, and another for another accused.
func TestAnOrderHasEachPlaceOnce(t *testing.T) {
	set := bench100()
	var orders [2][100]int
	for i := range orders {
		taken := make(map[int]bool)
		for j := range set.Attesters {
			place := placeIn(set, &set.Attesters[j].Key, [da.HashSize]byte{byte(i)})
			if taken[place] || place < 0 || place >= 100 {
				t.Fatalf("place %d is taken twice, or is none", place)
			}
			taken[place], orders[i][j] = true, place
		}
	}
	if orders[0] == orders[1] {
		t.Error("the same nodes come first against everybody")
	}
	for _, key := range []*da.AttestationKey{nil, {255}} {
		if place := placeIn(set, key, [da.HashSize]byte{}); place != 100 {
			t.Errorf("who is not in the set has place %d", place)
		}
	}
}

// TestEvidenceIsNotPaidForAgainAndAgain: a validator that goes on to sign falsehoods of every height, and that the chain does not punish, costs
// those who submit evidence one fee in a hundred heights; others' falsehoods are submitted all the same, and what cannot be submitted is
// tried again.
func TestEvidenceIsNotPaidForAgainAndAgain(t *testing.T) {
	height, paid, tried := uint64(0), map[byte]int{}, 0
	d := &docket{
		head: func() uint64 { return height }, place: func([da.HashSize]byte) int { return 0 }, charges: make(map[[da.HashSize]byte]*charge),
		punished: func([da.AddressSize]byte) (bool, error) { return false, nil },
		submit: func(_ context.Context, e *attesting.Evidence) bool {
			if e.Operators[0][0] == 3 {
				tried++
				return false
			}
			paid[e.Operators[0][0]]++
			return true
		},
	}
	for height = 1; height <= 1000; height++ {
		for _, operator := range []byte{1, 2, 3} {
			if operator == 1 || height == 501 {
				d.enter(attesting.Evidence{Operators: [][da.AddressSize]byte{{operator}}})
			}
		}
		d.pursue(t.Context())
	}
	if paid[1] != 10 || paid[2] != 1 || tried != 34 || len(d.charges) > 1 {
		t.Errorf("submitted %v, want 10 against the first in 1000 heights and 1 against the second; tried %d times against the third, and %d are left", paid, tried, len(d.charges))
	}
}
