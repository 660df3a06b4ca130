package app_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	sdk "github.com/cosmos/cosmos-sdk/types"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// source answers a proposer as a test has it.
type source func(after, until uint64) *da.Certificate

func (s *source) Certificate(after, until uint64) *da.Certificate { return (*s)(after, until) }

// none is the source that holds nothing.
func none(uint64, uint64) *da.Certificate { return nil }

// newCertifiedChain starts a chain of validators all of which have keys, and whose proposers ask the source.
func newCertifiedChain(t testing.TB, validators int, adjust func(*attestpb.Params), options ...chainOption) (*chain, *source) {
	t.Helper()
	held := source(none)
	a, err := app.New(app.Config{ChainID: chainID, Home: t.TempDir(), DB: dbm.NewMemDB(), Setup: testSetup(t), Certificates: &held})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return newChainOfValidators(t, a, validators+3, validators, append(options, attestingWith(t, validators, adjust))...), &held
}

func asIs(*attestpb.Params) {}

// certify has the validators of some accounts sign what the chain knows of a height.
func (c *chain) certify(height uint64, validators ...int) *da.Certificate {
	c.t.Helper()
	return c.seal(&da.Certificate{Attestation: *c.attestation(height)}, validators...)
}

// seal has them sign whatever it says.
func (c *chain) seal(certificate *da.Certificate, validators ...int) *da.Certificate {
	c.t.Helper()
	set := c.set(c.attestation(min(certificate.Height, uint64(c.height))).Epoch)
	var signatures []da.AttestationSignature
	certificate.Signers = da.Signers{}
	for _, v := range validators {
		signature, err := testSecret(c.t, uint64(v)).Attest(certificate.Digest())
		if err != nil {
			c.t.Fatal(err)
		}
		signatures = append(signatures, signature)
		certificate.Signers.Add(slices.IndexFunc(set.Attesters, func(a da.Attester) bool {
			return a.Operator == [da.AddressSize]byte(c.accounts[v].address())
		}))
	}
	sum, err := da.AggregateSignatures(signatures)
	if err != nil {
		c.t.Fatal(err)
	}
	certificate.Signature = sum
	return certificate
}

// injected returns what state says of the last certificate.
func (c *chain) injected() attestpb.Injected {
	c.t.Helper()
	injected, err := c.app.Keepers.Attest.Injected(c.ctx())
	if err != nil {
		c.t.Fatal(err)
	}
	return injected
}

// TestCertificatesAreInjected: a proposer asks for one newer than the last, up to the height before its block; all
// nodes execute it alike, one that syncs blocks included.
func TestCertificatesAreInjected(t *testing.T) {
	c, held := newCertifiedChain(t, 4, asIs)
	validator, _ := newCertifiedChain(t, 4, asIs)
	syncing, _ := newCertifiedChain(t, 4, asIs)
	type call struct{ after, until uint64 }
	var calls []call
	for round := range uint64(6) {
		*held = func(after, until uint64) *da.Certificate {
			calls = append(calls, call{after, until})
			return c.certify(until, 0, 1, 3)
		}
		c.accept(c.transfer(c.accounts[5], c.accounts[6], round))
		txs, resp := c.step()
		if len(txs) != 4 || len(resp.TxResults) != 4 || resp.TxResults[2].Code != 0 {
			t.Fatalf("block %d has %d transactions and results %v", c.height, len(txs), resp.TxResults)
		}
		if want := (call{round, round + 1}); calls[round] != want {
			t.Errorf("block %d: the source was asked for %v, want %v", c.height, calls[round], want)
		}
		if got, want := c.injected(), (attestpb.Injected{Count: round + 1, Height: round + 1, Block: uint64(c.height)}); got != want {
			t.Errorf("block %d: injected is %+v, want %+v", c.height, got, want)
		}
		if !validator.process(txs) {
			t.Fatalf("block %d: another validator rejects it", c.height)
		}
		for name, other := range map[string]*chain{"validator": validator, "syncing node": syncing} {
			if got := other.apply(txs); !bytes.Equal(got.AppHash, resp.AppHash) {
				t.Fatalf("block %d: the %s has application hash %X, the proposer %X", c.height, name, got.AppHash, resp.AppHash)
			}
		}
	}
}

