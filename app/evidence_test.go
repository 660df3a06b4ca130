package app_test

import (
	"slices"
	"testing"
	"time"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// accuse has validators sign an attestation and returns what shows it.
func (c *chain) accuse(attestation *da.Attestation, operator account, secret *da.AttestationSecret) *attestpb.MsgSubmitAttestationEvidence {
	c.t.Helper()
	signature, err := secret.Attest(attestation.Digest())
	if err != nil {
		c.t.Fatal(err)
	}
	return c.evidence(attestation.Epoch, signature, attestpb.Evidence{Attestation: &attestpb.Attestation{
		Epoch: attestation.Epoch, SetHash: attestation.SetHash[:], Height: attestation.Height, Time: attestation.Time,
		HeaderHash: attestation.HeaderHash[:], DataRoot: attestation.DataRoot[:],
		BlobTreeRoot: attestation.BlobTreeRoot[:], HistoryRoot: attestation.HistoryRoot[:],
	}}, operator)
}

// accuseOfRotation is accuse of a rotation.
func (c *chain) accuseOfRotation(rotation *da.Rotation, operator account, secret *da.AttestationSecret) *attestpb.MsgSubmitAttestationEvidence {
	c.t.Helper()
	signature, err := secret.Attest(rotation.Digest())
	if err != nil {
		c.t.Fatal(err)
	}
	return c.evidence(rotation.Epoch, signature, attestpb.Evidence{Rotation: &attestpb.Rotation{
		Epoch: rotation.Epoch, SetHash: rotation.SetHash[:], NextHash: rotation.NextHash[:], Time: rotation.Time,
	}}, operator)
}

// evidence names the operators in the set of an epoch, or of the one at hand where that was not taken.
func (c *chain) evidence(epoch uint64, signature da.AttestationSignature, of attestpb.Evidence, operators ...account) *attestpb.MsgSubmitAttestationEvidence {
	c.t.Helper()
	if _, err := c.app.AttesterSet(epoch); err != nil {
		epoch = c.epoch()
	}
	var signers da.Signers
	for i, attester := range c.set(epoch).Attesters {
		if slices.ContainsFunc(operators, func(a account) bool { return [da.AddressSize]byte(a.address()) == attester.Operator }) {
			signers.Add(i)
		}
	}
	of.Epoch, of.Signers, of.Signature = epoch, signers[:], signature[:]
	return &attestpb.MsgSubmitAttestationEvidence{Submitter: c.accounts[4].address().String(), Evidence: of}
}

// submit has anybody submit evidence, and returns the result.
func (c *chain) submit(msg sdk.Msg) *abci.ExecTxResult {
	c.t.Helper()
	submitter := c.accounts[4]
	return c.execute(c.sign(submitter, terms{sequence: c.sequence(submitter)}, msg))
}

// TestEvidenceIsChecked corrupts good evidence in one place at a time. Nobody is punished for any of it.
func TestEvidenceIsChecked(t *testing.T) {
	c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window = 8 })
	for c.height < 5 {
		c.apply(da.EmptyTxs())
	}
	early := *c.attestation(3)
	for c.height < 14 {
		c.apply(da.EmptyTxs())
	}
	accused, secret := c.accounts[1], testSecret(t, 1)
	type evidence = attestpb.Evidence
	for _, row := range []struct {
		name   string
		lie    func(a *da.Attestation)
		change func(e *evidence)
		want   *errorsmod.Error
	}{
		{"the truth", nil, nil, attest.ErrNoFault},
		{"the truth of another chain", func(a *da.Attestation) { a.ChainID = "ashlar-1" }, nil, attest.ErrNoFault},
		{"a lie about another chain", func(a *da.Attestation) { a.ChainID, a.DataRoot[0] = "ashlar-1", a.DataRoot[0]+1 }, nil, attest.ErrInvalidSignature},
		{"the data of a height before the window", func(a *da.Attestation) { *a = early; a.HeaderHash[0]++ }, nil, attest.ErrOutsideWindow},
		{"not signed: data root", nil, func(e *evidence) { e.Attestation.DataRoot = flipLast(e.Attestation.DataRoot) }, attest.ErrInvalidSignature},
		{"not signed: time", nil, func(e *evidence) { e.Attestation.Time++ }, attest.ErrInvalidSignature},
		{"not signed: a height to come", nil, func(e *evidence) { e.Attestation.Height = 1000 }, attest.ErrInvalidSignature},
		{"another signer", lieOfRoots, func(e *evidence) { e.Signers = bits(c.indexIn(e.Epoch, c.accounts[0])) }, attest.ErrInvalidSignature},
		{"one signer more", lieOfRoots, func(e *evidence) {
			e.Signers = bits(c.indexIn(e.Epoch, c.accounts[0]), c.indexIn(e.Epoch, accused))
		}, attest.ErrInvalidSignature},
		{"no attester", lieOfRoots, func(e *evidence) { e.Signers = bits(3) }, attest.ErrNotAttester},
		{"nobody", lieOfRoots, func(e *evidence) { e.Signers = bits() }, attest.ErrNotAttester},
		{"short signers", lieOfRoots, func(e *evidence) { e.Signers = e.Signers[1:] }, attest.ErrInvalidEvidence},
		{"an epoch whose set nobody knows", lieOfRoots, func(e *evidence) { e.Attestation.Epoch, e.Epoch = 1000, 1000 }, attest.ErrUnknownSet},
		{"counted in another set", lieOfRoots, func(e *evidence) { e.Epoch++ }, attest.ErrInvalidEvidence},
		{"short root", lieOfRoots, func(e *evidence) { e.Attestation.HistoryRoot = e.Attestation.HistoryRoot[1:] }, attest.ErrInvalidEvidence},
		{"no set hash", lieOfRoots, func(e *evidence) { e.Attestation.SetHash = nil }, attest.ErrInvalidEvidence},
		{"nothing that was signed", lieOfRoots, func(e *evidence) { e.Attestation = nil }, attest.ErrInvalidEvidence},
		{"two things", lieOfRoots, func(e *evidence) { e.Rotation = &attestpb.Rotation{} }, attest.ErrInvalidEvidence},
		{"long signature", lieOfRoots, func(e *evidence) { e.Signature = append(e.Signature, 0) }, attest.ErrInvalidEvidence},
		{"signature infinity", lieOfRoots, func(e *evidence) { e.Signature = append([]byte{0xc0}, make([]byte, 95)...) }, attest.ErrInvalidSignature},
	} {
		attestation := *c.attestation(uint64(c.height) - 1)
		if row.lie != nil {
			row.lie(&attestation)
		}
		msg := c.accuse(&attestation, accused, secret)
		if row.change != nil {
			row.change(&msg.Evidence)
		}
		requireResult(t, row.name, c.submit(msg), row.want)
	}
	c.requireNobodyPunished(3)
}

