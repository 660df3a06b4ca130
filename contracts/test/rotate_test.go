package test

import (
	"bytes"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
)

// handover is what the light client is shown of a rotation.
type handover struct {
	next      committee.NextSet
	signers   *big.Int
	signature []byte
}

func handoverOf(args []any) handover {
	next := args[0].(committee.NextSet)
	next.Powers, next.Changes = bytes.Clone(next.Powers), bytes.Clone(next.Changes)
	return handover{next, args[1].(*big.Int), args[2].([]byte)}
}

func (h handover) args() []any { return []any{h.next, h.signers, h.signature} }

// TestRotationRefused corrupts one valid rotation, of 21 attesters, to a set in which one's key and one's power are others and one has joined.
func TestRotationRefused(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 21, chain.Now(t)-3*24*60*60)
	client := c.Deploy(t, chain)
	next := c.Next()
	next.Replace(t, 5, 500)
	next.Set.Attesters[3].Power /= 2
	next.Add(t, 501, 2_000_000)
	valid := c.RotateArgs(t, next, c.HandOver(t, next, 1, 2))
	sign := func(by, next *committee.Committee, missing ...int) func(*handover) {
		return func(h *handover) { *h = handoverOf(c.RotateArgs(t, next, by.HandOver(t, next, missing...))) }
	}
	others := committee.New(t, 0, c.Time)
	for i := range 21 {
		others.Add(t, 1000+i, 1_000_000)
	}
	early, late, skipping := *next, *next, next.Next()
	early.Time, late.Time = c.Time-1, chain.Now(t)+90
	rows := []struct {
		name, want string
		corrupt    func(*handover)
	}{
		{"valid", "", nil},
		{"forged: signed by others", "WrongSignature", sign(others, next)},
		{"exactly two thirds", "NoQuorum", sign(c, next, 0, 1, 2, 3, 4, 5, 6)},
		{"a signer beyond the set", "UnknownSigners", func(h *handover) { h.signers = with(h.signers, 21) }},
		{"infinity", "Infinity", func(h *handover) { h.signature = make([]byte, 256) }},
		{"an attestation's signature", "WrongSignature", func(h *handover) {
			h.signature = committee.EIP2537(t, c.Certify(t, c.Attestation(t, 1, c.Time), 1, 2).Signature)
		}},
		{"skips an epoch", "WrongSetHash", sign(c, skipping)},
		{"to the set there is", "WrongSetHash", sign(c, c)},
		{"taken before this one", "TimeReversed", sign(c, &early)},
		{"taken in the future", "FromTheFuture", sign(c, &late)},
		{"another time", "WrongSignature", func(h *handover) { h.next.Time++ }},
		{"another total", "WrongSetHash", func(h *handover) { h.next.Total++ }},
		{"other operators", "WrongSetHash", func(h *handover) { h.next.OperatorsHash[0] ^= 1 }},
		{"another hash", "WrongSetHash", func(h *handover) { h.next.SetHash[0] ^= 1 }},
		{"another power", "WrongSetHash", func(h *handover) { h.next.Powers[7]--; h.next.Powers[15]++ }},
		{"a power of zero", "BadPowers", func(h *handover) { clear(h.next.Powers[:8]) }},
		{"powers above the total", "BadPowers", func(h *handover) { h.next.Total = 1 }},
		{"a power of 2⁶⁴ − 1", "BadPowers", func(h *handover) { copy(h.next.Powers, bytes.Repeat([]byte{0xff}, 8)) }},
		{"no attesters", "BadPowers", func(h *handover) { h.next.Powers = nil }},
		{"a power cut", "BadPowers", func(h *handover) { h.next.Powers = h.next.Powers[:21*8+7] }},
		{"257 attesters", "BadPowers", func(h *handover) { h.next.Powers = bytes.Repeat(h.next.Powers[:8], 257) }},
		{"an attester left out", "BadKeys", func(h *handover) { h.next.Powers = h.next.Powers[8:] }},
		{"a change left out", "WrongSetHash", func(h *handover) { h.next.Changes = h.next.Changes[97:] }},
		{"the newcomer left out", "WrongSetHash", func(h *handover) { h.next.Changes = h.next.Changes[:97] }},
		{"no changes", "WrongSetHash", func(h *handover) { h.next.Changes = nil }},
		{"a change at another place", "WrongSetHash", func(h *handover) { h.next.Changes[0]++ }},
		{"a change beyond the set", "BadKeys", func(h *handover) { h.next.Changes[0] = 22 }},
		{"changes cut", "BadKeys", func(h *handover) { h.next.Changes = h.next.Changes[:96] }},
		{"257 changes", "BadKeys", func(h *handover) { h.next.Changes = bytes.Repeat(h.next.Changes[:97], 257) }},
		{"a key not in the subgroup", "BadKey", func(h *handover) { copy(h.next.Changes[1:97], outsideG1(t)) }},
		{"a key not on the curve", "BadKey", func(h *handover) { h.next.Changes[96] ^= 1 }},
		{"a key of infinity", "BadKey", func(h *handover) { clear(h.next.Changes[1:97]) }},
		{"an account as base", "UnknownBase", func(h *handover) { h.next.Base = chain.Account }},
		{"the client as base", "UnknownBase", func(h *handover) { h.next.Base = client.Address }},
		{"nothing as base", "UnknownBase", func(h *handover) { h.next.Base = common.Address{1} }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := handoverOf(valid)
			if row.corrupt != nil {
				row.corrupt(&h)
			}
			if row.want == "" {
				client.Call(t, "rotate", h.args()...)
				return
			}
			client.Refuses(t, row.want, "rotate", h.args()...)
		})
	}
	t.Run("calldata", func(t *testing.T) {
		data := client.Pack(t, "rotate", valid...)
		for _, size := range []int{3, 4, 36, 100, len(data) - 256, len(data) - 1} {
			client.RefusesRaw(t, "", data[:size])
		}
	})
	t.Run("by whoever comes second", func(t *testing.T) {
		client.Send(t, "rotate", valid...)
		client.Refuses(t, "WrongSetHash", "rotate", valid...) // signed by a set that is no more
		after := next.Next()
		client.Refuses(t, "WrongSignature", "rotate", next.RotateArgs(t, after, stale(t, c, next, after))...)
	})
}

