package da

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// MaxAttesters bounds an epoch's set: who signed is a word of 256 bits.
const MaxAttesters = 256

// Attester is a validator with a key to attest.
type Attester struct {
	// Operator is the validator's account.
	Operator [AddressSize]byte
	Key      AttestationKey
	// Power is its voting power when the set was taken.
	Power uint64
}

// AttesterSet is who may attest in one epoch, in the order in which certificates count them.
type AttesterSet struct {
	Epoch     uint64
	Attesters []Attester
	// Total is the voting power of all validators, of those without a key too.
	Total uint64
}

// Check fails with ErrMalformed or ErrInvalidKey unless the set can be worked with. That each
// attester has proven possession of its key is for whoever registers keys to see to.
func (s *AttesterSet) Check() error {
	_, err := s.points()
	return err
}

// points decodes the keys of a set, and checks the rest of it.
func (s *AttesterSet) points() ([]bls12381.G1Affine, error) {
	if len(s.Attesters) > MaxAttesters {
		return nil, fmt.Errorf("%w: %d attesters, at most %d", ErrMalformed, len(s.Attesters), MaxAttesters)
	}
	points, sum := make([]bls12381.G1Affine, len(s.Attesters)), uint64(0)
	keys, operators := make(map[AttestationKey]bool), make(map[[AddressSize]byte]bool)
	for i := range s.Attesters {
		a := &s.Attesters[i]
		point, err := a.Key.point()
		if err != nil {
			return nil, fmt.Errorf("attester %d: %w", i, err)
		}
		var carry uint64
		if sum, carry = bits.Add64(sum, a.Power, 0); carry != 0 || sum > s.Total || a.Power == 0 {
			return nil, fmt.Errorf("%w: attester %d: a power of %d, of %d in all", ErrMalformed, i, a.Power, s.Total)
		}
		if keys[a.Key] || operators[a.Operator] {
			return nil, fmt.Errorf("%w: attester %d has the key or the operator of another", ErrMalformed, i)
		}
		points[i], keys[a.Key], operators[a.Operator] = *point, true, true
	}
	return points, nil
}

// Hash is Keccak-256 of the Solidity encoding of (uint64 epoch, uint256 total, bytes32 keys, bytes32
// powers, bytes32 operators): the last three are Keccak-256 of all keys as coordinates x ‖ y, 96 bytes
// each, of all powers, 8 bytes each, and of all operators, 20 bytes each. It fails as Check does.
func (s *AttesterSet) Hash() ([HashSize]byte, error) {
	points, err := s.points()
	if err != nil {
		return [HashSize]byte{}, err
	}
	return s.hash(points), nil
}

func (s *AttesterSet) hash(points []bls12381.G1Affine) [HashSize]byte {
	var keys, powers, operators []byte
	for i := range points {
		key := coordinates(&points[i])
		keys = append(keys, key[:]...)
		powers = binary.BigEndian.AppendUint64(powers, s.Attesters[i].Power)
		operators = append(operators, s.Attesters[i].Operator[:]...)
	}
	epoch, total := uintWord(s.Epoch), uintWord(s.Total)
	keysHash, powersHash, operatorsHash := Keccak256(keys), Keccak256(powers), Keccak256(operators)
	return Keccak256(epoch[:], total[:], keysHash[:], powersHash[:], operatorsHash[:])
}

// Signers tells which attesters of a set signed: bit i of the number that it is, big-endian, is the
// i-th's.
type Signers [MaxAttesters / 8]byte

// Has tells whether the i-th attester signed.
func (s *Signers) Has(i int) bool { return s[len(s)-1-i/8]>>(i%8)&1 == 1 }

// Add notes that the i-th attester signed.
func (s *Signers) Add(i int) { s[len(s)-1-i/8] |= 1 << (i % 8) }

// Count is how many signed.
func (s *Signers) Count() (n int) {
	for _, b := range s {
		n += bits.OnesCount8(b)
	}
	return n
}

// power returns what the signers of a set have together. It fails with ErrMalformed if there are any
// that the set does not have.
func (s *AttesterSet) power(signers *Signers) (sum uint64, _ error) {
	named := 0
	for i := range s.Attesters {
		if signers.Has(i) {
			sum += s.Attesters[i].Power // which is at most Total in all
			named++
		}
	}
	if n := signers.Count(); n != named {
		return 0, fmt.Errorf("%w: %d signers, of whom %d are in the set of %d", ErrMalformed, n, named, len(s.Attesters))
	}
	return sum, nil
}

// isQuorum tells whether a power is more than two thirds of all.
func (s *AttesterSet) isQuorum(power uint64) bool {
	high3, low3 := bits.Mul64(power, 3)
	high2, low2 := bits.Mul64(s.Total, 2)
	return high3 > high2 || high3 == high2 && low3 > low2
}
