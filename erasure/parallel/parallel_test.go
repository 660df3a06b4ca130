package parallel

import (
	"errors"
	"testing"
)

// TestForReturnsLeastError holds that which error comes back does not depend on timing.
func TestForReturnsLeastError(t *testing.T) {
	first, later := errors.New("first"), errors.New("later")
	for range 1000 {
		called := make([]bool, 64)
		err := For(len(called), func(i int) error {
			called[i] = true
			switch {
			case i == 20:
				return first
			case i > 20:
				return later
			}
			return nil
		})
		if !errors.Is(err, first) {
			t.Fatalf("have %v, want %v", err, first)
		}
		for i, c := range called[:20] {
			if !c {
				t.Fatalf("%d was not called", i)
			}
		}
	}
	if err := For(0, func(int) error { return first }); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
}