// TestIdleChainsStayEmpty: without transactions a certificate comes as often as is governed, and no proposer may
// bring one earlier.
func TestIdleChainsStayEmpty(t *testing.T) {
	c, held := newCertifiedChain(t, 4, func(p *attestpb.Params) { p.QuietBlocks = 5 })
	*held = func(_, until uint64) *da.Certificate { return c.certify(until, 0, 1, 2, 3) }
	var carried []int64
	for c.height < 20 {
		txs, _ := c.step()
		if len(txs) == 3 {
			carried = append(carried, c.height)
		} else if !slices.EqualFunc(txs, da.EmptyTxs(), bytes.Equal) {
			t.Fatalf("block %d is not empty", c.height)
		}
	}
	if want := []int64{5, 10, 15, 20}; !slices.Equal(carried, want) {
		t.Errorf("blocks %v carry certificates, want %v", carried, want)
	}
	early := build(t, da.DefaultLimits(), da.CertificateTx(c.certify(20, 0, 1, 2, 3)))
	c.requireRejected("a certificate in a block that should be empty", early, "should stay empty")
}

// TestFalseCertificatesAreRejected corrupts a good one in one place at a time, in a block that is laid out
// well. A source that offers it has its proposer leave it out.
func TestFalseCertificatesAreRejected(t *testing.T) {
	c, held := newCertifiedChain(t, 4, asIs)
	for c.height < 22 {
		c.apply(da.EmptyTxs())
	}
	*held = func(uint64, uint64) *da.Certificate { return c.certify(20, 0, 1, 2) }
	c.accept(c.transfer(c.accounts[4], c.accounts[5], 0))
	c.step()
	*held = none
	good := c.certify(22, 0, 1, 2)
	all := func(change func(*da.Certificate)) func(*da.Certificate) *da.Certificate {
		return func(certificate *da.Certificate) *da.Certificate {
			change(certificate)
			return c.seal(certificate, 0, 1, 2, 3)
		}
	}
	bare := func(change func(*da.Certificate)) func(*da.Certificate) *da.Certificate {
		return func(certificate *da.Certificate) *da.Certificate { change(certificate); return certificate }
	}
	transfer := c.transfer(c.accounts[4], c.accounts[5], 1)
	c.accept(transfer)
	for _, row := range []struct {
		name   string
		change func(*da.Certificate) *da.Certificate
		want   string
	}{
		{"another chain", all(func(x *da.Certificate) { x.ChainID = "ashlar-tesu" }), "on record"},
		{"another epoch", all(func(x *da.Certificate) { x.Epoch++ }), "on record"},
		{"another set", all(func(x *da.Certificate) { x.SetHash[0]++ }), "on record"},
		{"another time", all(func(x *da.Certificate) { x.Time++ }), "on record"},
		{"another header", all(func(x *da.Certificate) { x.HeaderHash[31]++ }), "on record"},
		{"another data root", all(func(x *da.Certificate) { x.DataRoot[0]++ }), "on record"},
		{"another blob tree root", all(func(x *da.Certificate) { x.BlobTreeRoot[0]++ }), "on record"},
		{"another history root", all(func(x *da.Certificate) { x.HistoryRoot[0]++ }), "on record"},
		{"another height", all(func(x *da.Certificate) { x.Height-- }), "on record"},
		{"the block's own height", all(func(x *da.Certificate) { x.Height = uint64(c.height) + 1 }), "future"},
		{"a height far ahead", all(func(x *da.Certificate) { x.Height = 1 << 63 }), "future"},
		{"the last one's height", func(*da.Certificate) *da.Certificate { return c.certify(20, 0, 1, 2, 3) }, "not newer"},
		{"a height before the last", func(*da.Certificate) *da.Certificate { return c.certify(19, 0, 1, 2, 3) }, "not newer"},
		{"two of four", func(x *da.Certificate) *da.Certificate { return c.seal(x, 0, 3) }, "quorum"},
		{"a signer who did not", bare(func(x *da.Certificate) { x.Signers = da.Signers{31: 15} }), "signature"},
		{"another signer", bare(func(x *da.Certificate) { x.Signers[31] = x.Signers[31]<<1&15 | x.Signers[31]>>3 }), "signature"},
		{"a signer who is not in the set", bare(func(x *da.Certificate) { x.Signers.Add(9) }), "set"},
		{"nobody", bare(func(x *da.Certificate) { x.Signers = da.Signers{} }), "quorum"},
		{"signature of another height", bare(func(x *da.Certificate) { x.Signature = c.certify(21, 0, 1, 2).Signature }), "signature"},
		{"no point", bare(func(x *da.Certificate) { x.Signature[95]++ }), "signature"},
		{"infinity", bare(func(x *da.Certificate) { x.Signature = da.AttestationSignature{0xc0} }), "infinity"},
	} {
		lie := *good
		forged := row.change(&lie)
		c.requireRejected(row.name, build(t, da.DefaultLimits(), da.CertificateTx(forged), transfer), row.want)
		*held = func(uint64, uint64) *da.Certificate { return forged }
		if txs := c.propose(); len(txs) != 3 || !bytes.Equal(txs[2], transfer) {
			t.Errorf("%s: the proposal has %d transactions, want all but the certificate", row.name, len(txs))
		}
	}
	if !c.process(build(t, da.DefaultLimits(), da.CertificateTx(good), transfer)) {
		t.Fatal("the certificate that was corrupted is itself rejected")
	}
}

