package disk

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// PageOut has the kernel take back the memory that holds files of a folder which this process has
// mapped, as Badger does with all of its own: what was written through a mapping, or read, stays resident
// until the system runs short, and counts as the process's. What is needed again is read from
// disk. A kernel that does not know how (before 5.4) does nothing.
//
// Nothing is lost even if a mapping ends in the meantime and its addresses are used for something else: the
// advice is about where pages are, not about what is in them.
func PageOut(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(maps)) {
		from, to, mapped := mappingOf(line, dir+string(filepath.Separator))
		if !mapped {
			continue
		}
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_PAGEOUT); errno != 0 && errno != unix.ENOMEM && errno != unix.EINVAL {
			return os.NewSyscallError("madvise", errno)
		}
	}
	return nil
}

// mappingOf reads a line of /proc/PID/maps: the addresses that a shared mapping of a file under
// a path takes.
func mappingOf(line, path string) (from, to uintptr, mapped bool) {
	fields := strings.Fields(line) // addresses, permissions, offset, device, inode, path
	if len(fields) < 6 || !strings.HasSuffix(fields[1], "s") || !strings.Contains(line, " "+path) {
		return 0, 0, false
	}
	first, second, _ := strings.Cut(fields[0], "-")
	low, err := strconv.ParseUint(first, 16, strconv.IntSize)
	high, err2 := strconv.ParseUint(second, 16, strconv.IntSize)
	return uintptr(low), uintptr(high), err == nil && err2 == nil && low < high
}
