package disk

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
)

// newTestSpace watches an empty folder that has as much space as free says, and logs to what
// it returns.
func newTestSpace(t *testing.T, reserve uint64, free *uint64) (*Space, *bytes.Buffer) {
	t.Helper()
	log := new(bytes.Buffer)
	return NewSpace(Config{
		Dir: t.TempDir(), MinFree: 10, Reserve: reserve,
		Free: func(string) (uint64, error) { return *free, nil }, Log: slog.New(slog.NewTextHandler(log, nil)),
	}), log
}

// TestAMissingReserveIsNoReasonToStop puts something in the reserve's place: every look goes on,
// one says so, and the reserve is taken once it can be.
func TestAMissingReserveIsNoReasonToStop(t *testing.T) {
	free := uint64(1 << 20)
	s, log := newTestSpace(t, 100, &free)
	expect := func(warnings int) {
		t.Helper()
		if err := errors.Join(s.Check(), s.Look()); err != nil {
			t.Error(err)
		}
		if n := strings.Count(log.String(), "level=WARN"); n != warnings {
			t.Errorf("%d warnings, want %d: %s", n, warnings, log)
		}
	}
	block := func() {
		t.Helper()
		if err := os.Mkdir(s.file(), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	unblock := func() {
		t.Helper()
		if err := os.Remove(s.file()); err != nil {
			t.Fatal(err)
		}
	}
	block()
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	expect(1)
	unblock()
	expect(1)
	if info, err := os.Stat(s.file()); err != nil || info.Size() != 100 {
		t.Errorf("the reserve is %v, %v", info, err)
	}
	unblock()
	block()
	expect(2)
}
