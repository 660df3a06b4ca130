package da

import (
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
)

const (
	// AttestationCoordinatesSize is the length of a key as coordinates.
	AttestationCoordinatesSize = 2 * bls12381.SizeOfG1AffineCompressed
	// EIP2537SignatureSize is the length of a signature as Ethereum's precompiles take it.
	EIP2537SignatureSize = 256
)

// Coordinates returns x ‖ y, 48 bytes each, big-endian: what a set's hash covers and contracts keep. It fails with
// ErrInvalidKey.
func (k AttestationKey) Coordinates() (out [AttestationCoordinatesSize]byte, _ error) {
	p, err := k.point()
	if err != nil {
		return out, err
	}
	return coordinates(p), nil
}

func coordinates(p *bls12381.G1Affine) (out [AttestationCoordinatesSize]byte) {
	x, y := p.X.Bytes(), p.Y.Bytes()
	copy(out[:], x[:])
	copy(out[len(x):], y[:])
	return out
}

// EIP2537 returns the point as [EIP-2537] encodes those of G2: the real and the imaginary part of x, then those of y, 48 bytes
// big-endian behind 16 zeros each. It fails with ErrInvalidSignature.
//
// [EIP-2537]: https://github.com/ethereum/EIPs/blob/b6e99a80e826d759d7ca55dc027d4736ddfd0ae4/EIPS/eip-2537.md#curve-points-encoding
func (s AttestationSignature) EIP2537() (out [EIP2537SignatureSize]byte, _ error) {
	p, err := s.point()
	if err != nil {
		return out, err
	}
	parts := [][48]byte{p.X.A0.Bytes(), p.X.A1.Bytes(), p.Y.A0.Bytes(), p.Y.A1.Bytes()}
	for i := range parts {
		copy(out[64*i+16:], parts[i][:])
	}
	return out, nil
}

// SignatureFromEIP2537 is the inverse of EIP2537. It fails with ErrInvalidSignature.
func SignatureFromEIP2537(encoded []byte) (AttestationSignature, error) {
	var p bls12381.G2Affine
	if len(encoded) != EIP2537SignatureSize {
		return AttestationSignature{}, fmt.Errorf("%w: %d bytes, not %d", ErrInvalidSignature, len(encoded), EIP2537SignatureSize)
	}
	for i, part := range []*fp.Element{&p.X.A0, &p.X.A1, &p.Y.A0, &p.Y.A1} {
		padded := encoded[64*i : 64*i+64]
		if [16]byte(padded) != ([16]byte{}) {
			return AttestationSignature{}, fmt.Errorf("%w: part %d has more than 48 bytes", ErrInvalidSignature, i)
		}
		if err := part.SetBytesCanonical(padded[16:]); err != nil {
			return AttestationSignature{}, fmt.Errorf("%w: part %d: %w", ErrInvalidSignature, i, err)
		}
	}
	if p.IsInfinity() || !p.IsOnCurve() || !p.IsInSubGroup() {
		return AttestationSignature{}, fmt.Errorf("%w: it is no point of the subgroup, or infinity", ErrInvalidSignature)
	}
	return AttestationSignature(p.Bytes()), nil
}
