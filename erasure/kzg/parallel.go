package kzg

import (
	"runtime"
	"sync"
)

// inParallel calls f(0) … f(n−1) on all processors. It returns the error of the least index that failed; what follows
// a failure may or may not have been called.
func inParallel(n int, f func(i int) error) error {
	workers := min(n, runtime.GOMAXPROCS(0))
	failures := make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() { failures[w] = inSequence(n*w/workers, n*(w+1)/workers, f) })
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

func inSequence(from, to int, f func(i int) error) error {
	for i := from; i < to; i++ {
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}
