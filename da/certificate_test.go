package da

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// attesters returns a set of n, all of the same power, and their secrets. One more validator has no key.
func attesters(t testing.TB, n int) (*AttesterSet, []*AttestationSecret) {
	t.Helper()
	random := rand.NewChaCha8([32]byte{1})
	set, secrets := &AttesterSet{Epoch: 3, Total: uint64(n+1) * 10}, make([]*AttestationSecret, n)
	for i := range secrets {
		secret, err := NewAttestationSecret(random)
		if err != nil {
			t.Fatal(err)
		}
		secrets[i] = secret
		set.Attesters = append(set.Attesters, Attester{Operator: [AddressSize]byte{byte(i), byte(i >> 8), 1}, Key: secret.Key(), Power: 10})
	}
	return set, secrets
}

// certify has some attesters sign, in any order.
func certify(t testing.TB, set *AttesterSet, secrets []*AttestationSecret, which ...int) *Certificate {
	t.Helper()
	hash, err := set.Hash()
	if err != nil {
		t.Fatal(err)
	}
	c := &Certificate{Attestation: Attestation{
		ChainID: "ashlar-1", Epoch: set.Epoch, SetHash: hash, Height: 77, Time: 1_800_000_000,
		HeaderHash: Keccak256([]byte("header")), DataRoot: Keccak256([]byte("data")), BlobTreeRoot: Keccak256([]byte("blobs")), HistoryRoot: Keccak256([]byte("history")),
	}}
	c.Signature = signAll(t, secrets, c.Digest(), &c.Signers, which...)
	return c
}

func signAll(t testing.TB, secrets []*AttestationSecret, digest [HashSize]byte, signers *Signers, which ...int) AttestationSignature {
	t.Helper()
	var signatures []AttestationSignature
	for _, i := range which {
		signature, err := secrets[i].Attest(digest)
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, signature)
		signers.Add(i)
	}
	sum, err := AggregateSignatures(signatures)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestSignatureOfEthereum holds the suite against a case of Ethereum's BLS tests, "sign" of
// github.com/ethereum/bls12-381-tests, which has the same one.
func TestSignatureOfEthereum(t *testing.T) {
	secret, err := ParseAttestationSecret(fromHex(t, "263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3"))
	if err != nil {
		t.Fatal(err)
	}
	message := [32]byte(fromHex(t, "5656565656565656565656565656565656565656565656565656565656565656"))
	signature, err := secret.Attest(message)
	if err != nil {
		t.Fatal(err)
	}
	const want = "882730e5d03f6b42c3abc26d3372625034e1d871b65a8a6b900a56dae22da98abbe1b68f85e49fe7652a55ec3d0591c20767677e33e5cbb1207315c41a9ac03be39c2e7668edc043d6cb1d9fd93033caa8a1c5b0e84bedaeb6c64972503a43eb"
	if got := hex.EncodeToString(signature[:]); got != want {
		t.Errorf("have %s, want %s", got, want)
	}
}

func TestCertificateVerifies(t *testing.T) {
	set, secrets := attesters(t, 5)
	for _, c := range []struct {
		name  string
		which []int
		want  error
	}{
		{"all who have a key", []int{0, 1, 2, 3, 4}, nil},
		{"in another order", []int{4, 2, 0, 3, 1}, nil},
		{"two thirds and no more", []int{0, 1, 2, 3}, ErrNoQuorum},
		{"one", []int{2}, ErrNoQuorum},
	} {
		cert := certify(t, set, secrets, c.which...)
		if err := cert.Verify("ashlar-1", set); !errors.Is(err, c.want) {
			t.Errorf("%s: have %v, want %v", c.name, err, c.want)
		}
	}
	set.Total = 59 // four have more than two thirds of that
	cert := certify(t, set, secrets, 0, 1, 3, 4)
	if err := cert.Verify("ashlar-1", set); err != nil {
		t.Error(err)
	}
}

