//go:build !linux

package disk

import "os"

// allocate gives a file blocks on disk.
func allocate(f *os.File, size int64) error { return fill(f, size) }
