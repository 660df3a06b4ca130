package disk

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mapFile maps a new file of ones.
func mapFile(t *testing.T, path string, size int) []byte {
	t.Helper()
	if err := os.WriteFile(path, bytes.Repeat([]byte{1}, size), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	mapped, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(mapped) })
	return mapped
}

// residentOf reads how many kB of a mapped file are resident.
func residentOf(t *testing.T, path string) (kib string) {
	t.Helper()
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(smaps), " "+path+"\n")
	if !found {
		t.Fatalf("%s is not mapped", path)
	}
	_, rest, _ = strings.Cut(rest, "\nRss:")
	kib, _, _ = strings.Cut(strings.TrimSpace(rest), " ")
	return kib
}

// What was written through a mapping is no longer resident, and is still there; what is mapped
// from elsewhere stays.
func TestPageOutOfAFolder(t *testing.T) {
	home := filepath.Join(t.TempDir(), "a home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	var system unix.Statfs_t
	if err := unix.Statfs(home, &system); err != nil {
		t.Fatal(err)
	}
	if system.Type == unix.TMPFS_MAGIC {
		t.Skip("the file system is in memory: there is no disk to leave files on")
	}
	const size = 1 << 20
	inside, outside := filepath.Join(home, "inside"), home+" too"
	mapped, other := mapFile(t, inside, size), mapFile(t, outside, size)
	for i := range mapped {
		mapped[i], other[i] = 2, 2
	}
	if err := unix.Msync(mapped, unix.MS_SYNC); err != nil {
		t.Fatal(err)
	}
	if got := residentOf(t, inside); got != "1024" {
		t.Fatalf("%s kB are resident before", got)
	}
	if err := PageOut(home); err != nil {
		t.Fatal(err)
	}
	if got := residentOf(t, inside); got == "1024" {
		t.Errorf("%s kB are resident after", got)
	}
	if got := residentOf(t, outside); got != "1024" {
		t.Errorf("%s kB of what lies outside are resident after", got)
	}
	if !bytes.Equal(mapped, bytes.Repeat([]byte{2}, size)) {
		t.Error("what was written is gone")
	}
}

func TestMappingOf(t *testing.T) {
	for _, test := range []struct {
		line     string
		from, to uintptr
		mapped   bool
	}{
		{"7f00-7f40 rw-s 00000000 fe:00 99   /home/n/000001.sst\n", 0x7f00, 0x7f40, true},
		{"7f00-7f40 rw-s 00000000 fe:00 99   /home/n/a b.sst (deleted)\n", 0x7f00, 0x7f40, true},
		{"7f00-7f40 r-xp 00000000 fe:00 99   /home/n/ashlar-light\n", 0, 0, false}, // private: a program
		{"7f00-7f40 rw-s 00000000 fe:00 99   /home/nn/000001.sst\n", 0, 0, false},
		{"7f00-7f40 rw-p 00000000 00:00 0 \n", 0, 0, false},
		{"7f40-7f00 rw-s 00000000 fe:00 99   /home/n/000001.sst\n", 0x7f40, 0x7f00, false},
		{"7g00-7f40 rw-s 00000000 fe:00 99   /home/n/000001.sst\n", 0, 0x7f40, false},
		{"\n", 0, 0, false},
	} {
		if from, to, mapped := mappingOf(test.line, "/home/n/"); from != test.from || to != test.to || mapped != test.mapped {
			t.Errorf("%q: %x-%x, %v", test.line, from, to, mapped)
		}
	}
}
