package circuit

import (
	"fmt"
	"math/big"

	tedwards "github.com/consensys/gnark-crypto/ecc/twistededwards"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/std/algebra/native/twistededwards"
	"github.com/consensys/gnark/std/hash/poseidon2"
	permutation "github.com/consensys/gnark/std/permutation/poseidon2"
	"github.com/consensys/gnark/std/signature/eddsa"

	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// builder has the gadgets that both circuits are made of.
type builder struct {
	frontend.API
	poseidon *permutation.Permutation
	curve    twistededwards.Curve
}

func newBuilder(api frontend.API) (*builder, error) {
	p, err := permutation.NewPoseidon2(api)
	if err != nil {
		return nil, fmt.Errorf("poseidon2: %w", err)
	}
	curve, err := twistededwards.NewEdCurve(api, tedwards.BLS12_381)
	if err != nil {
		return nil, fmt.Errorf("jubjub: %w", err)
	}
	return &builder{api, p, curve}, nil
}

// hash is ledger.Hash.
func (b *builder) hash(left, right frontend.Variable) frontend.Variable {
	return b.poseidon.Compress(left, right)
}

// climb returns the root over a leaf, at the index whose bits are given, with these siblings.
func (b *builder) climb(node frontend.Variable, bits, path []frontend.Variable) frontend.Variable {
	for i, sibling := range path {
		left := b.Select(bits[i], sibling, node)
		node = b.hash(left, b.Sub(b.Add(node, sibling), left))
	}
	return node
}

// equalIf asserts a = b where enabled is 1.
func (b *builder) equalIf(enabled, x, y frontend.Variable) {
	b.AssertIsEqual(b.Mul(enabled, b.Sub(x, y)), 0)
}

// zeroUnless asserts that values are zero where enabled is 0.
func (b *builder) zeroUnless(enabled frontend.Variable, values ...frontend.Variable) {
	for _, v := range values {
		b.AssertIsEqual(b.Mul(b.Sub(1, enabled), v), 0)
	}
}

// unpacked is what an account's packed scalar holds.
type unpacked struct{ owner, balance, nonce frontend.Variable }

func (b *builder) unpack(packed frontend.Variable) unpacked {
	const nonceAt = ledger.OwnerBits + ledger.BalanceBits
	bits := b.ToBinary(packed, nonceAt+ledger.NonceBits) // fewer than the field has: there is one way
	return unpacked{
		owner:   b.FromBinary(bits[:ledger.OwnerBits]...),
		balance: b.FromBinary(bits[ledger.OwnerBits:nonceAt]...),
		nonce:   b.FromBinary(bits[nonceAt:]...),
	}
}

func (b *builder) pack(u unpacked) frontend.Variable {
	balance := new(big.Int).Lsh(big.NewInt(1), ledger.OwnerBits)
	nonce := new(big.Int).Lsh(balance, ledger.BalanceBits)
	return b.Add(u.owner, b.Mul(u.balance, balance), b.Mul(u.nonce, nonce))
}

// signed asserts that the sender signed. A slot that needs no signature is signed by the placeholder's key, which
// everyone has: the same constraints hold in all slots.
func (b *builder) signed(t *TransferSlot, needed, published, nonce, domain frontend.Variable) {
	message := b.hash(b.Add(published, b.Mul(nonce, new(big.Int).Lsh(big.NewInt(1), 96))), domain)
	placeholder := ledger.Placeholder().Key()
	var key eddsa.PublicKey
	key.A.X = b.Select(needed, t.Sender.X, placeholder.X)
	key.A.Y = b.Select(needed, t.Sender.Y, placeholder.Y)
	signature := eddsa.Signature{R: twistededwards.Point{X: t.RX, Y: t.RY}, S: t.S}
	chain, err := poseidon2.New(b.API)
	if err != nil {
		panic(err) // the permutation was there a moment ago
	}
	if err := eddsa.Verify(b.curve, signature, message, key, chain); err != nil {
		panic(err) // fails for a cofactor other than Jubjub's alone
	}
}