func TestCertificateRefuses(t *testing.T) {
	set, secrets := attesters(t, 5)
	set.Total = 50
	other, _ := attesters(t, 4)
	for _, c := range []struct {
		name   string
		change func(c *Certificate, set *AttesterSet)
		want   error
	}{
		{"another chain", func(c *Certificate, _ *AttesterSet) { c.ChainID = "ashlar-2" }, ErrMismatch},
		{"another epoch", func(c *Certificate, _ *AttesterSet) { c.Epoch++ }, ErrMismatch},
		{"the set's epoch", func(_ *Certificate, s *AttesterSet) { s.Epoch++ }, ErrMismatch},
		{"another set", func(_ *Certificate, s *AttesterSet) { *s = *other }, ErrMismatch},
		{"another power", func(_ *Certificate, s *AttesterSet) { s.Attesters[0].Power-- }, ErrMismatch},
		{"another operator", func(_ *Certificate, s *AttesterSet) { s.Attesters[0].Operator[5]++ }, ErrMismatch},
		{"another total", func(_ *Certificate, s *AttesterSet) { s.Total++ }, ErrMismatch},
		{"another height", func(c *Certificate, _ *AttesterSet) { c.Height++ }, ErrInvalidSignature},
		{"another time", func(c *Certificate, _ *AttesterSet) { c.Time++ }, ErrInvalidSignature},
		{"another header", func(c *Certificate, _ *AttesterSet) { c.HeaderHash[0]++ }, ErrInvalidSignature},
		{"another data root", func(c *Certificate, _ *AttesterSet) { c.DataRoot[0]++ }, ErrInvalidSignature},
		{"another blob tree", func(c *Certificate, _ *AttesterSet) { c.BlobTreeRoot[0]++ }, ErrInvalidSignature},
		{"another history", func(c *Certificate, _ *AttesterSet) { c.HistoryRoot[0]++ }, ErrInvalidSignature},
		{"a signer who did not sign", func(c *Certificate, _ *AttesterSet) { c.Signers.Add(4) }, ErrInvalidSignature},
		{"other signers", func(c *Certificate, _ *AttesterSet) { c.Signers = Signers{31: 0b11110} }, ErrInvalidSignature},
		{"a signer whom the set does not have", func(c *Certificate, _ *AttesterSet) { c.Signers.Add(5) }, ErrMalformed},
		{"the last signer of 256", func(c *Certificate, _ *AttesterSet) { c.Signers.Add(255) }, ErrMalformed},
		{"too few signers", func(c *Certificate, _ *AttesterSet) { c.Signers = Signers{31: 0b0111} }, ErrNoQuorum},
		{"nobody", func(c *Certificate, _ *AttesterSet) { c.Signers = Signers{} }, ErrNoQuorum},
		{"infinity for a signature", func(c *Certificate, _ *AttesterSet) { c.Signature = AttestationSignature{0xc0} }, ErrInvalidSignature},
		{"a point outside the subgroup", func(c *Certificate, _ *AttesterSet) { c.Signature = outsideG2(t) }, ErrInvalidSignature},
		{"no point", func(c *Certificate, _ *AttesterSet) { c.Signature[95] ^= 1 }, ErrInvalidSignature},
		{"infinity for a key", func(_ *Certificate, s *AttesterSet) { s.Attesters[1].Key = AttestationKey{0xc0} }, ErrInvalidKey},
		{"a key twice", func(_ *Certificate, s *AttesterSet) { s.Attesters[1].Key = s.Attesters[0].Key }, ErrMalformed},
		{"an operator twice", func(_ *Certificate, s *AttesterSet) { s.Attesters[1].Operator = s.Attesters[0].Operator }, ErrMalformed},
		{"no power", func(_ *Certificate, s *AttesterSet) { s.Attesters[1].Power = 0 }, ErrMalformed},
		{"more power than there is", func(_ *Certificate, s *AttesterSet) { s.Total = 49 }, ErrMalformed},
		{"powers that overflow", func(_ *Certificate, s *AttesterSet) { s.Attesters[1].Power = 1<<64 - 5 }, ErrMalformed},
	} {
		valid := *set
		valid.Attesters = append([]Attester(nil), set.Attesters...)
		cert := certify(t, &valid, secrets, 0, 1, 2, 3)
		if err := cert.Verify("ashlar-1", &valid); err != nil {
			t.Fatal(err)
		}
		c.change(cert, &valid)
		if err := cert.Verify("ashlar-1", &valid); !errors.Is(err, c.want) {
			t.Errorf("%s: have %v, want %v", c.name, err, c.want)
		}
	}
}

