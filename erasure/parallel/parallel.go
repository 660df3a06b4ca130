// Package parallel shares work among processors without leaving the outcome to timing.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// For calls f(0) … f(n−1) on all processors, in this order, and no more once one has failed. It returns the error
// of the least index that failed, which does not depend on timing: whatever comes before a failure has been called.
func For(n int, f func(i int) error) error {
	failures := make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if failures[i] = f(i); failures[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	workers.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}
