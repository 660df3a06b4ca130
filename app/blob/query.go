package blob

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// queryServer answers the module's queries.
type queryServer struct {
	keeper *Keeper
}

var _ blobpb.QueryServer = queryServer{}

// Params returns the parameters.
func (s queryServer) Params(ctx context.Context, _ *blobpb.QueryParamsRequest) (*blobpb.QueryParamsResponse, error) {
	params, err := s.keeper.params.Get(ctx)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "read parameters: %v", err)
	}
	return &blobpb.QueryParamsResponse{Params: params}, nil
}

// Fee returns the excess and the base fee that the next block charges.
func (s queryServer) Fee(ctx context.Context, _ *blobpb.QueryFeeRequest) (*blobpb.QueryFeeResponse, error) {
	baseFee, err := s.keeper.BaseFee(ctx)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	excess, err := s.keeper.excess.Get(ctx)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "read excess: %v", err)
	}
	return &blobpb.QueryFeeResponse{BaseFee: baseFee, Excess: excess}, nil
}

// Supply returns what was issued and what was burned since.
func (s queryServer) Supply(ctx context.Context, _ *blobpb.QuerySupplyRequest) (*blobpb.QuerySupplyResponse, error) {
	issued, err := s.keeper.issued.Get(ctx)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "read the supply at genesis: %v", err)
	}
	burned, err := s.keeper.Burned(ctx)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "read what was burned: %v", err)
	}
	return &blobpb.QuerySupplyResponse{Issued: issued, Burned: burned}, nil
}

// BlockRoots returns what is kept of one height's square.
func (s queryServer) BlockRoots(ctx context.Context, req *blobpb.QueryBlockRootsRequest) (*blobpb.QueryBlockRootsResponse, error) {
	if req.Height < 1 {
		return nil, status.Errorf(codes.InvalidArgument, "height is %d: the first is 1", req.Height)
	}
	roots, err := s.keeper.Roots(ctx, req.Height)
	if errors.Is(err, ErrNotFound) {
		return nil, status.Error(codes.NotFound, err.Error())
	}
	if err != nil {
		return nil, status.Errorf(codes.Internal, "read roots: %v", err)
	}
	return &blobpb.QueryBlockRootsResponse{Roots: roots}, nil
}
