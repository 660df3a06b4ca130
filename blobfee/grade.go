package blobfee

import "math/big"

// Charged is what one block asked of a transaction of some size.
type Charged struct {
	BaseFee *big.Int
	// Entry is Observation.Entry.
	Entry int64
}

// GetsIn tells whether the offer would have got in: whether it was accepted when it arrived,
// before the first of the blocks, and one of them had room for it.
func (o Offer) GetsIn(blocks []Charged) bool {
	for i, block := range blocks {
		spare := new(big.Int).Sub(o.Cap, block.BaseFee)
		if i == 0 && spare.Sign() < 0 {
			return false
		}
		if block.Entry <= o.Tip && spare.Cmp(big.NewInt(block.Entry)) >= 0 {
			return true
		}
	}
	return false
}

// Calibration holds what estimates said against what came of them.
type Calibration struct {
	// Stated is the probability the estimates were made for, Expected the mean of what they
	// expected, and Observed the share of the Trials that got in; both are 0 while there are none.
	Stated, Expected, Observed float64
	Trials                     int
}

// Add counts a trial of which an estimate expected so much.
func (c *Calibration) Add(expected float64, in bool) {
	observed := 0.0
	if in {
		observed = 1
	}
	c.Trials++
	c.Expected += (expected - c.Expected) / float64(c.Trials)
	c.Observed += (observed - c.Observed) / float64(c.Trials)
}
