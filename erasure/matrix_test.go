package erasure

import "testing"

func TestCoordIn(t *testing.T) {
	for _, test := range []struct {
		at   Coord
		k    int
		want bool
	}{
		{Coord{0, 0}, 1, true},
		{Coord{1, 127}, 1, true},
		{Coord{2, 0}, 1, false},
		{Coord{0, 128}, 1, false},
		{Coord{-1, 0}, 1, false},
		{Coord{0, -1}, 1, false},
		{Coord{0, 0}, 0, false},
		{Coord{511, 127}, MaxRows, true},
	} {
		if have := test.at.In(test.k); have != test.want {
			t.Errorf("%v in a matrix of %d rows: have %t, want %t", test.at, test.k, have, test.want)
		}
	}
}