// outsideG2 is a point of the curve whose order is not that of the group.
func outsideG2(t *testing.T) (out AttestationSignature) {
	t.Helper()
	for x := byte(1); x != 0; x++ {
		encoded := AttestationSignature{0: 0x80, 95: x}
		var p bls12381.G2Affine
		decoder := bls12381.NewDecoder(bytes.NewReader(encoded[:]), bls12381.NoSubgroupChecks())
		if err := decoder.Decode(&p); err == nil && !p.IsInSubGroup() {
			return encoded
		}
	}
	t.Fatal("no such point among the first")
	return out
}

// TestRogueKey has an attester whose key is chosen to cancel the others': without a proof of
// possession its signature alone passes for all of theirs.
func TestRogueKey(t *testing.T) {
	set, secrets := attesters(t, 4)
	set.Total = 40
	var rogue bls12381.G1Jac
	own, err := secrets[3].Key().point()
	if err != nil {
		t.Fatal(err)
	}
	rogue.FromAffine(own)
	for _, s := range secrets[:3] {
		p, err := s.Key().point()
		if err != nil {
			t.Fatal(err)
		}
		var minus bls12381.G1Affine
		rogue.AddMixed(minus.Neg(p))
	}
	set.Attesters[3].Key = new(bls12381.G1Affine).FromJacobian(&rogue).Bytes()
	cert := certify(t, set, secrets, 3)
	cert.Signers = Signers{31: 0b1111}
	if err := cert.Verify("ashlar-1", set); err != nil {
		t.Fatalf("the attack does not work, so that this test shows nothing: %v", err)
	}
	proof, err := secrets[3].Prove(set.Attesters[3].Operator)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Attesters[3].Key.VerifyPossession(set.Attesters[3].Operator, proof); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("a key that nobody has the secret of is registered: %v", err)
	}
}

