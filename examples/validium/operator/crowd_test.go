package operator

import (
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/consensys/gnark/frontend"

	"github.com/ashlar-da/ashlar/examples/validium/circuit"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// crowded has room for 15 accounts, two of which a batch opens.
var crowded = ledger.Shape{Depth: 4, SliceDepth: 1, Deposits: 2, Transfers: 1}

// anything holds of whatever inputs: crowds are about when the contract moves, not about what is proven.
type anything struct {
	Inputs []frontend.Variable `gnark:",public"`
}

// Define implements frontend.Circuit.
func (c *anything) Define(api frontend.API) error {
	for _, x := range c.Inputs {
		api.Mul(x, x)
	}
	return nil
}

// crowd is a validium that believes its operator, and one user with all accounts.
type crowd struct {
	*world
	batches, checkpoints *circuit.Prover
	blob                 *Publication
	domain               ledger.Scalar
	root                 ledger.Scalar
	deposited, deposits  int
	asked                []int  // in the order of asking
	depositing, asking   uint64 // gas of the last of each
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{}
	folder := filepath.Join("..", "..", "..", "build", "validium")
	for n, p := range map[int]**circuit.Prover{10: &c.batches, 4: &c.checkpoints} {
		prover, _, err := circuit.Cached(folder, &anything{make([]frontend.Variable, n)})
		if err != nil {
			t.Fatal(err)
		}
		*p = prover
	}
	c.world = newWorld(t, func(terms *l1.Terms) {
		terms.Shape, terms.BatchKey, terms.CheckpointKey = crowded, c.batches.VerifyingKey(), c.checkpoints.VerifyingKey()
		terms.Retention, terms.Patience, terms.Grace = 8*time.Hour, 2*time.Hour, 2*pace
	})
	var err error
	c.domain, err = c.validium.Domain(c.ctx)
	c.must(err)
	c.root, err = c.validium.Root(c.ctx)
	c.must(err)
	c.blob = c.publish(crowded.Scalars())
	slice := c.publish(crowded.SliceScalars())
	var zero ledger.Scalar
	z := circuit.Challenge(slice.VersionedHash, ledger.Hash(c.root, zero))
	proof, at := c.believed(c.checkpoints, slice, z, []ledger.Scalar{c.root, zero})
	_, err = c.validium.Send(c.ctx, c.op, "checkpoint", new(big.Int), proof, at, c.published(slice))
	c.must(err)
	return c
}

// publish lays out as many scalars.
func (c *crowd) publish(scalars int) *Publication {
	c.Helper()
	data := make([]ledger.Scalar, scalars)
	data[0].SetUint64(uint64(scalars))
	p, err := NewPublication(c.operator.setup, data)
	c.must(err)
	return p
}

// believed proves public inputs, among which are z and the blob's value there.
func (c *crowd) believed(p *circuit.Prover, blob *Publication, z ledger.Scalar, before []ledger.Scalar, after ...ledger.Scalar) ([]byte, l1.Evaluation) {
	c.Helper()
	at, err := blob.Evaluate(z)
	c.must(err)
	all := &anything{}
	for _, s := range append(before, z) {
		all.Inputs = append(all.Inputs, number(s))
	}
	all.Inputs = append(all.Inputs, at.Y)
	for _, s := range after {
		all.Inputs = append(all.Inputs, number(s))
	}
	proof, err := p.Prove(all)
	c.must(err)
	return proof.Points, at
}

// plan is what a batch is to do, by what the contract said when the operator began with it.
type plan struct{ deposits, exits int }

// begin plans as many deposits as fit, and the first exit that was asked for and can be served.
func (c *crowd) begin() plan {
	p := plan{deposits: min(c.deposited, c.deposits+crowded.Deposits)}
	for _, account := range c.asked {
		if account <= p.deposits {
			p.exits = account
			break
		}
	}
	return p
}

// land moves the root as planned.
func (c *crowd) land(p plan) {
	c.Helper()
	var next, digest, before, exits, one ledger.Scalar
	one.SetOne()
	next.Add(&c.root, &one)
	before.SetUint64(uint64(c.deposits))
	exits.SetUint64(uint64(p.exits))
	from, err := c.validium.Queue(c.ctx, c.deposits)
	c.must(err)
	to, err := c.validium.Queue(c.ctx, p.deposits)
	c.must(err)
	z := circuit.Challenge(c.blob.VersionedHash, digest)
	proof, at := c.believed(c.batches, c.blob, z, []ledger.Scalar{c.root, next, from, to, before, c.domain, digest}, exits)
	claim := l1.Batch{NewRoot: number(next), Deposits: uint64(p.deposits), Exits: uint16(p.exits), Digest: number(digest), Proof: proof}
	_, err = c.validium.Send(c.ctx, c.op, "update", claim, at, c.published(c.blob))
	c.must(err)
	c.root, c.deposits = next, p.deposits
	c.asked = slices.DeleteFunc(c.asked, func(account int) bool { return account == p.exits })
}

func (c *crowd) deposit() {
	c.Helper()
	receipt, err := c.validium.Pay(c.ctx, c.ben, gwei(least), "deposit", new(big.Int), new(big.Int))
	c.must(err)
	c.depositing, c.deposited = receipt.GasUsed, c.deposited+1
}

func (c *crowd) ask(account int) {
	c.Helper()
	receipt, err := c.validium.Pay(c.ctx, c.ben, gwei(fee), "askExit", big.NewInt(int64(account)))
	c.must(err)
	c.asking = receipt.GasUsed
	c.asked = append(c.asked, account)
}

// due is until when the exit of an account is to be served.
func (c *crowd) due(account int) uint64 {
	c.Helper()
	due, err := l1.Call[uint64](c.ctx, c.validium.Contract, "exitDue", big.NewInt(int64(account)))
	c.must(err)
	return due
}

// until lets time pass up to one.
func (c *crowd) until(at uint64) {
	c.Helper()
	if now := c.now(); now < at {
		c.must(c.chain.Sleep(time.Duration(at-now) * time.Second))
	}
}

// works lands one batch, begun now, when a pace is over: as slow as an operator may be. Meanwhile users do what they do. It fails if
// anyone could have frozen before.
func (c *crowd) works(meanwhile func()) {
	c.Helper()
	begun := c.now()
	p := c.begin()
	meanwhile()
	const landing = 4 // blocks of a second each: for the attestation, the batch, and what is between
	c.until(begun + uint64(pace/time.Second) - landing)
	c.land(p)
	now := c.now()
	if now > begun+uint64(pace/time.Second) {
		c.Fatalf("the batch took %d s", now-begun)
	}
	for _, account := range c.asked {
		if due := c.due(account); due <= now {
			c.Errorf("account %d was due %d s ago, with %d deposits of %d in the state and %d asked", account, now-due, c.deposits, c.deposited, len(c.asked))
		}
	}
}

// everyone asks in some order, unless they did and are not served.
func (c *crowd) everyone(order []int) {
	c.Helper()
	for _, i := range order {
		if account := i + 1; account <= c.deposited && !slices.Contains(c.asked, account) {
			c.ask(account)
		}
	}
}

// TestCrowd: whatever is deposited and asked for, and when, an operator who lands a batch each pace serves all in time. Emptied
// accounts ask again, so that there is no end to it.
func TestCrowd(t *testing.T) {
	c := newCrowd(t)
	most := 1<<crowded.Depth - 1
	for range most {
		c.deposit()
	}
	for account := most; account > 0; account-- { // whose deposit comes last asks first
		c.ask(account)
	}
	t.Logf("each of a crowd pays %d gas to deposit and %d to ask", c.depositing, c.asking)
	for range most {
		c.works(func() {})
	}
	if len(c.asked) > 0 {
		t.Errorf("%v are not served after a batch for each", c.asked)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		c.works(func() {
			for range random.IntN(6) {
				c.everyone(random.Perm(most)[:random.IntN(3)])
			}
			if random.IntN(10) == 0 {
				c.everyone(random.Perm(most))
			}
		})
	}
}

// TestCrowdGrows: deposits come and ask at once, while the operator works.
func TestCrowdGrows(t *testing.T) {
	for seed := range uint64(3) {
		c := newCrowd(t)
		random := rand.New(rand.NewPCG(seed, 5))
		for range 1 << (crowded.Depth + 1) {
			c.works(func() {
				for range random.IntN(8) {
					if c.deposited < 1<<crowded.Depth-1 {
						c.deposit()
					}
					c.everyone(random.Perm(c.deposited)[:random.IntN(c.deposited)])
				}
			})
		}
	}
}

// TestCrowdIgnored: a crowd does not keep anyone in for ever. Whose exit the operator passes over freezes within GRACE and a PACE for
// each account and for each batch that opens accounts, however many have asked before; who is silent is frozen as if there were no crowd.
func TestCrowdIgnored(t *testing.T) {
	const most, opening = 15, 8
	c := newCrowd(t)
	for range most {
		c.deposit()
	}
	begun := c.now()
	for account := 1; account <= most; account++ {
		c.ask(account)
	}
	bound := c.now() + uint64((2*pace+(most+opening)*pace)/time.Second)
	if due := c.due(most); due > bound || due < bound-uint64(c.now()-begun) {
		t.Errorf("the last one is due at %d, want %d", due, bound)
	}
	for c.now() < bound {
		p := c.begin()
		if p.exits == most {
			p.exits = 0
		}
		c.until(c.now() + uint64(pace/time.Second))
		c.land(p)
	}
	c.until(bound + 1)
	c.chain.Mine()
	before, err := c.chain.Client.HeaderByNumber(c.ctx, nil)
	c.must(err)
	c.must(c.ignored(most))
	if len(c.asked) != 1 {
		t.Errorf("%v are not served, want account %d alone", c.asked, most)
	}

	c.must(c.chain.TakeBack(before.Hash()))
	_, err = c.validium.Send(c.ctx, c.ben, "freeze")
	c.refused(err, "StillPatient")
	c.sleep(2*time.Hour + time.Minute)
	_, err = c.validium.Send(c.ctx, c.ben, "freeze")
	c.must(err)
}