// TestOldCertificatesAreRejected: what left the window says nothing any more.
func TestOldCertificatesAreRejected(t *testing.T) {
	c, _ := newCertifiedChain(t, 4, asIs)
	old := c.certify(1, 0, 1, 2, 3)
	for c.height < 11 {
		c.apply(da.EmptyTxs())
	}
	c.requireRejected("height 1", build(t, da.DefaultLimits(), da.CertificateTx(old), c.transfer(c.accounts[4], c.accounts[5], 0)), "before the window")
}

// TestProposalsWithACertificateStayWithinTheirBounds: it takes of the block's bytes and rows, and is left out where
// they do not suffice.
func TestProposalsWithACertificateStayWithinTheirBounds(t *testing.T) {
	c, held := newCertifiedChain(t, 4, asIs)
	*held = func(_, until uint64) *da.Certificate { return c.certify(until, 0, 1, 2, 3) }
	c.accept(c.transfer(c.accounts[4], c.accounts[5], 0))
	seen := map[int]bool{}
	for room := int64(49_200); room < 50_400; room += 100 {
		txs := c.proposeWithin(room)
		seen[len(txs)] = true
		var size int64
		for _, tx := range txs {
			size += int64(len(tx)) + 4
		}
		if size > room {
			t.Fatalf("%d bytes are proposed within %d", size, room)
		}
		if !c.process(txs) {
			t.Fatalf("within %d bytes, the application rejects its own proposal", room)
		}
	}
	if !seen[2] || !seen[4] {
		t.Errorf("proposals had so many transactions: %v; want some of neither and of both", seen)
	}
}

// missed returns how many certificates lack a validator's signature.
func (c *chain) missed(validator int) uint64 {
	c.t.Helper()
	missed, err := c.app.Keepers.Attest.Missed(c.ctx(), [da.AddressSize]byte(c.accounts[validator].address()))
	if err != nil {
		c.t.Fatal(err)
	}
	return missed
}

func (c *chain) jailed(validator int) bool {
	c.t.Helper()
	v, err := c.app.Keepers.Staking.GetValidator(c.ctx(), sdk.ValAddress(c.accounts[validator].address()))
	if err != nil {
		c.t.Fatal(err)
	}
	return v.Jailed
}

// carry commits a block with a certificate of the height before it.
func (c *chain) carry(validators ...int) *abci.ResponseFinalizeBlock {
	c.t.Helper()
	return c.carryFrom((c.proposer+1)%len(c.validators), validators...)
}

// carryFrom is carry of one proposer's.
func (c *chain) carryFrom(proposer int, validators ...int) *abci.ResponseFinalizeBlock {
	c.t.Helper()
	c.proposer = proposer
	payer := c.accounts[len(c.accounts)-1]
	txs := build(c.t, da.DefaultLimits(), da.CertificateTx(c.certify(uint64(c.height), validators...)), c.transfer(payer, payer, c.sequence(payer)))
	if !c.process(txs) {
		c.t.Fatal("the block is rejected")
	}
	return c.apply(txs)
}

// TestOneProposerJailsNobody: a proposer that leaves validators out of certificate after certificate, whose own
// transactions have it inject more than all others, has no more of the counting than of the power.
func TestOneProposerJailsNobody(t *testing.T) {
	c, _ := newCertifiedChain(t, 5, func(p *attestpb.Params) { p.MissWindow, p.MissLimit = 10, 5 })
	for range 30 {
		c.carryFrom(0, 0, 1, 2, 3)
	}
	if got := c.missed(4); got != 2 || c.jailed(4) {
		t.Fatalf("one of five proposers reports %d misses of 10, jailed: %v", got, c.jailed(4))
	}
	for i := range 10 { // the same of two fifths of the power
		c.carryFrom(i%2, 0, 1, 2, 3)
	}
	if got := c.missed(4); got != 4 || c.jailed(4) {
		t.Errorf("two of five proposers report %d misses of 10, jailed: %v", got, c.jailed(4))
	}
}