func TestPossession(t *testing.T) {
	set, secrets := attesters(t, 2)
	operator, other := set.Attesters[0].Operator, set.Attesters[1].Operator
	proof, err := secrets[0].Prove(operator)
	if err != nil {
		t.Fatal(err)
	}
	key := secrets[0].Key()
	if err := key.VerifyPossession(operator, proof); err != nil {
		t.Error(err)
	}
	if err := key.VerifyPossession(other, proof); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("copied for another operator: %v", err)
	}
	if err := secrets[1].Key().VerifyPossession(operator, proof); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("another's proof: %v", err)
	}
	attested, err := secrets[0].Attest(Keccak256(key[:]))
	if err != nil {
		t.Fatal(err)
	}
	if err := key.VerifyPossession(operator, attested); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("an attestation for a proof: %v", err)
	}
	if err := key.VerifyAttestation([32]byte(key[:32]), proof); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("a proof for an attestation: %v", err)
	}
	for _, bad := range []AttestationKey{{}, {0xc0}, {0x80, 47: 1}, {0xff}} {
		if err := bad.VerifyPossession(operator, proof); !errors.Is(err, ErrInvalidKey) {
			t.Errorf("key %s: %v", bad, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	secret, err := NewAttestationSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	encoded := secret.Bytes()
	again, err := ParseAttestationSecret(encoded[:])
	if err != nil || again.Key() != secret.Key() {
		t.Errorf("the secret came back as another: %v", err)
	}
	if text := fmt.Sprint(secret); text != "attestation secret of "+secret.Key().String() {
		t.Errorf("printed as %q", text)
	}
	order := bls12381.ID.ScalarField()
	for name, bad := range map[string][]byte{
		"zero": make([]byte, 32), "the order": order.Bytes(), "more": new(big.Int).Add(order, big.NewInt(5)).Bytes(), "short": encoded[1:], "long": append(encoded[:], 0), "nothing": nil,
	} {
		if _, err := ParseAttestationSecret(bad); !errors.Is(err, ErrInvalidKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignedRotation(t *testing.T) {
	set, secrets := attesters(t, 4)
	set.Total = 40
	next := &AttesterSet{Epoch: set.Epoch + 1, Attesters: set.Attesters[1:], Total: 40}
	setHash, err := set.Hash()
	if err != nil {
		t.Fatal(err)
	}
	nextHash, err := next.Hash()
	if err != nil {
		t.Fatal(err)
	}
	valid := SignedRotation{Rotation: Rotation{ChainID: "ashlar-1", Epoch: set.Epoch, SetHash: setHash, NextHash: nextHash, Time: 1_800_000_000}}
	valid.Signature = signAll(t, secrets, valid.Digest(), &valid.Signers, 0, 2, 3)
	for _, c := range []struct {
		name   string
		change func(r *SignedRotation, next *AttesterSet)
		want   error
	}{
		{"valid", func(*SignedRotation, *AttesterSet) {}, nil},
		{"another chain", func(r *SignedRotation, _ *AttesterSet) { r.ChainID = "x" }, ErrMismatch},
		{"an epoch later", func(_ *SignedRotation, next *AttesterSet) { next.Epoch++ }, ErrMismatch},
		{"another set", func(_ *SignedRotation, next *AttesterSet) { next.Total++ }, ErrMismatch},
		{"a set of no sense", func(_ *SignedRotation, next *AttesterSet) { next.Total = 1 }, ErrMalformed},
		{"another time", func(r *SignedRotation, _ *AttesterSet) { r.Time++ }, ErrInvalidSignature},
		{"too few", func(r *SignedRotation, _ *AttesterSet) { r.Signers = Signers{31: 0b1001} }, ErrNoQuorum},
		{"an attestation's signature", func(r *SignedRotation, _ *AttesterSet) {
			a := Attestation{ChainID: r.ChainID, Epoch: r.Epoch, SetHash: r.SetHash}
			r.Signature = signAll(t, secrets, a.Digest(), new(Signers), 0, 2, 3)
		}, ErrInvalidSignature},
	} {
		r, n := valid, *next
		c.change(&r, &n)
		if err := r.Verify("ashlar-1", set, &n); !errors.Is(err, c.want) {
			t.Errorf("%s: have %v, want %v", c.name, err, c.want)
		}
	}
}

func TestAggregateNothing(t *testing.T) {
	_, secrets := attesters(t, 1)
	one, err := secrets[0].Attest([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	p, err := one.point()
	if err != nil {
		t.Fatal(err)
	}
	minus := AttestationSignature(p.Neg(p).Bytes())
	for name, signatures := range map[string][]AttestationSignature{"none": nil, "opposites": {one, minus}, "no point": {one, {1}}} {
		if _, err := AggregateSignatures(signatures); !errors.Is(err, ErrInvalidSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeCertificate(f *testing.F) {
	set, secrets := attesters(f, 4)
	set.Total = 40
	valid := certify(f, set, secrets, 0, 1, 3)
	f.Add(valid.Encode())
	f.Add(valid.Encode()[:100])
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, encoded []byte) {
		c, err := DecodeCertificate(encoded)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		if again := c.Encode(); string(again) != string(encoded) {
			t.Errorf("%x decodes, and encodes to %x", encoded, again)
		}
		if err := c.Verify(c.ChainID, set); err == nil && c.Digest() != valid.Digest() {
			t.Errorf("%+v verifies", c)
		}
	})
}

func BenchmarkCertificateVerify(b *testing.B) {
	for _, n := range []int{20, 100, 200} {
		b.Run(fmt.Sprintf("attesters=%d", n), func(b *testing.B) {
			set, secrets := attesters(b, n)
			set.Total = uint64(n) * 10
			which := make([]int, n*3/4)
			for i := range which {
				which[i] = i
			}
			cert := certify(b, set, secrets, which...)
			for b.Loop() {
				if err := cert.Verify("ashlar-1", set); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifySigners is what a chain computes for evidence: the set is decoded for each, and with it every key of those who signed.
func BenchmarkVerifySigners(b *testing.B) {
	for _, n := range []int{1, 100, 200} {
		b.Run(fmt.Sprintf("signers=%d", n), func(b *testing.B) {
			set, secrets := attesters(b, n)
			which := make([]int, n)
			for i := range which {
				which[i] = i
			}
			set.Total = uint64(n) * 10
			cert := certify(b, set, secrets, which...)
			for b.Loop() {
				if err := set.VerifySigners(&cert.Signers, cert.Digest(), cert.Signature); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fromHex(t *testing.T, digits string) []byte {
	t.Helper()
	decoded, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}
