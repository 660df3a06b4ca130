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

// accuse has a validator sign an attestation and returns what shows it.
func (c *chain) accuse(attestation *da.Attestation, operator account, secret *da.AttestationSecret) *attestpb.MsgSubmitAttestationEvidence {
	c.t.Helper()
	signature, err := secret.Attest(attestation.Digest())
	if err != nil {
		c.t.Fatal(err)
	}
	return &attestpb.MsgSubmitAttestationEvidence{
		Submitter: c.accounts[4].address().String(), Operator: operator.address().String(),
		Attestation: attestpb.SignedAttestation{
			Epoch: attestation.Epoch, SetHash: attestation.SetHash[:], Height: attestation.Height, Time: attestation.Time,
			HeaderHash: attestation.HeaderHash[:], DataRoot: attestation.DataRoot[:],
			BlobTreeRoot: attestation.BlobTreeRoot[:], HistoryRoot: attestation.HistoryRoot[:], Signature: signature[:],
		},
	}
}

// submit has anybody submit evidence, and returns the result.
func (c *chain) submit(msg sdk.Msg) *abci.ExecTxResult {
	c.t.Helper()
	submitter := c.accounts[4]
	return c.execute(c.sign(submitter, terms{sequence: c.sequence(submitter)}, msg))
}

// TestEvidenceIsChecked corrupts good evidence in one place at a time. Nobody is punished for any of it.
func TestEvidenceIsChecked(t *testing.T) {
	c, _ := newCertifiedChain(t, 3, func(p *attestpb.Params) { p.Window = 40 })
	for c.height < 14 {
		c.apply(da.EmptyTxs())
	}
	accused, secret := c.accounts[1], testSecret(t, 1)
	for _, row := range []struct {
		name   string
		lie    func(a *da.Attestation)
		change func(m *attestpb.MsgSubmitAttestationEvidence)
		want   *errorsmod.Error
	}{
		{"the truth", nil, nil, attest.ErrNoFault},
		{"the truth of another chain", func(a *da.Attestation) { a.ChainID = "ashlar-1" }, nil, attest.ErrNoFault},
		{"a lie about another chain", func(a *da.Attestation) { a.ChainID, a.DataRoot[0] = "ashlar-1", a.DataRoot[0]+1 }, nil, attest.ErrInvalidSignature},
		{"a height to come", func(a *da.Attestation) { a.Height = 1000 }, nil, attest.ErrFutureHeight},
		{"height 0", func(a *da.Attestation) { a.Height = 0 }, nil, attest.ErrOutsideWindow},
		{"an epoch to come", func(a *da.Attestation) { a.Epoch = 1000 }, nil, attest.ErrUnknownSet},
		{"not signed: data root", nil, func(m *attestpb.MsgSubmitAttestationEvidence) {
			m.Attestation.DataRoot = flipLast(m.Attestation.DataRoot)
		}, attest.ErrInvalidSignature},
		{"not signed: time", nil, func(m *attestpb.MsgSubmitAttestationEvidence) { m.Attestation.Time++ }, attest.ErrInvalidSignature},
		{"another's signature", lieOfRoots, func(m *attestpb.MsgSubmitAttestationEvidence) { m.Operator = c.accounts[0].address().String() }, attest.ErrInvalidSignature},
		{"no attester", lieOfRoots, func(m *attestpb.MsgSubmitAttestationEvidence) { m.Operator = c.accounts[4].address().String() }, attest.ErrNotAttester},
		{"no operator", lieOfRoots, func(m *attestpb.MsgSubmitAttestationEvidence) {
			m.Operator = sdk.ValAddress(accused.address()).String()
		}, attest.ErrInvalidOperator},
		{"short root", lieOfRoots, func(m *attestpb.MsgSubmitAttestationEvidence) {
			m.Attestation.HistoryRoot = m.Attestation.HistoryRoot[1:]
		}, attest.ErrInvalidEvidence},
		{"no set hash", lieOfRoots, func(m *attestpb.MsgSubmitAttestationEvidence) { m.Attestation.SetHash = nil }, attest.ErrInvalidEvidence},
		{"long signature", lieOfRoots, func(m *attestpb.MsgSubmitAttestationEvidence) {
			m.Attestation.Signature = append(m.Attestation.Signature, 0)
		}, attest.ErrInvalidEvidence},
		{"signature infinity", lieOfRoots, func(m *attestpb.MsgSubmitAttestationEvidence) {
			m.Attestation.Signature = append([]byte{0xc0}, make([]byte, 95)...)
		}, attest.ErrInvalidSignature},
	} {
		attestation := *c.attestation(9)
		if row.lie != nil {
			row.lie(&attestation)
		}
		msg := c.accuse(&attestation, accused, secret)
		if row.change != nil {
			row.change(msg)
		}
		got := c.submit(msg)
		if got.Codespace != row.want.Codespace() || got.Code != row.want.ABCICode() {
			t.Errorf("%s: have %s %d (%s), want %v", row.name, got.Codespace, got.Code, got.Log, row.want)
		}
	}
	for i := range 3 {
		if c.jailed(i) || !c.tokens(i).Equal(app.OneASH().MulRaw(100)) {
			t.Errorf("validator %d was punished", i)
		}
	}
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
	c := newChainOfValidators(t, newApp(t), 6, 3, attestingWith(t, 3, func(p *attestpb.Params) { p.Window = 40 }),
		func(e *app.Encoding, s app.GenesisState) {
			var state stakingtypes.GenesisState
			e.Codec.MustUnmarshalJSON(s[stakingtypes.ModuleName], &state)
			state.Params.UnbondingTime = 7 * time.Second
			s[stakingtypes.ModuleName] = e.Codec.MustMarshalJSON(&state)
		})
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