// TestEvidenceOfRotationsIsChecked does the same to a rotation.
func TestEvidenceOfRotationsIsChecked(t *testing.T) {
	c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window = 40 })
	for c.height < 10 {
		c.apply(da.EmptyTxs())
	}
	accused, secret := c.accounts[1], testSecret(t, 1)
	type evidence = attestpb.Evidence
	for _, row := range []struct {
		name   string
		lie    func(r *da.Rotation)
		change func(e *evidence)
		want   *errorsmod.Error
	}{
		{"the truth", nil, nil, attest.ErrNoFault},
		{"a lie about another chain", func(r *da.Rotation) { r.ChainID, r.Time = "ashlar-1", r.Time+1 }, nil, attest.ErrInvalidSignature},
		{"not signed: next hash", nil, func(e *evidence) { e.Rotation.NextHash = flipLast(e.Rotation.NextHash) }, attest.ErrInvalidSignature},
		{"not signed: time", nil, func(e *evidence) { e.Rotation.Time++ }, attest.ErrInvalidSignature},
		{"not signed: an epoch to come", nil, func(e *evidence) { e.Rotation.Epoch = 1000 }, attest.ErrInvalidSignature},
		{"another signer", lieOfSet, func(e *evidence) { e.Signers = bits(c.indexIn(e.Epoch, c.accounts[0])) }, attest.ErrInvalidSignature},
		{"counted in another set", lieOfSet, func(e *evidence) { e.Epoch++ }, attest.ErrInvalidEvidence},
		{"short next hash", lieOfSet, func(e *evidence) { e.Rotation.NextHash = e.Rotation.NextHash[1:] }, attest.ErrInvalidEvidence},
		{"no set hash", lieOfSet, func(e *evidence) { e.Rotation.SetHash = nil }, attest.ErrInvalidEvidence},
		{"an attestation's signature", lieOfSet, func(e *evidence) {
			e.Signature = c.accuse(c.attestation(9), accused, secret).Evidence.Signature
		}, attest.ErrInvalidSignature},
	} {
		rotation, err := c.app.Rotation(1)
		if err != nil {
			t.Fatal(err)
		}
		if row.lie != nil {
			row.lie(rotation)
		}
		msg := c.accuseOfRotation(rotation, accused, secret)
		if row.change != nil {
			row.change(&msg.Evidence)
		}
		requireResult(t, row.name, c.submit(msg), row.want)
	}
	c.requireNobodyPunished(3)
}

