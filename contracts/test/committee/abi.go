package committee

import (
	"encoding/binary"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ashlar-da/ashlar/da"
)

// Attestation is the contracts' struct.
type Attestation struct {
	Epoch, Height, Time                             uint64
	HeaderHash, DataRoot, BlobTreeRoot, HistoryRoot [32]byte
}

// TrustedSet is the contracts' struct.
type TrustedSet struct {
	Epoch, Time, Total     uint64
	OperatorsHash, SetHash [32]byte
	Powers, Keys           []byte
}

// NextSet is the contracts' struct.
type NextSet struct {
	Time, Total            uint64
	OperatorsHash, SetHash [32]byte
	Powers, Changes        []byte
	Base                   common.Address
}

// Args are the arguments of the light client's attest and verify.
func Args(tb testing.TB, c *da.Certificate) []any {
	tb.Helper()
	return []any{Attestation{
		Epoch: c.Epoch, Height: c.Height, Time: c.Time,
		HeaderHash: c.HeaderHash, DataRoot: c.DataRoot, BlobTreeRoot: c.BlobTreeRoot, HistoryRoot: c.HistoryRoot,
	}, Signers(c.Signers), EIP2537(tb, c.Signature)}
}

// RotateArgs are the arguments of the light client's rotate, with every key that differs from that of the same place.
func (c *Committee) RotateArgs(tb testing.TB, next *Committee, r *da.SignedRotation) []any {
	tb.Helper()
	s := next.nextSet(tb)
	for i := range next.Set.Attesters {
		if i >= len(c.Set.Attesters) || next.Set.Attesters[i].Key != c.Set.Attesters[i].Key {
			s.Changes = append(append(s.Changes, byte(i)), next.key(tb, i)...)
		}
	}
	return []any{s, Signers(r.Signers), EIP2537(tb, r.Signature)}
}

// RebaseArgs are the arguments of the light client's rotate from a base that has all of the next set's keys.
func RebaseArgs(tb testing.TB, next *Committee, base common.Address, r *da.SignedRotation) []any {
	tb.Helper()
	s := next.nextSet(tb)
	s.Base = base
	return []any{s, Signers(r.Signers), EIP2537(tb, r.Signature)}
}

func (c *Committee) nextSet(tb testing.TB) NextSet {
	tb.Helper()
	return NextSet{Time: c.Time, Total: c.Set.Total, OperatorsHash: c.operatorsHash(), SetHash: c.Hash(tb), Powers: c.Powers()}
}

// Trusted returns what an AshlarLightClient is deployed with.
func (c *Committee) Trusted(tb testing.TB) TrustedSet {
	tb.Helper()
	return TrustedSet{
		Epoch: c.Set.Epoch, Time: c.Time, Total: c.Set.Total, OperatorsHash: c.operatorsHash(), SetHash: c.Hash(tb),
		Powers: c.Powers(), Keys: c.Keys(tb),
	}
}

// Powers returns all powers, 8 bytes each.
func (c *Committee) Powers() (out []byte) {
	for i := range c.Set.Attesters {
		out = binary.BigEndian.AppendUint64(out, c.Set.Attesters[i].Power)
	}
	return out
}

// Keys returns all keys, 96 bytes each.
func (c *Committee) Keys(tb testing.TB) (out []byte) {
	tb.Helper()
	for i := range c.Set.Attesters {
		out = append(out, c.key(tb, i)...)
	}
	return out
}

func (c *Committee) key(tb testing.TB, i int) []byte {
	tb.Helper()
	xy, err := c.Set.Attesters[i].Key.Coordinates()
	if err != nil {
		tb.Fatal(err)
	}
	return xy[:]
}

func (c *Committee) operatorsHash() [32]byte {
	var operators []byte
	for i := range c.Set.Attesters {
		operators = append(operators, c.Set.Attesters[i].Operator[:]...)
	}
	return da.Keccak256(operators)
}

// EIP2537 returns a signature as contracts take it.
func EIP2537(tb testing.TB, s da.AttestationSignature) []byte {
	tb.Helper()
	padded, err := s.EIP2537()
	if err != nil {
		tb.Fatal(err)
	}
	return padded[:]
}

// Unsigned is the number of a bit set, for signers that are made by hand.
func Unsigned(bits ...int) *big.Int {
	n := new(big.Int)
	for _, i := range bits {
		n.SetBit(n, i, 1)
	}
	return n
}
