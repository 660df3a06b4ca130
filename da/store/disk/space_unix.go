//go:build unix

package disk

import "golang.org/x/sys/unix"

// freeSpace is how many bytes an unprivileged process may still write to a folder's disk.
func freeSpace(dir string) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return uint64(stat.Bavail) * uint64(stat.Bsize), nil
}
