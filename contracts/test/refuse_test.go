package test

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fp"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"

	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
)

// claim is what the light client is shown: a certificate that is to be corrupted, field by field.
type claim struct {
	attestation committee.Attestation
	signers     *big.Int
	signature   []byte
}

func claimOf(t *testing.T, c *da.Certificate) claim {
	args := committee.Args(t, c)
	return claim{args[0].(committee.Attestation), args[1].(*big.Int), args[2].([]byte)}
}

func (c claim) args() []any { return []any{c.attestation, c.signers, c.signature} }

// TestRefused corrupts one valid certificate, of 21 attesters of equal power of whom the fifth and the ninth are missing.
func TestRefused(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 21, chain.Now(t)-1000)
	client := c.Deploy(t, chain)
	now := chain.Now(t)
	a := c.Attestation(t, 77, now)
	valid := c.Certify(t, a, 4, 8)
	resign := func(set *committee.Committee, change func(*da.Attestation), missing ...int) func(*claim) {
		return func(cl *claim) {
			b := *a
			change(&b)
			*cl = claimOf(t, set.Certify(t, &b, missing...))
		}
	}
	others := committee.New(t, 0, c.Time)
	for i := range 21 {
		others.Add(t, 1000+i, 1_000_000)
	}
	as := func(*da.Attestation) {}
	rows := []struct {
		name, want string
		corrupt    func(*claim)
	}{
		{"valid", "", nil},
		{"epoch", "WrongEpoch", func(c *claim) { c.attestation.Epoch++ }},
		{"epoch before", "WrongEpoch", func(c *claim) { c.attestation.Epoch-- }},
		{"last epoch", "WrongEpoch", func(c *claim) { c.attestation.Epoch = 1<<64 - 1 }},
		{"height", "WrongSignature", func(c *claim) { c.attestation.Height++ }},
		{"as high as may be", "", resign(c, func(a *da.Attestation) { a.Height = 1<<36 - 1 }, 4, 8)},
		{"too high", "TooHigh", resign(c, func(a *da.Attestation) { a.Height = 1 << 36 }, 4, 8)},
		{"time", "WrongSignature", func(c *claim) { c.attestation.Time-- }},
		{"header hash", "WrongSignature", func(c *claim) { c.attestation.HeaderHash[0] ^= 1 }},
		{"data root", "WrongSignature", func(c *claim) { c.attestation.DataRoot[31] ^= 1 }},
		{"blob tree root", "WrongSignature", func(c *claim) { c.attestation.BlobTreeRoot[7] ^= 1 }},
		{"history root", "WrongSignature", func(c *claim) { c.attestation.HistoryRoot[7] ^= 1 }},
		{"forged: signed by others", "WrongSignature", resign(others, as, 4, 8)},
		{"of another chain", "WrongSignature", resign(c, func(a *da.Attestation) { a.ChainID += "x" }, 4, 8)},
		{"of another set", "WrongSignature", resign(c, func(a *da.Attestation) { a.SetHash = others.Hash(t) }, 4, 8)},
		{"of a rotation", "WrongSignature", func(cl *claim) { cl.signature = committee.EIP2537(t, c.HandOver(t, c.Next(), 4, 8).Signature) }},
		{"as old as may be", "", resign(c, func(a *da.Attestation) { a.Time = now + 1 - committee.MaxAge }, 4, 8)},
		{"too old", "TooOld", resign(c, func(a *da.Attestation) { a.Time = now - 1 - committee.MaxAge }, 4, 8)},
		{"time 0", "TooOld", resign(c, func(a *da.Attestation) { a.Time = 0 }, 4, 8)},
		{"a little ahead", "", resign(c, func(a *da.Attestation) { a.Time = now + 60 }, 4, 8)},
		{"from the future", "FromTheFuture", resign(c, func(a *da.Attestation) { a.Time = now + 90 }, 4, 8)},
		{"the end of time", "FromTheFuture", resign(c, func(a *da.Attestation) { a.Time = 1<<64 - 1 }, 4, 8)},
		{"one more than two thirds", "", resign(c, as, 0, 1, 2, 3, 4, 5)},
		{"exactly two thirds", "NoQuorum", resign(c, as, 0, 1, 2, 3, 4, 5, 6)},
		{"one", "NoQuorum", resign(c, as, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)},
		{"no signers", "NoQuorum", func(c *claim) { c.signers = new(big.Int) }},
		{"a signer not named", "WrongSignature", func(c *claim) { c.signers = without(c.signers, 0) }},
		{"one named who did not sign", "WrongSignature", func(c *claim) { c.signers = with(c.signers, 4) }},
		{"signers in another order", "WrongSignature", func(c *claim) { c.signers = with(without(c.signers, 3), 4) }},
		{"signers mirrored", "WrongSignature", func(c *claim) { c.signers = without(without(mask(21), 16), 12) }},
		{"a signer beyond the set", "UnknownSigners", func(c *claim) { c.signers = with(c.signers, 21) }},
		{"the 256th signer", "UnknownSigners", func(c *claim) { c.signers = with(c.signers, 255) }},
		{"no signature", "SignatureLength", func(c *claim) { c.signature = nil }},
		{"a short signature", "SignatureLength", func(c *claim) { c.signature = c.signature[:255] }},
		{"a long signature", "SignatureLength", func(c *claim) { c.signature = append(c.signature, 0) }},
		{"a compressed signature", "SignatureLength", func(c *claim) { c.signature = valid.Signature[:] }},
		{"infinity", "Infinity", func(c *claim) { c.signature = make([]byte, 256) }},
		{"not on the curve", "NotInSubgroup", func(c *claim) { c.signature[255] ^= 1 }},
		{"on the curve, not in the subgroup", "NotInSubgroup", func(c *claim) { c.signature = outsideG2(t) }},
		{"moved out of the subgroup", "NotInSubgroup", func(c *claim) { c.signature = sumG2(t, c.signature, outsideG2(t)) }},
		{"a coordinate not reduced", "NotInSubgroup", func(c *claim) { addPrime(c.signature[:64]) }},
		{"padding that is not zero", "NotInSubgroup", func(c *claim) { c.signature[0] = 1 }},
		{"parts exchanged", "NotInSubgroup", func(c *claim) { c.signature = slices.Concat(c.signature[64:128], c.signature[:64], c.signature[128:]) }},
		{"negated", "WrongSignature", func(c *claim) { c.signature = negatedG2(t, c.signature) }},
		{"another point", "WrongSignature", func(c *claim) { c.signature = sumG2(t, c.signature, c.signature) }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			cl := claimOf(t, valid)
			if row.corrupt != nil {
				row.corrupt(&cl)
			}
			if row.want == "" {
				client.Call(t, "verify", cl.args()...)
				return
			}
			client.Refuses(t, row.want, "verify", cl.args()...)
			client.Refuses(t, row.want, "attest", cl.args()...)
		})
	}
	t.Run("calldata", func(t *testing.T) { refusesCut(t, client, client.Pack(t, "verify", claimOf(t, valid).args()...)) })
}

