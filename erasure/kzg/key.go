package kzg

// VerificationKey is what a verifier of cells needs of the ceremony's parameters, encoded as every library reads it.
type VerificationKey struct {
	// Powers are [τ⁰]₁ … [τ⁶³]₁, compressed.
	Powers [CellScalars][PointSize]byte
	// Tau64 is [τ⁶⁴]₂, compressed.
	Tau64 [2 * PointSize]byte
}

// VerificationKey returns the parameters by which another implementation can verify what this one does.
func (s *Setup) VerificationKey() *VerificationKey {
	key := new(VerificationKey)
	for i := range key.Powers {
		key.Powers[i] = s.powers[i].Bytes()
	}
	tau64 := decodeSetupG2([]byte(setupBytes[setupSize-setupG2Size:]))
	key.Tau64 = tau64.Bytes()
	return key
}