func lieOfSet(r *da.Rotation) { r.NextHash[0]++ }

// bits are signers.
func bits(indices ...int) []byte {
	var signers da.Signers
	for _, i := range indices {
		signers.Add(i)
	}
	return signers[:]
}

func (c *chain) indexIn(epoch uint64, operator account) int {
	return slices.IndexFunc(c.set(epoch).Attesters, func(a da.Attester) bool { return a.Operator == [da.AddressSize]byte(operator.address()) })
}

func (c *chain) requireNobodyPunished(validators int) {
	c.t.Helper()
	for i := range validators {
		if c.jailed(i) || !c.tokens(i).Equal(app.OneASH().MulRaw(100)) {
			c.t.Errorf("validator %d was punished", i)
		}
	}
}

// TestFalseRotationsCostStake: whoever hands over to another set than the chain's, or before there is one, is out.
func TestFalseRotationsCostStake(t *testing.T) {
	for name, lie := range map[string]func(r *da.Rotation){
		"next hash":        lieOfSet,
		"set hash":         func(r *da.Rotation) { r.SetHash[0]++ },
		"time":             func(r *da.Rotation) { r.Time++ },
		"an epoch to come": func(r *da.Rotation) { r.Epoch = 50 },
	} {
		c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window = 40 })
		for c.height < 7 {
			c.apply(da.EmptyTxs())
		}
		rotation, err := c.app.Rotation(1)
		if err != nil {
			t.Fatal(err)
		}
		lie(rotation)
		requireResult(t, name, c.submit(c.accuseOfRotation(rotation, c.accounts[1], testSecret(t, 1))), nil)
		if want := app.OneASH().MulRaw(95); !c.jailed(1) || !c.tokens(1).Equal(want) {
			t.Errorf("%s: jailed: %v, with %s, want %s", name, c.jailed(1), c.tokens(1), want)
		}
		c.requireExpelled(c.accounts[1])
		var fault attestpb.QueryFaultResponse
		c.query(t, "/ashlar.attest.v1.Query/Fault", &attestpb.QueryFaultRequest{Operator: c.accounts[1].address().String()}, &fault)
		if fault.Fault.Epoch != rotation.Epoch || fault.Fault.Height != 0 || fault.Fault.Block != uint64(c.height) {
			t.Errorf("%s: the fault on record is %+v", name, fault.Fault)
		}
	}
}

