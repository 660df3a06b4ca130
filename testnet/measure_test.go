package testnet

import (
	"testing"
	"time"
)

// blocks makes blocks with these numbers of rows, and these seconds between them.
func blocks(rows []int, seconds ...float64) []Block {
	var made []Block
	at := time.Unix(0, 0)
	for i, k := range rows {
		if i > 0 {
			at = at.Add(time.Duration(seconds[i-1] * float64(time.Second)))
		}
		made = append(made, Block{Height: uint64(i + 1), Time: at, Rows: k})
	}
	return made
}

func TestMeasureBlockTimes(t *testing.T) {
	for _, c := range []struct {
		name   string
		blocks []Block
		want   BlockTimes
	}{
		{"no block", nil, BlockTimes{}},
		{"one block", blocks([]int{3}), BlockTimes{}},
		{"no data", blocks([]int{0, 1, 0}, 1, 2), BlockTimes{Median: 1, P90: 2, Max: 2}},
		{"data", blocks([]int{0, 34, 1, 17, 0}, 1, 4, 2, 3), BlockTimes{Median: 2, P90: 4, Max: 4, WithData: 3}},
	} {
		if have := MeasureBlockTimes(c.blocks); have != c.want {
			t.Errorf("%s: have %+v want %+v", c.name, have, c.want)
		}
	}
}

func TestLargest(t *testing.T) {
	if have := Largest(blocks([]int{1, 34, 34, 2}, 1, 1, 1)); have.Height != 2 || have.SquareBytes() != 34*131072 {
		t.Errorf("have %+v of %d bytes", have, have.SquareBytes())
	}
}

func TestVerdictsSumUp(t *testing.T) {
	v := Verdicts{
		1: {Verdict: available, Confidence: 0, Samples: 0},
		2: {Verdict: available, Confidence: 0.999, Samples: 30, Verified: 30},
		3: {Verdict: available, Confidence: 0.9999, Samples: 30, Verified: 30},
	}
	if v.Cells() != 60 || v.MinConfidence() != 0.999 {
		t.Errorf("have %d cells, confidence %v; an empty block does not count", v.Cells(), v.MinConfidence())
	}
	if have := (Verdicts{}).MinConfidence(); have != 1 {
		t.Errorf("nothing to doubt: have %v", have)
	}
}

func TestOtherIsAnother(t *testing.T) {
	n := &Network{FullNodes: make([]*FullNode, 5)}
	for i := range n.FullNodes {
		n.FullNodes[i] = new(FullNode)
	}
	for index := range n.FullNodes {
		seen := map[*FullNode]bool{}
		for turn := range 9 {
			other := n.other(index, turn)
			if other == n.FullNodes[index] {
				t.Fatalf("index %d, turn %d: the node itself", index, turn)
			}
			seen[other] = true
		}
		if len(seen) != 4 {
			t.Errorf("index %d: %d others in turn, want all 4", index, len(seen))
		}
	}
}
