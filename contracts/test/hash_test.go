package test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"

	"github.com/ashlar-da/ashlar/contracts/test/evm"
)

const suite = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"

// random is a stream of its own for each test, the same in every run.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func randomHash(r *rand.Rand) (out [32]byte) {
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// TestHashToG2: the contract hashes to the point that gnark-crypto does.
func TestHashToG2(t *testing.T) {
	caller := evm.New(t).Deploy(t, "HashToG2Caller")
	messages := [][32]byte{{}, {31: 1}, {0: 0xff}}
	for r := random(1); len(messages) < 64; {
		messages = append(messages, randomHash(r))
	}
	for _, message := range messages {
		want, err := bls12381.HashToG2(message[:], []byte(suite))
		if err != nil {
			t.Fatal(err)
		}
		if got := caller.Call(t, "hash", message)[0].([]byte); string(got) != string(encodeG2(&want)) {
			t.Errorf("%x hashes to %x", message, got)
		}
	}
}

// encodeG2 writes a point as EIP-2537 has it.
func encodeG2(p *bls12381.G2Affine) (out []byte) {
	for _, e := range []fp.Element{p.X.A0, p.X.A1, p.Y.A0, p.Y.A1} {
		out = append(append(out, make([]byte, 16)...), e.Marshal()...)
	}
	return out
}

// TestReduce: remainders of numbers near multiples of the prime, and of random ones.
func TestReduce(t *testing.T) {
	caller := evm.New(t).Deploy(t, "HashToG2Caller")
	p, r, all := fp.Modulus(), random(2), new(big.Int).Lsh(big.NewInt(1), 512)
	numbers := []*big.Int{new(big.Int), new(big.Int).Sub(all, big.NewInt(1))}
	most := new(big.Int).Div(all, p)
	for _, q := range []*big.Int{big.NewInt(0), big.NewInt(1), big.NewInt(2), most, new(big.Int).Sub(most, big.NewInt(1)), new(big.Int).Rsh(most, 1)} {
		for d := int64(-1); d <= 1; d++ {
			n := new(big.Int).Add(new(big.Int).Mul(p, q), big.NewInt(d))
			numbers = append(numbers, n.Abs(n))
		}
	}
	for range 64 {
		high, low := randomHash(r), randomHash(r)
		q := new(big.Int).Rsh(new(big.Int).SetBytes(high[:]), 126)
		numbers = append(numbers, new(big.Int).SetBytes(append(high[:], low[:]...)), q.Mul(q, p))
	}
	for _, n := range numbers {
		var wide [64]byte
		n.FillBytes(wide[:])
		out := caller.Call(t, "reduce", [32]byte(wide[:32]), [32]byte(wide[32:]))
		high, low := out[0].([32]byte), out[1].([32]byte)
		got := new(big.Int).SetBytes(append(high[:], low[:]...))
		if want := new(big.Int).Mod(n, p); got.Cmp(want) != 0 {
			t.Errorf("%x reduces to %x, want %x", n, got, want)
		}
	}
}