// TestASumIsEvidenceAgainstAllWhoSigned: what a contract was shown with the signatures added up costs each of
// the signers its stake, also where one of them was expelled before, and nobody else.
func TestASumIsEvidenceAgainstAllWhoSigned(t *testing.T) {
	c, _ := newCertifiedChain(t, 4, func(p *attestpb.Params) { p.Window = 40 })
	for c.height < 7 {
		c.apply(da.EmptyTxs())
	}
	lie := *c.attestation(5)
	lieOfRoots(&lie)
	var signatures []da.AttestationSignature
	for i := range uint64(2) {
		signature, err := testSecret(t, i).Attest(lie.Digest())
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, signature)
	}
	sum, err := da.AggregateSignatures(signatures)
	if err != nil {
		t.Fatal(err)
	}
	alone := c.accuse(&lie, c.accounts[0], testSecret(t, 0))
	both := c.evidence(lie.Epoch, sum, attestpb.Evidence{Attestation: alone.Evidence.Attestation}, c.accounts[0], c.accounts[1])
	requireResult(t, "one of them first", c.submit(alone), nil)
	var gas []int64
	for _, names := range [][]account{{c.accounts[0]}, {c.accounts[0], c.accounts[2]}, {c.accounts[0], c.accounts[1], c.accounts[2]}} {
		other := c.evidence(lie.Epoch, sum, attestpb.Evidence{Attestation: alone.Evidence.Attestation}, names...)
		result := c.submit(other)
		requireResult(t, "other names", result, attest.ErrInvalidSignature)
		gas = append(gas, result.GasUsed)
	}
	for i, used := range gas {
		if offered := attest.EvidenceGas(i + 1); uint64(used) > offered {
			t.Errorf("%d signers: %d gas, offered are %d", i+1, used, offered)
		}
	}
	if gas[0] < 316_000 || gas[1]-gas[0] != 16_000 || gas[2]-gas[1] != 16_000 {
		t.Errorf("evidence of 1, 2 and 3 signers used %v gas, want 16,000 for each and 300,000, for what verifying takes", gas)
	}
	requireResult(t, "both", c.submit(both), nil)
	requireResult(t, "both again", c.submit(both), attest.ErrPunished)
	for i, want := range []int64{95, 95, 100, 100} {
		if !c.tokens(i).Equal(app.OneASH().MulRaw(want)) || c.jailed(i) != (want < 100) {
			t.Errorf("validator %d has %s, jailed: %v", i, c.tokens(i), c.jailed(i))
		}
	}
	var faults attestpb.QueryFaultsResponse
	c.query(t, "/ashlar.attest.v1.Query/Faults", &attestpb.QueryFaultsRequest{}, &faults)
	if len(faults.Faults) != 2 || faults.Faults[0].Height != 5 || faults.Faults[1].Epoch != lie.Epoch {
		t.Errorf("the faults on record are %+v", faults.Faults)
	}
}

// TestLiesAboutDataAreNeverTooOld: state keeps the two roots of every height's data, so that an attestation of other
// data is a fault also once the height has left the window and its epoch's set is gone.
func TestLiesAboutDataAreNeverTooOld(t *testing.T) {
	c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window, p.EpochBlocks = 3, 2 }, unbonding(7*time.Second))
	for c.height < 4 {
		c.apply(da.EmptyTxs())
	}
	lie := *c.attestation(3)
	lieOfRoots(&lie)
	for c.height < 30 {
		c.apply(da.EmptyTxs())
	}
	if _, err := c.app.AttesterSet(lie.Epoch); err == nil {
		t.Fatal("the set is still there")
	}
	requireResult(t, "old data", c.submit(c.accuse(&lie, c.accounts[1], testSecret(t, 1))), nil)
	c.requireExpelled(c.accounts[1])
}

func lieOfRoots(a *da.Attestation) { a.DataRoot[0]++ }

