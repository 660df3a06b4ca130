package erasure

// extrapolate continues a polynomial of degree less than k = len(values) from its values at 0 … k−1: emit receives its
// value at k … 2k−1 in turn and must copy what it keeps. subtract(a, b) sets a to b−a and add(a, b) sets a to a+b, in
// place. values is used up.
func extrapolate[V any](values []V, subtract, add func(a, b V), emit func(at int, value V)) {
	k := len(values)
	// Afterwards values[k−1−m] is the m-th backward difference at k−1.
	for m := 1; m < k; m++ {
		for i := range k - m {
			subtract(values[i], values[i+1])
		}
	}
	// The (k−1)-th difference is constant; each other grows by the next higher one.
	for j := range k {
		for i := 1; i < k; i++ {
			add(values[i], values[i-1])
		}
		emit(k+j, values[k-1])
	}
}
