package testnet

import (
	"context"
	"fmt"
	"time"
)

// Verdicts of a light node.
const (
	available   = "available"
	unavailable = "unavailable"
)

// sampleLimit bounds the wait for light nodes to reach a verdict.
const sampleLimit = 90 * time.Second

// Verdicts are what one light node says of heights.
type Verdicts map[uint64]Availability

// Cells counts the cells that were delivered and verified.
func (v Verdicts) Cells() uint64 {
	var cells uint64
	for _, found := range v {
		cells += uint64(found.Verified)
	}
	return cells
}

// MinConfidence returns the least confidence in a height that has data, 1 if none has.
func (v Verdicts) MinConfidence() float64 {
	least := 1.0
	for _, found := range v {
		if found.Samples > 0 {
			least = min(least, found.Confidence)
		}
	}
	return least
}

// WaitAvailable waits until a light node says that every height from 1 to head is
// available, and returns what it says. It calls note with the number of heights after
// each look.
func (l *LightNode) WaitAvailable(ctx context.Context, head uint64, note func(heights int)) (Verdicts, error) {
	verdicts := Verdicts{}
	what := fmt.Sprintf("%s to find heights 1 to %d available", l.Name(), head)
	err := Wait(ctx, sampleLimit, what, func(ctx context.Context) (bool, error) {
		err := l.look(ctx, head, verdicts)
		note(len(verdicts))
		return err == nil, err
	})
	return verdicts, err
}

// look asks for the heights that are not yet known to be available, and tells of the
// first that is not.
func (l *LightNode) look(ctx context.Context, head uint64, verdicts Verdicts) error {
	var first error
	for height := uint64(1); height <= head; height++ {
		if _, ok := verdicts[height]; ok {
			continue
		}
		found, err := l.Availability(ctx, height)
		if err != nil {
			return err
		}
		if err := found.not(available); err == nil {
			verdicts[height] = found
		} else if first == nil {
			first = err
		}
	}
	return first
}

// not returns an error if the verdict is another.
func (a Availability) not(verdict string) error {
	if a.Verdict == verdict {
		return nil
	}
	return fmt.Errorf("height %d is %s: %d of %d cells verified", a.Height, a.Verdict, a.Verified, a.Samples)
}

// WaitVerdict waits until a light node gives a verdict on a height.
func (l *LightNode) WaitVerdict(ctx context.Context, height uint64, verdict string) (Availability, error) {
	var found Availability
	what := fmt.Sprintf("%s to find height %d %s", l.Name(), height, verdict)
	err := Wait(ctx, sampleLimit, what, func(ctx context.Context) (bool, error) {
		var err error
		if found, err = l.Availability(ctx, height); err != nil {
			return false, err
		}
		err = found.not(verdict)
		return err == nil, err
	})
	return found, err
}

// WaitAvailable expects a light node to find every height up to head available, and
// returns what it says of them.
func (s *Scenario) WaitAvailable(ctx context.Context, light *LightNode, head uint64) (Verdicts, error) {
	verdicts, err := light.WaitAvailable(ctx, head, func(heights int) {
		s.Progress.Note("%s has found %d of %d heights available", light.Name(), heights, head)
	})
	expect := light.Name() + " finds every height available"
	if err != nil {
		return nil, s.ExpectNo(err, expect)
	}
	return verdicts, s.Expect(true, expect, "1 to %d, %d cells, confidence ≥ %.5f", head, verdicts.Cells(), verdicts.MinConfidence())
}