// refusesCut: no prefix of a call is one, nor are numbers wider than their types.
func refusesCut(t *testing.T, client *evm.Contract, data []byte) {
	for _, size := range []int{0, 3, 4, 5, 36, 4 + 7*32, len(data) - 256, len(data) - 32, len(data) - 1} {
		client.RefusesRaw(t, "", data[:size])
	}
	for word := range 3 { // epoch, height, time
		wide := bytes.Clone(data)
		wide[4+32*word+23] = 1
		if _, err := client.CallRaw(wide); err == nil {
			t.Errorf("word %d: a number of more than 64 bits was accepted", word)
		}
	}
}

func mask(n uint) *big.Int {
	return new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), n), big.NewInt(1))
}

func with(n *big.Int, bit int) *big.Int { return new(big.Int).SetBit(n, bit, 1) }

func without(n *big.Int, bit int) *big.Int { return new(big.Int).SetBit(n, bit, 0) }

// addPrime makes a field element of 64 bytes one that is not reduced.
func addPrime(element []byte) {
	new(big.Int).Add(new(big.Int).SetBytes(element), fp.Modulus()).FillBytes(element)
}

// outsideG2 returns a point of G2's curve that is not in the subgroup.
func outsideG2(t *testing.T) []byte {
	var p bls12381.G2Affine
	var b bls12381.E2
	b.A0.SetUint64(4)
	b.A1.SetUint64(4)
	for x := uint64(1); ; x++ {
		p.X.A0.SetUint64(x)
		p.Y.Square(&p.X).Mul(&p.Y, &p.X).Add(&p.Y, &b)
		if p.Y.Legendre() == 1 {
			p.Y.Sqrt(&p.Y)
			break
		}
	}
	if !p.IsOnCurve() || p.IsInSubGroup() {
		t.Fatal("the point is not what this needs")
	}
	return encodeG2(&p)
}

// outsideG1 returns a key, as coordinates, on G1's curve but not in the subgroup.
func outsideG1(t *testing.T) []byte {
	var p bls12381.G1Affine
	for x := uint64(1); ; x++ {
		p.X.SetUint64(x)
		p.Y.Square(&p.X).Mul(&p.Y, &p.X)
		if p.Y.Add(&p.Y, new(fp.Element).SetUint64(4)).Legendre() == 1 {
			p.Y.Sqrt(&p.Y)
			break
		}
	}
	if !p.IsOnCurve() || p.IsInSubGroup() {
		t.Fatal("the point is not what this needs")
	}
	return append(p.X.Marshal(), p.Y.Marshal()...)
}

