package erasure

// Recoverable tells whether cells at these coordinates determine the extended matrix of k original rows: whether Recover
// would not fail with ErrUnrecoverable. It decodes nothing. Coordinates outside the matrix are passed over.
func Recoverable[V any](k int, cells map[Coord]V) bool {
	if checkK(k) != nil {
		return false
	}
	have := make([]indexSet, 2*k)
	for at := range cells {
		if at.In(k) {
			have[at.Row].add(at.Column)
		}
	}
	_, err := planRecovery(have)
	return err == nil
}
