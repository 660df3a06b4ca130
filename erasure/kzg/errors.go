package kzg

import "errors"

var (
	// ErrNonCanonicalScalar means that 32 bytes encode a value not less than the field's modulus.
	ErrNonCanonicalScalar = errors.New("kzg: scalar is not less than the field's modulus")
	// ErrInvalidPoint means that 48 bytes are not the canonical encoding of a point of the prime-order subgroup.
	ErrInvalidPoint = errors.New("kzg: not the canonical encoding of a point in the subgroup")
	// ErrInvalidProof means that all inputs are well-formed but the equation to verify does not hold.
	ErrInvalidProof = errors.New("kzg: the verification equation does not hold")
	// ErrBadInput means that the caller passed wrong lengths, indices out of range or nil values.
	ErrBadInput = errors.New("kzg: bad input")
)
