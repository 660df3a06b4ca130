package lightnode

import (
	"slices"
)

// span is a run of heights, both ends included.
type span struct{ low, high uint64 }

// spans is a set of heights as runs: ascending, apart from each other by at least one
// height.
type spans []span

// find returns the index of the first run that ends at or above a height.
func (s spans) find(height uint64) int {
	i, _ := slices.BinarySearchFunc(s, height, func(run span, height uint64) int {
		if run.high < height {
			return -1
		}
		return 1
	})
	return i
}

// has tells whether a height is in the set.
func (s spans) has(height uint64) bool {
	i := s.find(height)
	return i < len(s) && s[i].low <= height
}

// top returns the highest run.
func (s spans) top() (span, bool) {
	if len(s) == 0 {
		return span{}, false
	}
	return s[len(s)-1], true
}

// add puts a height into the set.
func (s *spans) add(height uint64) {
	if s.has(height) {
		return
	}
	i := s.find(height)
	below := i > 0 && (*s)[i-1].high+1 == height
	above := i < len(*s) && (*s)[i].low == height+1
	switch {
	case below && above:
		(*s)[i-1].high = (*s)[i].high
		*s = slices.Delete(*s, i, i+1)
	case below:
		(*s)[i-1].high = height
	case above:
		(*s)[i].low = height
	default:
		*s = slices.Insert(*s, i, span{height, height})
	}
}

// remove takes a height out of the set.
func (s *spans) remove(height uint64) {
	if !s.has(height) {
		return
	}
	i := s.find(height)
	run := (*s)[i]
	var rest []span
	if run.low < height {
		rest = append(rest, span{run.low, height - 1})
	}
	if height < run.high {
		rest = append(rest, span{height + 1, run.high})
	}
	*s = slices.Replace(*s, i, i+1, rest...)
}