// stale is a rotation from next to after that the set before signed.
func stale(t *testing.T, c, next, after *committee.Committee) *da.SignedRotation {
	former := *c
	set := *next.Set
	set.Attesters = slices.Clone(c.Set.Attesters)
	former.Set = &set // of the same epoch as next, so that only the set tells them apart
	return former.HandOver(t, after)
}

// TestDeployRefused corrupts what one client is deployed with.
func TestDeployRefused(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 3, chain.Now(t))
	rows := []struct {
		name, want string
		corrupt    func(chainID *string, maxAge, period *uint64, s *committee.TrustedSet)
	}{
		{"no chain id", "BadParameters", func(id *string, _, _ *uint64, _ *committee.TrustedSet) { *id = "" }},
		{"no maximum age", "BadParameters", func(_ *string, age, _ *uint64, _ *committee.TrustedSet) { *age = 0 }},
		{"no trusting period", "BadParameters", func(_ *string, _, period *uint64, _ *committee.TrustedSet) { *period = 0 }},
		{"another hash", "WrongSetHash", func(_ *string, _, _ *uint64, s *committee.TrustedSet) { s.SetHash[0] ^= 1 }},
		{"a key missing", "BadKeys", func(_ *string, _, _ *uint64, s *committee.TrustedSet) { s.Keys = s.Keys[96:] }},
		{"no attesters", "BadPowers", func(_ *string, _, _ *uint64, s *committee.TrustedSet) { s.Keys, s.Powers = nil, nil }},
		{"a total too small", "BadPowers", func(_ *string, _, _ *uint64, s *committee.TrustedSet) { s.Total-- }},
		{"a key not in the subgroup", "BadKey", func(_ *string, _, _ *uint64, s *committee.TrustedSet) { copy(s.Keys, outsideG1(t)) }},
		{"from the future", "FromTheFuture", func(_ *string, _, _ *uint64, s *committee.TrustedSet) { s.Time += 120 }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			id, age, period, s := committee.ChainID, uint64(committee.MaxAge), uint64(committee.TrustingPeriod), c.Trusted(t)
			row.corrupt(&id, &age, &period, &s)
			chain.RefusesDeploy(t, row.want, "AshlarLightClient", id, age, period, s)
		})
	}
}