func (c *chain) tokens(validator int) math.Int {
	c.t.Helper()
	v, err := c.app.Keepers.Staking.GetValidator(c.ctx(), sdk.ValAddress(c.accounts[validator].address()))
	if err != nil {
		c.t.Fatal(err)
	}
	return v.Tokens
}

// TestFalseAttestationsCostStake: whatever field an attester lies about, anybody's evidence has it slashed once
// and out for good.
func TestFalseAttestationsCostStake(t *testing.T) {
	for name, lie := range map[string]func(a *da.Attestation){
		"header hash":    func(a *da.Attestation) { a.HeaderHash[5]++ },
		"data root":      lieOfRoots,
		"blob tree root": func(a *da.Attestation) { a.BlobTreeRoot[31]++ },
		"history root":   func(a *da.Attestation) { a.HistoryRoot[0]++ },
		"time":           func(a *da.Attestation) { a.Time += 1000 },
		"epoch":          func(a *da.Attestation) { a.Epoch++ },
		"set hash":       func(a *da.Attestation) { a.SetHash[0]++ },
		"height to come": func(a *da.Attestation) { a.Height = 1000 },
		"height 0":       func(a *da.Attestation) { a.Height = 0 },
		"epoch to come":  func(a *da.Attestation) { a.Epoch = 1000 },
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window = 40 })
			for c.height < 7 {
				c.apply(da.EmptyTxs())
			}
			attestation := *c.attestation(5)
			lie(&attestation)
			accused, secret := c.accounts[1], testSecret(t, 1)
			evidence := c.accuse(&attestation, accused, secret)
			if got := c.submit(evidence); got.Code != 0 {
				t.Fatalf("refused: %s", got.Log)
			}
			if want := app.OneASH().MulRaw(95); !c.jailed(1) || !c.tokens(1).Equal(want) {
				t.Fatalf("jailed: %v, with %s, want %s", c.jailed(1), c.tokens(1), want)
			}
			c.requireExpelled(accused)
			for i, want := range []bool{false, true, false} {
				if got, err := c.app.Punished([da.AddressSize]byte(c.accounts[i].address())); got != want || err != nil {
					t.Errorf("validator %d is punished: %v (%v), want %v", i, got, err, want)
				}
			}
			other := *c.attestation(6)
			lieOfRoots(&other)
			for _, again := range []*attestpb.MsgSubmitAttestationEvidence{evidence, c.accuse(&other, accused, secret)} {
				if got := c.submit(again); got.Code != attest.ErrPunished.ABCICode() {
					t.Errorf("punished again: %d %s", got.Code, got.Log)
				}
			}
			for c.epoch() < 4 {
				c.apply(da.EmptyTxs())
			}
			if set := c.set(c.epoch()); len(set.Attesters) != 2 || set.Total != 200 || c.jailed(0) || c.jailed(2) {
				t.Errorf("afterwards the set is %+v", set)
			}
		})
	}
}

// requireExpelled holds that a validator can never come back.
func (c *chain) requireExpelled(operator account) {
	c.t.Helper()
	v, err := c.app.Keepers.Staking.GetValidator(c.ctx(), sdk.ValAddress(operator.address()))
	if err != nil {
		c.t.Fatal(err)
	}
	address, err := v.GetConsAddr()
	if err != nil {
		c.t.Fatal(err)
	}
	if !c.app.Keepers.Slashing.IsTombstoned(c.ctx(), address) {
		c.t.Error("it is not tombstoned")
	}
}

