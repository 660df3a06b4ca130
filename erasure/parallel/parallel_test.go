package parallel

import (
	"errors"
	"runtime"
	"sync/atomic"
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

// TestWithKeepsMemoryApart holds that no two calls share what start made at the same time.
func TestWithKeepsMemoryApart(t *testing.T) {
	type memory struct{ used atomic.Bool }
	var started atomic.Int64
	start := func() *memory { started.Add(1); return new(memory) }
	err := With(1000, start, func(own *memory, _ int) error {
		if !own.used.CompareAndSwap(false, true) {
			return errors.New("two at a time")
		}
		runtime.Gosched()
		own.used.Store(false)
		return nil
	})
	if err != nil || started.Load() > int64(runtime.GOMAXPROCS(0)) {
		t.Errorf("have %v and %d starts", err, started.Load())
	}
}

// TestDoNests holds that tasks which share their own work come to an end, and that the first task's error wins.
func TestDoNests(t *testing.T) {
	first, later := errors.New("first"), errors.New("later")
	var calls atomic.Int64
	nested := func(err error) func() error {
		return func() error {
			_ = For(100, func(int) error { calls.Add(1); return nil })
			return err
		}
	}
	if err := Do(nested(nil), nested(nil)); err != nil || calls.Load() != 200 {
		t.Errorf("have %v after %d calls", err, calls.Load())
	}
	if err := Do(nested(nil), nested(first), nested(later)); !errors.Is(err, first) {
		t.Errorf("have %v, want %v", err, first)
	}
}

func TestSplitCoversAll(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1000} {
		for _, least := range []int{1, 10, 1001} {
			calls := make([]atomic.Int64, n)
			Split(n, least, func(from, to int) {
				for i := from; i < to; i++ {
					calls[i].Add(1)
				}
			})
			for i := range calls {
				if calls[i].Load() != 1 {
					t.Fatalf("%d of %d: %d calls", i, n, calls[i].Load())
				}
			}
		}
	}
}
