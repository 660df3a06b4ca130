package swarm

import (
	"math"
	"testing"
)

func TestTheories(t *testing.T) {
	for _, test := range []struct {
		k                  int
		worstCase, peeling float64
	}{
		{8, 86, 26},
		{16, 179, 59},
		{33, 378, 134},
		{64, 740, 275},
	} {
		if got := WorstCase(test.k, 30); math.Round(got) != test.worstCase {
			t.Errorf("k = %d: worst case %.1f, want %.0f", test.k, got, test.worstCase)
		}
		if got := Peeling(test.k, 30); math.Round(got) != test.peeling {
			t.Errorf("k = %d: peeling %.1f, want %.0f", test.k, got, test.peeling)
		}
	}
}

func TestMeasuredLiesBetweenTheTheories(t *testing.T) {
	n, err := Measure(8, 30, 20, 1)
	if err != nil {
		t.Fatal(err)
	}
	if n.Least > n.Median || n.Median > n.Most || float64(n.Most) > n.WorstCase || float64(n.Median) < n.Peeling/2 || n.Cells < 8*64 {
		t.Errorf("%+v", n)
	}
	again, err := Measure(8, 30, 20, 1)
	if err != nil || *again != *n {
		t.Errorf("the same seed gave %+v, then %+v, %v", n, again, err)
	}
}

func TestMeasureRefuses(t *testing.T) {
	for _, bad := range [][3]int{{0, 30, 1}, {257, 30, 1}, {8, 0, 1}, {8, 30, 0}} {
		if n, err := Measure(bad[0], bad[1], bad[2], 1); err == nil {
			t.Errorf("%v: %+v", bad, n)
		}
	}
}
