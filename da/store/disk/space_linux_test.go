package disk

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"strings"
	"testing"
)

// TestAReserveThatDoesNotFitLeavesNothing reserves more than any file may have on a disk that
// says it has more: as a quota would, the file system refuses.
func TestAReserveThatDoesNotFitLeavesNothing(t *testing.T) {
	free := uint64(math.MaxUint64)
	s, log := newTestSpace(t, 1<<62, &free)
	for range 2 {
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.file()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("of the reserve there is something: %v", err)
		}
	}
	if strings.Count(log.String(), "level=WARN") != 1 {
		t.Errorf("want one warning: %s", log)
	}
}
