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
	return With(n, func() struct{} { return struct{}{} }, func(_ struct{}, i int) error { return f(i) })
}

// With is For where each goroutine has a value of its own, memory to work in, that it makes when it starts.
func With[S any](n int, start func() S, f func(own S, i int) error) error {
	failures := make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			own := start()
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if failures[i] = f(own, i); failures[i] != nil {
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

// Do is For over tasks that have nothing to do with one another. Each may share its own work in turn: what one of them
// cannot share is then done beside the others.
func Do(tasks ...func() error) error {
	return For(len(tasks), func(i int) error { return tasks[i]() })
}

// Split cuts 0 … n−1 into a part for each processor, fewer where parts would be smaller than least, and calls f for
// them all: for what costs the same everywhere and cannot fail.
func Split(n, least int, f func(from, to int)) {
	parts := max(min(runtime.GOMAXPROCS(0), n/least), 1)
	_ = For(parts, func(i int) error {
		f(n*i/parts, n*(i+1)/parts)
		return nil
	})
}