// TestMissesJail: who misses more certificates of the window than may be is jailed, without loss of stake, comes
// back with a clean slate, and others' misses leave the window in time.
func TestMissesJail(t *testing.T) {
	c, _ := newCertifiedChain(t, 5, func(p *attestpb.Params) {
		p.MissWindow, p.MissLimit, p.MissJail = 6, 3, 30*time.Second
	})
	for i, step := range []struct {
		signers []int
		missed  [2]uint64 // of validators 3 and 4
	}{
		{[]int{0, 1, 2, 3}, [2]uint64{0, 1}},
		{[]int{0, 1, 2, 3}, [2]uint64{0, 2}},
		{[]int{0, 1, 2, 4}, [2]uint64{1, 2}},
		{[]int{0, 1, 2, 3}, [2]uint64{1, 3}},
		{[]int{0, 1, 2, 3, 4}, [2]uint64{1, 3}},
		{[]int{0, 1, 2, 3, 4}, [2]uint64{1, 3}},
		{[]int{0, 1, 2, 3}, [2]uint64{1, 3}}, // the first has left the window
		{[]int{0, 1, 2, 3, 4}, [2]uint64{1, 2}},
		{[]int{0, 1, 2, 3}, [2]uint64{0, 3}},
	} {
		c.carry(step.signers...)
		if got := [2]uint64{c.missed(3), c.missed(4)}; got != step.missed || c.jailed(4) {
			t.Fatalf("step %d: missed are %v, want %v; jailed: %v", i, got, step.missed, c.jailed(4))
		}
	}
	c.carry(0, 1, 2, 3, 4)
	c.carry(0, 1, 2, 3)
	resp := c.carry(0, 1, 2, 3)
	if !c.jailed(4) || c.jailed(3) || !slices.ContainsFunc(resp.Events, func(e abci.Event) bool { return e.Type == "attestation_jail" }) {
		t.Fatalf("jailed: %v; events: %v", c.jailed(4), resp.Events)
	}
	for range 3 {
		c.carry(0, 1, 2, 3) // while it is out it misses nothing
	}
	if c.missed(4) != 0 {
		t.Errorf("%d misses while in jail", c.missed(4))
	}
	for range 4 {
		c.carry(0, 1, 2, 3)
	}
	out := c.height
	unjail := slashingtypes.NewMsgUnjail(sdk.ValAddress(c.accounts[4].address()).String())
	requireResult(t, "unjail", c.execute(c.sign(c.accounts[4], terms{}, unjail)), nil)
	if c.jailed(4) || c.height != out+1 {
		t.Fatal("it stays in jail")
	}
	c.carry(0, 1, 2, 3) // of the height at which it came back
	if c.missed(4) != 0 {
		t.Errorf("%d misses of what it was not there to attest", c.missed(4))
	}
}

// TestStakeIsNotLostForMisses holds a jailed validator's tokens against those before.
func TestStakeIsNotLostForMisses(t *testing.T) {
	c, _ := newCertifiedChain(t, 4, func(p *attestpb.Params) { p.MissWindow, p.MissLimit = 2, 1 })
	c.carry(0, 1, 2)
	c.carry(0, 1, 2)
	v, err := c.app.Keepers.Staking.GetValidator(c.ctx(), sdk.ValAddress(c.accounts[3].address()))
	if err != nil || !v.Jailed || !v.Tokens.Equal(app.OneASH().MulRaw(100)) {
		t.Fatalf("the validator that missed has %s and is jailed: %v (%v)", v.Tokens, v.Jailed, err)
	}
}

// TestWhoHasNoKeyMissesNothing: it is in the total alone.
func TestWhoHasNoKeyMissesNothing(t *testing.T) {
	c := newChainOfValidators(t, newApp(t), 8, 5, attestingWith(t, 4, func(p *attestpb.Params) { p.MissWindow, p.MissLimit = 2, 1 }))
	for range 5 {
		c.carry(0, 1, 2, 3)
	}
	if c.missed(4) != 0 || c.jailed(4) {
		t.Errorf("%d misses; jailed: %v", c.missed(4), c.jailed(4))
	}
}
