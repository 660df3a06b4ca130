package attest

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

const (
	// pairingGas is what verifying a signature costs. BenchmarkVerifySigners of package da had 1.4 ms for it, and 0.08 ms for each
	// signer's key: at 200,000 gas a millisecond, what a block has gas for is verified in a second, of the six between blocks.
	pairingGas = 300_000
	// signerGas is what decoding each signer's key costs beside that.
	signerGas = 16_000
)

// EvidenceGas is the execution gas for a transaction with evidence of so many signers: what verifying takes, and room for all
// else, most of all for reading the sets of up to five epochs, the largest of which takes 85,000.
func EvidenceGas(signers int) uint64 { return 700_000 + pairingGas + signerGas*uint64(signers) }

// msgServer executes the module's messages.
type msgServer struct {
	keeper *Keeper
}

var _ attestpb.MsgServer = msgServer{}

// RegisterAttestationKey registers or replaces the operator's key.
func (s msgServer) RegisterAttestationKey(ctx context.Context, msg *attestpb.MsgRegisterAttestationKey) (*attestpb.MsgRegisterAttestationKeyResponse, error) {
	sdk.UnwrapSDKContext(ctx).GasMeter().ConsumeGas(pairingGas, "proof of possession")
	if err := s.keeper.Register(ctx, attestpb.RegisteredKey{Operator: msg.Operator, Key: msg.Key, Proof: msg.Proof}); err != nil {
		return nil, err
	}
	return &attestpb.MsgRegisterAttestationKeyResponse{}, nil
}

// SubmitAttestationEvidence punishes who signed, if that is due.
func (s msgServer) SubmitAttestationEvidence(ctx context.Context, msg *attestpb.MsgSubmitAttestationEvidence) (*attestpb.MsgSubmitAttestationEvidenceResponse, error) {
	if err := s.keeper.Punish(ctx, msg.Evidence); err != nil {
		return nil, err
	}
	return &attestpb.MsgSubmitAttestationEvidenceResponse{}, nil
}

// UpdateParams replaces the parameters, for the authority only.
func (s msgServer) UpdateParams(ctx context.Context, msg *attestpb.MsgUpdateParams) (*attestpb.MsgUpdateParamsResponse, error) {
	if err := sdk.ValidateAuthority(sdk.UnwrapSDKContext(ctx), s.keeper.authority, msg.Authority); err != nil {
		return nil, err
	}
	if err := s.keeper.SetParams(ctx, msg.Params); err != nil {
		return nil, err
	}
	return &attestpb.MsgUpdateParamsResponse{}, nil
}
