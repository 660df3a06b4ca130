package app_test

import (
	"testing"

	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// TestEvidenceOfTheLargestSetsHasGas: of the greatest sets that there may be, what clients offer is enough for the evidence that takes most to judge.
func TestEvidenceOfTheLargestSetsHasGas(t *testing.T) {
	const validators = da.MaxAttesters
	room := func(e *app.Encoding, s app.GenesisState) {
		var state stakingtypes.GenesisState
		e.Codec.MustUnmarshalJSON(s[stakingtypes.ModuleName], &state)
		state.Params.MaxValidators = validators
		s[stakingtypes.ModuleName] = e.Codec.MustMarshalJSON(&state)
	}
	c, _ := newCertifiedChain(t, validators, func(p *attestpb.Params) { p.Window = 1 }, room)
	c.upTo(6)
	late := *c.attestation(6)
	c.upTo(14)
	late.Time += 30
	rotation, err := c.app.Rotation(1)
	if err != nil {
		t.Fatal(err)
	}
	lieOfSet(rotation)
	newest := *c.attestation(14)
	lieOfRoots(&newest)
	for i, msg := range []*attestpb.MsgSubmitAttestationEvidence{
		c.accuse(&newest, c.accounts[1], testSecret(t, 1)),
		c.accuse(&late, c.accounts[2], testSecret(t, 2)),
		c.accuseOfRotation(rotation, c.accounts[3], testSecret(t, 3)),
	} {
		submitter := c.accounts[4]
		got := c.execute(c.sign(submitter, terms{sequence: c.sequence(submitter), gas: attest.EvidenceGas(1)}, msg))
		if got.Code != 0 {
			t.Errorf("evidence %d: code %d: %.200s", i, got.Code, got.Log)
		}
		t.Logf("evidence %d used %d of %d", i, got.GasUsed, attest.EvidenceGas(1))
	}
}