func decodeG2(t *testing.T, encoded []byte) (p bls12381.G2Affine) {
	for i, e := range []*fp.Element{&p.X.A0, &p.X.A1, &p.Y.A0, &p.Y.A1} {
		if err := e.SetBytesCanonical(encoded[64*i+16 : 64*i+64]); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func sumG2(t *testing.T, a, b []byte) []byte {
	p, q := decodeG2(t, a), decodeG2(t, b)
	p.Add(&p, &q)
	return encodeG2(&p)
}

func negatedG2(t *testing.T, a []byte) []byte {
	p := decodeG2(t, a)
	p.Neg(&p)
	return encodeG2(&p)
}

// TestInfiniteSum: two attesters whose keys cancel out. Whoever signs with the sum of their secrets signs with zero.
func TestInfiniteSum(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 2, chain.Now(t))
	first := c.Secrets[0].Bytes()
	var s fr.Element
	s.SetBytes(first[:])
	s.Neg(&s)
	secret, err := da.ParseAttestationSecret(s.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	signed := c.Certify(t, c.Attestation(t, 1, c.Time)) // some signature
	c.Secrets[1], c.Set.Attesters[1].Key = secret, secret.Key()
	client := c.Deploy(t, chain)
	a := c.Attestation(t, 1, chain.Now(t))
	cert := &da.Certificate{Attestation: *a, Signers: signed.Signers, Signature: signed.Signature}
	if err := cert.Verify(committee.ChainID, c.Set); !errors.Is(err, da.ErrInvalidKey) {
		t.Errorf("da: %v", err)
	}
	cl := claimOf(t, cert)
	client.Refuses(t, "Infinity", "attest", cl.args()...)
	cl.signature = make([]byte, 256)
	client.Refuses(t, "Infinity", "attest", cl.args()...)
}

// TestRogueKey shows what the contract leaves to the chain. A key chosen to cancel the others signs for all of them; whoever has chosen it
// so has no secret of it, and cannot prove possession, without which a chain registers no key.
func TestRogueKey(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 4, chain.Now(t))
	own := committee.Secret(t, 99)
	c.Set.Attesters[3].Key = cancelling(t, own.Key(), c.Set.Attesters[:3])
	possession, err := own.Prove(c.Set.Attesters[3].Operator)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Set.Attesters[3].Key.VerifyPossession(c.Set.Attesters[3].Operator, possession); !errors.Is(err, da.ErrInvalidSignature) {
		t.Fatalf("the rogue key's possession was proven: %v", err)
	}
	a := c.Attestation(t, 1, c.Time)
	signature, err := own.Attest(a.Digest())
	if err != nil {
		t.Fatal(err)
	}
	cert := &da.Certificate{Attestation: *a, Signature: signature}
	for i := range 4 {
		cert.Signers.Add(i)
	}
	honest := committee.New(t, 4, c.Time)
	client := honest.Deploy(t, chain)
	client.Refuses(t, "WrongSignature", "attest", committee.Args(t, cert)...)
	c.Set.Epoch++ // who relays brings the key itself, and signs that alone, for all
	r := honest.HandOver(t, c)
	if r.Signature, err = own.Attest(r.Digest()); err != nil {
		t.Fatal(err)
	}
	client.Refuses(t, "WrongSignature", "rotate", honest.RotateArgs(t, c, r)...)
	c.Set.Epoch--

	// Had the chain registered it, one attester would be all. That it does not is what a client's deployer and every set's
	// signers vouch for.
	c.Deploy(t, chain).Call(t, "verify", committee.Args(t, cert)...)
}

// cancelling returns own's key less the others.
func cancelling(t *testing.T, own da.AttestationKey, others []da.Attester) da.AttestationKey {
	var sum bls12381.G1Affine
	if _, err := sum.SetBytes(own[:]); err != nil {
		t.Fatal(err)
	}
	for i := range others {
		var p bls12381.G1Affine
		if _, err := p.SetBytes(others[i].Key[:]); err != nil {
			t.Fatal(err)
		}
		sum.Sub(&sum, &p)
	}
	return sum.Bytes()
}

// TestExpired: after the trusting period nothing is accepted, not even the rotation that was due.
func TestExpired(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 4, chain.Now(t))
	client := c.Deploy(t, chain)
	if client.Call(t, "expired")[0] != false {
		t.Error("expired when it was deployed")
	}
	next := c.Next()
	chain.Sleep(t, committee.TrustingPeriod*time.Second)
	chain.Commit()
	if client.Call(t, "expired")[0] != true {
		t.Error("not expired")
	}
	client.Refuses(t, "Expired", "attest", committee.Args(t, c.Certify(t, c.Attestation(t, 1, chain.Now(t))))...)
	client.Refuses(t, "Expired", "rotate", c.RotateArgs(t, next, c.HandOver(t, next))...)
	chain.RefusesDeploy(t, "Expired", "AshlarLightClient", committee.ChainID, uint64(committee.MaxAge), uint64(committee.TrustingPeriod), c.Trusted(t))
}
