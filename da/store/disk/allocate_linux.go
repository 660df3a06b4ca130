package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allocate gives a file blocks on disk, without writing them where the file system can. What
// is not to be had at once is not filled up to, either: others may need it.
func allocate(f *os.File, size int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, size)
	for _, none := range []error{unix.ENOSPC, unix.EDQUOT, unix.EFBIG} {
		if errors.Is(err, none) {
			return err
		}
	}
	if err == nil {
		return nil
	}
	return fill(f, size)
}
