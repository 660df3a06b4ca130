package lightnode

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/ashlar-da/ashlar/da/store/disk"
)

// Who names heights without end leaves room for those that are drawn.
func TestNamedHeightsLeaveRoomForDrawnOnes(t *testing.T) {
	t.Parallel()
	var s targets
	for height := uint64(1 << 40); ; height++ {
		if err := s.name(height); errors.Is(err, ErrTooManyNamed) {
			break
		} else if err != nil || len(s.Waiting) > mostTargets {
			t.Fatal(err, len(s.Waiting))
		}
	}
	if err := s.advance(rand.Reader, &HeadReport{Height: 1}, 1); err != nil || !s.waits(1) {
		t.Errorf("%v: of %d heights that wait none was drawn", err, len(s.Waiting))
	}
}

// What could not be written down is not drawn: a node that ends would draw other heights.
func TestPhoneDrawsNothingOnAFullDisk(t *testing.T) {
	t.Parallel()
	db := testDatabase(t, t.TempDir())
	p, err := openPhone(db, 30)
	if err != nil {
		t.Fatal(err)
	}
	advance := func(height uint64) error {
		return p.change(func(t *targets) error { return t.advance(rand.Reader, &HeadReport{Height: height}, 4) })
	}
	if err := advance(100); err != nil {
		t.Fatal(err)
	}
	roomy := db.space
	db.space = disk.NewSpace(disk.Config{Dir: t.TempDir(), MinFree: 1, Log: testLog(t), Free: func(string) (uint64, error) { return 0, nil }})
	if err := advance(200); !errors.Is(err, disk.ErrFull) {
		t.Fatalf("on a full disk: %v, want %v", err, disk.ErrFull)
	}
	if due := p.targets.due(); p.targets.head() != 100 || len(due) != 1 || due[0].Height != 100 {
		t.Errorf("head %d, targets %v: want what is on disk, 100 alone", p.targets.head(), due)
	}
	db.space = roomy
	if err := advance(200); err != nil || p.targets.head() != 200 || len(p.targets.due()) != 5 {
		t.Errorf("with room again: %v, head %d, targets %v: want 4 more", err, p.targets.head(), p.targets.due())
	}
}

func TestDrawnHeightsAreDistinctAndEven(t *testing.T) {
	t.Parallel()
	for _, span := range []uint64{20, 5000} {
		seen := make(map[uint64]int)
		for range 400 {
			s := targets{Start: 100, Head: &HeadReport{Height: 100}, Waiting: []target{{Height: 105}}}
			if err := s.draw(rand.Reader, 100, 100+span, 10); err != nil || len(s.Waiting) != 11 {
				t.Fatalf("%v, %v", s.Waiting, err)
			}
			for _, w := range s.Waiting[1:] {
				seen[w.Height]++
				if w.Height <= 100 || w.Height > 100+span || w.Height == 105 {
					t.Fatalf("drew height %d", w.Height)
				}
			}
		}
		if span == 20 {
			for height := uint64(101); height <= 120; height++ { // 4000 draws of 19 heights: 210 of each, give or take 10
				if n := seen[height]; height != 105 && (n < 140 || n > 280) {
					t.Errorf("height %d was drawn %d times of 4000", height, n)
				}
			}
		} else if len(seen) < 1500 {
			t.Errorf("4000 draws of 5000 heights met only %d", len(seen))
		}
	}
	s := targets{Head: &HeadReport{Height: 5}}
	if err := s.draw(bytes.NewReader(nil), 1, 5, 2); err == nil {
		t.Error("drew without randomness")
	}
	if err := s.draw(rand.Reader, 1, 5, 50); err != nil || len(s.Waiting) != 4 {
		t.Errorf("more than there are: %v, %v", s.Waiting, err)
	}
	if err := s.draw(rand.Reader, 5, 5, 2); err != nil || len(s.Waiting) != 4 {
		t.Errorf("of none: %v, %v", s.Waiting, err)
	}
}
