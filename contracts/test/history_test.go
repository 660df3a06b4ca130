package test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
)

// TestSetsOverTime: a set that grows, shrinks, moves and is staged anew, as relayers may choose; after every rotation the client
// has its attesters, and checks certificates that any quorum of them signs.
func TestSetsOverTime(t *testing.T) {
	for seed := range uint64(4) {
		chain, r := evm.New(t), random(seed)
		c := committee.New(t, 3+r.IntN(20), chain.Now(t))
		client := c.Deploy(t, chain)
		fresh := 1000
		for range 12 {
			next := c.Next()
			vary(t, r, next, &fresh)
			chain.Sleep(t, 25*time.Hour)
			chain.Commit()
			rotation := c.HandOver(t, next, minority(r, c)...)
			args := c.RotateArgs(t, next, rotation)
			if r.IntN(4) == 0 {
				args = committee.RebaseArgs(t, next, staged(t, client, next.Keys(t)), rotation)
			}
			client.Send(t, "rotate", args...)
			same(t, client, next)
			for range 3 {
				a := next.Attestation(t, r.Uint64N(1<<36), chain.Now(t))
				a.HeaderHash, a.DataRoot, a.BlobTreeRoot = randomHash(r), randomHash(r), randomHash(r)
				cert := next.Certify(t, a, minority(r, next)...)
				if err := cert.Verify(committee.ChainID, next.Set); err != nil {
					t.Fatal(err)
				}
				client.Send(t, "attest", committee.Args(t, cert)...)
			}
			c = next
		}
	}
}

// vary changes powers, replaces some, and has some join or leave at the end.
func vary(t *testing.T, r *rand.Rand, c *committee.Committee, fresh *int) {
	for i := range c.Set.Attesters {
		if r.IntN(3) == 0 {
			more := r.Uint64N(1 << r.IntN(40))
			c.Set.Attesters[i].Power += more
			c.Set.Total += more
		}
		if r.IntN(8) == 0 {
			*fresh++
			c.Replace(t, i, *fresh)
		}
	}
	for range r.IntN(4) {
		*fresh++
		c.Add(t, *fresh, 1+r.Uint64N(1<<20))
	}
	for range r.IntN(4) {
		if last := len(c.Secrets) - 1; last > 2 {
			c.Set.Total -= c.Set.Attesters[last].Power
			c.Set.Attesters, c.Secrets = c.Set.Attesters[:last], c.Secrets[:last]
		}
	}
}

// minority picks attesters of less than a third of the power together, mostly many.
func minority(r *rand.Rand, c *committee.Committee) (places []int) {
	var power uint64
	for _, i := range r.Perm(len(c.Set.Attesters))[:r.IntN(len(c.Set.Attesters))] {
		if p := c.Set.Attesters[i].Power; 3*(power+p) < c.Set.Total {
			power += p
			places = append(places, i)
		}
	}
	return places
}

// TestFewerSignThanMiss: one attester has nearly all power, and signs alone.
func TestFewerSignThanMiss(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 0, chain.Now(t))
	c.Add(t, 0, 1_000_000_000)
	for i := 1; i < 256; i++ {
		c.Add(t, i, 1)
	}
	client := c.Deploy(t, chain)
	var missing []int
	for i := 1; i < 256; i++ {
		missing = append(missing, i)
	}
	alone := client.Send(t, "attest", committee.Args(t, c.Certify(t, c.Attestation(t, 1, chain.Now(t)), missing...))...)
	few := client.Send(t, "attest", committee.Args(t, c.Certify(t, c.Attestation(t, 2, chain.Now(t)), missing[3:]...))...)
	all := client.Send(t, "attest", committee.Args(t, c.Certify(t, c.Attestation(t, 3, chain.Now(t))))...)
	if alone.GasUsed > all.GasUsed+10_000 || few.GasUsed < alone.GasUsed {
		t.Errorf("%d gas of one, %d of four, %d of all", alone.GasUsed, few.GasUsed, all.GasUsed)
	}
}

// TestRemembered: what was attested is found again, also where many roots want one place; when it is old, it gives way.
func TestRemembered(t *testing.T) {
	chain := evm.New(t)
	c := committee.New(t, 4, chain.Now(t))
	client := c.Deploy(t, chain)
	roots := map[[32]byte]uint64{}
	attest := func(height uint64) uint64 {
		a := c.Attestation(t, height, chain.Now(t))
		a.HistoryRoot[0], a.HistoryRoot[1] = 0xff, 0xff // the last place: those that follow are the first ones
		args := committee.Args(t, c.Certify(t, a))
		gas := client.Send(t, "attest", args...).GasUsed
		if again := client.Send(t, "attest", args...).GasUsed; again > 50_000 {
			t.Errorf("once more: %d gas", again)
		}
		roots[a.HistoryRoot] = height
		return gas
	}
	var first uint64
	for height := uint64(1); height <= 7; height++ {
		if gas := attest(height); height == 1 {
			first = gas
		}
	}
	for root, height := range roots {
		if got := client.Call(t, "attested", root); got[0] != height {
			t.Errorf("height %d: %v", height, got)
		}
	}
	if got := client.Call(t, "attested", [32]byte{0xff, 0xff}); got[0] != uint64(0) || got[1] != uint64(0) {
		t.Errorf("never attested: %v", got)
	}
	chain.Sleep(t, (committee.MaxAge+1)*time.Second)
	chain.Commit()
	if gas := attest(8); gas+17_000 > first {
		t.Errorf("%d gas in a place that was taken, %d in a new one", gas, first)
	}
	if got := client.Call(t, "attested", c.Attestation(t, 1, 0).HistoryRoot); got[0] != uint64(0) {
		t.Errorf("height 1, long ago: %v", got)
	}
}

// TestAmsterdam: the rules that come after today's accept the same.
func TestAmsterdam(t *testing.T) {
	chain := evm.NewUnder(t, evm.Amsterdam())
	c := committee.New(t, 20, chain.Now(t)-24*60*60)
	client := c.Deploy(t, chain)
	client.Send(t, "attest", committee.Args(t, c.Certify(t, c.Attestation(t, 1, chain.Now(t)), 3, 5))...)
	next := c.Next()
	next.Replace(t, 2, 77)
	client.Send(t, "rotate", c.RotateArgs(t, next, c.HandOver(t, next))...)
	same(t, client, next)
}