// TestAKeyReplacedStaysAnswerable: a key that was replaced signs for the epochs that it was in the set of.
func TestAKeyReplacedStaysAnswerable(t *testing.T) {
	c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window = 40 })
	accused := c.accounts[1]
	requireResult(t, "rotation", c.execute(c.sign(accused, terms{}, registration(keyOf(t, accused, testSecret(t, 50))))), nil)
	for c.epoch() < 4 {
		c.apply(da.EmptyTxs())
	}
	early, late := *c.attestation(3), *c.attestation(uint64(c.height))
	lieOfRoots(&early)
	lieOfRoots(&late)
	for _, row := range []struct {
		lie    *da.Attestation
		secret uint64
		want   uint32
	}{
		{&early, 50, attest.ErrInvalidSignature.ABCICode()},
		{&late, 1, attest.ErrInvalidSignature.ABCICode()},
		{&early, 1, 0},
	} {
		if got := c.submit(c.accuse(row.lie, accused, testSecret(t, row.secret))); got.Code != row.want {
			t.Errorf("key %d of height %d: have %d (%s), want %d", row.secret, row.lie.Height, got.Code, got.Log, row.want)
		}
	}
}

// TestUnbondingStakeIsSlashed: stake that left after the false attestation is slashed on its way out.
func TestUnbondingStakeIsSlashed(t *testing.T) {
	c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window = 40 })
	for c.height < 5 {
		c.apply(da.EmptyTxs())
	}
	accused := c.accounts[1]
	lie := *c.attestation(5)
	lieOfRoots(&lie)
	leave := stakingtypes.NewMsgUndelegate(accused.address().String(), sdk.ValAddress(accused.address()).String(), sdk.NewCoin(app.BaseDenom, app.OneASH().MulRaw(60)))
	requireResult(t, "undelegate", c.execute(c.sign(accused, terms{}, leave)), nil)
	before := c.supply()
	if got := c.submit(c.accuse(&lie, accused, testSecret(t, 1))); got.Code != 0 {
		t.Fatalf("refused: %s", got.Log)
	}
	leaving, err := c.app.Keepers.Staking.GetUnbondingDelegationsFromValidator(c.ctx(), sdk.ValAddress(accused.address()))
	if err != nil || len(leaving) != 1 {
		t.Fatalf("%d are leaving (%v)", len(leaving), err)
	}
	if got := leaving[0].Entries[0].Balance; !got.Equal(app.OneASH().MulRaw(57)) || !c.tokens(1).Equal(app.OneASH().MulRaw(38)) {
		t.Errorf("%s of 60 ASH are leaving and %s of 40 stay", got, c.tokens(1))
	}
	if burned := before.Sub(c.supply()); burned.LT(app.OneASH().MulRaw(5)) {
		t.Errorf("%s were burned", burned)
	}
}

// TestNoEvidenceAgainstWhoHasNothing: of a validator that took all its stake away, and is gone, there is nothing to
// lose; its key is nobody else's all the same.
func TestNoEvidenceAgainstWhoHasNothing(t *testing.T) {
	c := newChainOfValidators(t, newApp(t), 6, 3, attestingWith(t, 3, func(p *attestpb.Params) { p.Window = 40 }), unbonding(7*time.Second))
	c.apply(da.EmptyTxs())
	accused := c.accounts[1]
	lie := *c.attestation(2)
	lieOfRoots(&lie)
	leave := stakingtypes.NewMsgUndelegate(accused.address().String(), sdk.ValAddress(accused.address()).String(), sdk.NewCoin(app.BaseDenom, app.OneASH().MulRaw(100)))
	requireResult(t, "undelegate", c.execute(c.sign(accused, terms{}, leave)), nil)
	c.validators = slices.Delete(c.validators, 1, 2)
	for range 4 {
		c.apply(da.EmptyTxs())
	}
	if _, err := c.app.Keepers.Staking.GetValidator(c.ctx(), sdk.ValAddress(accused.address())); err == nil {
		t.Fatal("the validator is still there")
	}
	if got := c.submit(c.accuse(&lie, accused, testSecret(t, 1))); got.Code != attest.ErrNoStake.ABCICode() {
		t.Errorf("have %d (%s), want ErrNoStake", got.Code, got.Log)
	}
	taken := registration(keyOf(t, c.accounts[0], testSecret(t, 1)))
	requireResult(t, "the key of who is gone", c.execute(c.sign(c.accounts[0], terms{}, taken)), attest.ErrKeyTaken)
}