// TestFormerSet: the set before the current one may still attest, while it is not too old; the one before that may not.
func TestFormerSet(t *testing.T) {
	chain := evm.New(t)
	sets := []*committee.Committee{committee.New(t, 4, chain.Now(t))}
	client := sets[0].Deploy(t, chain)
	attests := func(i int) []any {
		return committee.Args(t, sets[i].Certify(t, sets[i].Attestation(t, 10, chain.Now(t))))
	}
	rotate := func() {
		last := sets[len(sets)-1]
		next := last.Next()
		chain.Sleep(t, 25*time.Hour)
		chain.Commit()
		client.Send(t, "rotate", last.RotateArgs(t, next, last.HandOver(t, next))...)
		sets = append(sets, next)
	}
	rotate()
	client.Call(t, "verify", attests(0)...)
	client.Call(t, "verify", attests(1)...)
	rotate()
	client.Refuses(t, "WrongEpoch", "verify", attests(0)...)
	client.Call(t, "verify", attests(1)...)
	client.Call(t, "verify", attests(2)...)
	// until the former set is too old, and the current one is not
	chain.Sleep(t, time.Duration(sets[1].Time+committee.TrustingPeriod+1-chain.Now(t))*time.Second)
	chain.Commit()
	client.Refuses(t, "SetTooOld", "verify", attests(1)...)
	client.Call(t, "verify", attests(2)...)
}

// TestSomeoneElsesBase: only what this client staged is a base, though another's code were the same.
func TestSomeoneElsesBase(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 3, chain.Now(t)-24*60*60)
	client, other := c.Deploy(t, chain), c.Deploy(t, chain)
	next := c.Next()
	next.Replace(t, 0, 50)
	r := c.HandOver(t, next)
	base := staged(t, other, next.Keys(t))
	client.Refuses(t, "UnknownBase", "rotate", committee.RebaseArgs(t, next, base, r)...)
	own := staged(t, client, next.Keys(t))
	if again := staged(t, client, next.Keys(t)); again != own || own == base {
		t.Errorf("staged at %s, again at %s, by another at %s", own, again, base)
	}
	client.Send(t, "rotate", committee.RebaseArgs(t, next, own, r)...)
	for _, keys := range [][]byte{nil, make([]byte, 95), make([]byte, 97), bytes.Repeat(c.Keys(t), 86)} {
		client.Refuses(t, "BadKeys", "stage", keys)
	}
	client.Refuses(t, "BadKey", "stage", make([]byte, 96))
	client.Refuses(t, "BadKey", "stage", append(c.Keys(t), outsideG1(t)...))
}

// staged has a client stage keys, and returns where.
func staged(t *testing.T, client *evm.Contract, keys []byte) common.Address {
	t.Helper()
	base := client.Call(t, "stage", keys)[0].(common.Address)
	client.Send(t, "stage", keys)
	return base
}

// TestTooManyChanges: 256 keys of a base, 256 powers of 8 bytes, and more other keys than fit.
func TestTooManyChanges(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 256, chain.Now(t)-24*60*60)
	client := c.Deploy(t, chain)
	next := c.Next()
	next.Set.Total += 1 << 60
	next.Set.Attesters[0].Power += 1 << 60
	for i := range 240 {
		next.Replace(t, i, 1000+i)
	}
	r := c.HandOver(t, next)
	client.Refuses(t, "TooManyChanges", "rotate", c.RotateArgs(t, next, r)...)
	base := staged(t, client, next.Keys(t))
	client.Send(t, "rotate", committee.RebaseArgs(t, next, base, r)...)
	same(t, client, next)
}

// same fails the test unless the client has a committee's set.
func same(t *testing.T, client *evm.Contract, c *committee.Committee) {
	t.Helper()
	if got := client.Call(t, "setHash")[0]; got != c.Hash(t) {
		t.Errorf("set hash %x", got)
	}
	if e, s, total := client.Call(t, "epoch")[0], client.Call(t, "setTime")[0], client.Call(t, "total")[0]; e != c.Set.Epoch || s != c.Time || total != c.Set.Total {
		t.Errorf("epoch %d, time %d, total %d", e, s, total)
	}
	got := client.Call(t, "attesters")
	if !bytes.Equal(got[0].([]byte), c.Powers()) || !bytes.Equal(got[1].([]byte), c.Keys(t)) {
		t.Error("other attesters")
	}
}
