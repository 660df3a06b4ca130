package da

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// inParallel calls f(0) … f(n−1) on as many goroutines as there are processors, waits for
// all of them and returns the error of the lowest index, so that the outcome does not
// depend on timing.
func inParallel(n int, f func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = f(i)
			}
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
