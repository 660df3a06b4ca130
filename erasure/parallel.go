package erasure

import (
	"runtime"

	"golang.org/x/sync/errgroup"
)

// inParallel calls f(0) … f(n−1) on all processors and returns one of the errors, if any.
func inParallel(n int, f func(i int) error) error {
	workers := min(n, runtime.GOMAXPROCS(0))
	var group errgroup.Group
	for w := range workers {
		group.Go(func() error {
			for i := n * w / workers; i < n*(w+1)/workers; i++ {
				if err := f(i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
