package blob

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// msgServer executes the module's messages.
type msgServer struct {
	keeper *Keeper
}

var _ blobpb.MsgServer = msgServer{}

// PayForBlobs has nothing left to do: the ante chain charged the fee and the layout
// put the blobs into the square. It only refuses what came without an envelope.
func (s msgServer) PayForBlobs(ctx context.Context, _ *blobpb.MsgPayForBlobs) (*blobpb.MsgPayForBlobsResponse, error) {
	if !fromEnvelope(ctx) {
		return nil, ErrNotFromEnvelope.Wrap("it counts only as the sole message of an envelope: submit the blobs with it, not through authz or gov")
	}
	return &blobpb.MsgPayForBlobsResponse{}, nil
}

// UpdateParams replaces the parameters, for the authority only.
func (s msgServer) UpdateParams(ctx context.Context, msg *blobpb.MsgUpdateParams) (*blobpb.MsgUpdateParamsResponse, error) {
	if err := sdk.ValidateAuthority(sdk.UnwrapSDKContext(ctx), s.keeper.authority, msg.Authority); err != nil {
		return nil, err
	}
	if err := s.keeper.SetParams(ctx, msg.Params); err != nil {
		return nil, err
	}
	return &blobpb.MsgUpdateParamsResponse{}, nil
}
