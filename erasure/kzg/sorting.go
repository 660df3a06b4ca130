package kzg

import "slices"

// sorter puts points in buckets by digits: it counts, and then knows where each goes. A group of buckets has one for
// each absolute value of digits, at the digit; the greatest, size, a power of two, comes where zero would be. Groups lie
// next to one another: those of a digit, group by group, before those of the next.
type sorter struct {
	size, groups int
	next         []int32 // by bucket: how many points, then where the next goes
}

// reset prepares the sorter for other buckets.
func (s *sorter) reset(size, groups int) {
	s.size, s.groups = size, groups
	s.next = slices.Grow(s.next[:0], size*groups)[:size*groups]
	clear(s.next)
}

func (s *sorter) bucket(digit int16, group int) int {
	if digit < 0 {
		digit = -digit
	}
	return int(digit)&(s.size-1)*s.groups + group
}

// count counts the points that have the digits in a group. Zero is no point.
func (s *sorter) count(digits []int16, group int) {
	for _, digit := range digits {
		if digit != 0 {
			s.next[s.bucket(digit, group)]++
		}
	}
}

// place puts the points, which are numbered from first, where they belong.
func (s *sorter) place(all []reference, digits []int16, group int, first reference) {
	for i, digit := range digits {
		if digit == 0 {
			continue
		}
		r := first + reference(i)
		if digit < 0 {
			r |= minus
		}
		next := &s.next[s.bucket(digit, group)]
		all[*next] = r
		*next++
	}
}

// startLists ends counting, by one sorter or several that share buckets, and returns how many points there are.
func startLists(sorters ...*sorter) int {
	place := int32(0)
	for b := range sorters[0].next {
		for _, s := range sorters {
			place, s.next[b] = place+s.next[b], place
		}
	}
	return int(place)
}

// lists appends the points of each bucket, once all are placed, to sorted. The sorter is the last of those that share
// buckets.
func (s *sorter) lists(sorted [][]reference, all []reference) [][]reference {
	from := int32(0)
	for _, to := range s.next {
		sorted = append(sorted, all[from:to])
		from = to
	}
	return sorted
}
