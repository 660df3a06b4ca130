package da

import (
	"bytes"
	"cmp"
	"slices"
)

// NextAttesters orders the attesters of the next set so that it differs from the set before in as few
// places as its members do: whoever stays keeps its index, whatever its key and power are now; newcomers, by
// power and then by operator, take the lowest indices left free; and while there are free ones below
// others, the last attester moves down into the lowest. Of more candidates than MaxAttesters those of greatest power are
// in the set. Candidates are of distinct operators, in any order.
func NextAttesters(before, candidates []Attester) []Attester {
	chosen := slices.Clone(candidates)
	slices.SortFunc(chosen, byPower)
	chosen = chosen[:min(len(chosen), MaxAttesters)]
	return compact(seat(before, chosen))
}

// byPower orders the more powerful first, and equals by operator.
func byPower(a, b Attester) int {
	return cmp.Or(cmp.Compare(b.Power, a.Power), bytes.Compare(a.Operator[:], b.Operator[:]))
}

// seat gives each of the chosen, by power, its index of before, or the lowest that is free.
func seat(before, chosen []Attester) []*Attester {
	index := make(map[[AddressSize]byte]int, len(before))
	for i := range before {
		index[before[i].Operator] = i
	}
	seats := make([]*Attester, max(len(before), len(chosen)))
	var newcomers []*Attester
	for i := range chosen {
		if at, stays := index[chosen[i].Operator]; stays {
			seats[at] = &chosen[i]
		} else {
			newcomers = append(newcomers, &chosen[i])
		}
	}
	for at := range seats {
		if seats[at] == nil && len(newcomers) > 0 {
			seats[at], newcomers = newcomers[0], newcomers[1:]
		}
	}
	return seats
}

// compact moves the last into the lowest free seat until none is free.
func compact(seats []*Attester) []Attester {
	var set []Attester
	for last := len(seats) - 1; len(set) <= last; {
		switch at := len(set); {
		case seats[last] == nil:
			last--
		case seats[at] == nil:
			seats[at], seats[last] = seats[last], nil
		default:
			set = append(set, *seats[at])
		}
	}
	return set
}
