// Package committee is a set of attesters whose secrets are known, for tests of contracts that check what it signs.
package committee

import (
	"encoding/binary"
	"math/big"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
)

// ChainID is the chain's on which a committee attests.
const ChainID = "ashlar-test-1"

// What Deploy bounds ages by, in seconds.
const (
	MaxAge         = 24 * 60 * 60
	TrustingPeriod = 14 * MaxAge
)

// Committee is an attester set with its secrets, in the set's order.
type Committee struct {
	Set     *da.AttesterSet
	Secrets []*da.AttestationSecret
	// Time is when the chain took the set.
	Time uint64
}

// New makes a committee of n, taken at a time. All have the same power and all attest.
func New(tb testing.TB, n int, time uint64) *Committee {
	tb.Helper()
	c := &Committee{Set: &da.AttesterSet{Epoch: 7}, Time: time}
	for i := range n {
		c.Add(tb, i, 1_000_000)
	}
	return c
}

// Add appends the attester that a seed gives.
func (c *Committee) Add(tb testing.TB, seed int, power uint64) {
	tb.Helper()
	secret := Secret(tb, seed)
	c.Secrets = append(c.Secrets, secret)
	c.Set.Attesters = append(c.Set.Attesters, da.Attester{Operator: operator(seed), Key: secret.Key(), Power: power})
	c.Set.Total += power
}

// Replace gives the i-th place to the attester of another seed, with the power that is there.
func (c *Committee) Replace(tb testing.TB, i, seed int) {
	tb.Helper()
	c.Secrets[i] = Secret(tb, seed)
	c.Set.Attesters[i].Operator, c.Set.Attesters[i].Key = operator(seed), c.Secrets[i].Key()
}

// Next returns a copy that is of the next epoch, taken a day later.
func (c *Committee) Next() *Committee {
	set := *c.Set
	set.Epoch++
	set.Attesters = slices.Clone(set.Attesters)
	return &Committee{Set: &set, Secrets: slices.Clone(c.Secrets), Time: c.Time + 24*60*60}
}

// Secret returns the secret key that a seed gives.
func Secret(tb testing.TB, seed int) *da.AttestationSecret {
	tb.Helper()
	encoded := da.Keccak256([]byte("attester"), binary.BigEndian.AppendUint64(nil, uint64(seed)))
	encoded[0] &= 0x3f // below the order of the group
	secret, err := da.ParseAttestationSecret(encoded[:])
	if err != nil {
		tb.Fatal(err)
	}
	return secret
}

func operator(seed int) (out [da.AddressSize]byte) {
	binary.BigEndian.PutUint64(out[:], uint64(seed)+1)
	return out
}

// Hash returns the set's.
func (c *Committee) Hash(tb testing.TB) [da.HashSize]byte {
	tb.Helper()
	hash, err := c.Set.Hash()
	if err != nil {
		tb.Fatal(err)
	}
	return hash
}

// Attestation returns one of a height, with roots that depend on the height alone. Whoever needs others sets them before Certify.
func (c *Committee) Attestation(tb testing.TB, height, time uint64) *da.Attestation {
	tb.Helper()
	root := func(what string) [da.HashSize]byte {
		return da.Keccak256([]byte(what), binary.BigEndian.AppendUint64(nil, height))
	}
	return &da.Attestation{
		ChainID: ChainID, Epoch: c.Set.Epoch, SetHash: c.Hash(tb), Height: height, Time: time,
		HeaderHash: root("header"), DataRoot: root("data"), BlobTreeRoot: root("blobs"), HistoryRoot: root("history"),
	}
}

// Certify has everyone sign but those missing.
func (c *Committee) Certify(tb testing.TB, a *da.Attestation, missing ...int) *da.Certificate {
	tb.Helper()
	signers, signature := c.sign(tb, a.Digest(), missing)
	return &da.Certificate{Attestation: *a, Signers: signers, Signature: signature}
}

// HandOver has everyone sign the next set but those missing.
func (c *Committee) HandOver(tb testing.TB, next *Committee, missing ...int) *da.SignedRotation {
	tb.Helper()
	r := da.Rotation{ChainID: ChainID, Epoch: c.Set.Epoch, SetHash: c.Hash(tb), NextHash: next.Hash(tb), Time: next.Time}
	signers, signature := c.sign(tb, r.Digest(), missing)
	return &da.SignedRotation{Rotation: r, Signers: signers, Signature: signature}
}

func (c *Committee) sign(tb testing.TB, digest [da.HashSize]byte, missing []int) (signers da.Signers, _ da.AttestationSignature) {
	tb.Helper()
	var signatures []da.AttestationSignature
	for i, secret := range c.Secrets {
		if slices.Contains(missing, i) {
			continue
		}
		signature, err := secret.Attest(digest)
		if err != nil {
			tb.Fatal(err)
		}
		signers.Add(i)
		signatures = append(signatures, signature)
	}
	sum, err := da.AggregateSignatures(signatures)
	if err != nil {
		tb.Fatal(err)
	}
	return signers, sum
}

// Every returns every k-th place of n, the first k−1 left out.
func Every(k, n int) (places []int) {
	for i := k - 1; i < n; i += k {
		places = append(places, i)
	}
	return places
}

// Deploy deploys an AshlarLightClient that trusts the committee.
func (c *Committee) Deploy(tb testing.TB, chain *evm.Chain) *evm.Contract {
	tb.Helper()
	return chain.Deploy(tb, "AshlarLightClient", ChainID, uint64(MaxAge), uint64(TrustingPeriod), c.Trusted(tb))
}

// Signers returns the word that contracts take.
func Signers(s da.Signers) *big.Int { return new(big.Int).SetBytes(s[:]) }
