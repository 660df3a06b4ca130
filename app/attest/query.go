package attest

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// queryServer answers the module's queries.
type queryServer struct {
	keeper *Keeper
}

var _ attestpb.QueryServer = queryServer{}

// answer gives an error its gRPC code.
func answer(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrInvalidOperator):
		return status.Error(codes.InvalidArgument, err.Error())
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrUnknownSet), errors.Is(err, ErrFutureHeight), errors.Is(err, ErrOutsideWindow):
		return status.Error(codes.NotFound, err.Error())
	case errors.Is(err, ErrNotBegun):
		return status.Error(codes.FailedPrecondition, err.Error())
	}
	return status.Error(codes.Internal, err.Error())
}

func parseOperator(operator string) ([da.AddressSize]byte, error) {
	address, err := da.ParseAddress(operator)
	if err != nil {
		return address, ErrInvalidOperator.Wrap(err.Error())
	}
	return address, nil
}

// Params returns the parameters.
func (s queryServer) Params(ctx context.Context, _ *attestpb.QueryParamsRequest) (*attestpb.QueryParamsResponse, error) {
	params, err := s.keeper.Params(ctx)
	return &attestpb.QueryParamsResponse{Params: params}, answer(err)
}

// Key returns a validator's key.
func (s queryServer) Key(ctx context.Context, req *attestpb.QueryKeyRequest) (*attestpb.QueryKeyResponse, error) {
	operator, err := parseOperator(req.Operator)
	if err != nil {
		return nil, answer(err)
	}
	key, err := s.keeper.Key(ctx, operator)
	return &attestpb.QueryKeyResponse{Key: key}, answer(err)
}

// Keys returns all keys.
func (s queryServer) Keys(ctx context.Context, _ *attestpb.QueryKeysRequest) (*attestpb.QueryKeysResponse, error) {
	keys, err := s.keeper.registered(ctx)
	return &attestpb.QueryKeysResponse{Keys: keys}, answer(err)
}

// AttesterSet returns the set of an epoch.
func (s queryServer) AttesterSet(ctx context.Context, req *attestpb.QueryAttesterSetRequest) (*attestpb.QueryAttesterSetResponse, error) {
	set, err := s.keeper.set(ctx, req.Epoch)
	return &attestpb.QueryAttesterSetResponse{Set: set}, answer(err)
}

// Epoch returns the epoch at hand.
func (s queryServer) Epoch(ctx context.Context, _ *attestpb.QueryEpochRequest) (*attestpb.QueryEpochResponse, error) {
	schedule, err := s.keeper.Schedule(ctx)
	return &attestpb.QueryEpochResponse{Schedule: schedule}, answer(err)
}

// Record returns what attestations of a height say of it.
func (s queryServer) Record(ctx context.Context, req *attestpb.QueryRecordRequest) (*attestpb.QueryRecordResponse, error) {
	record, err := s.keeper.Record(ctx, req.Height)
	return &attestpb.QueryRecordResponse{Record: record}, answer(err)
}

// History returns the root of the history of data.
func (s queryServer) History(ctx context.Context, _ *attestpb.QueryHistoryRequest) (*attestpb.QueryHistoryResponse, error) {
	state, err := optional(s.keeper.history.Get(ctx))
	if err != nil {
		return nil, answer(err)
	}
	history, err := da.HistoryFrom(state.Height, s.keeper.node(ctx))
	if err != nil {
		return nil, answer(err)
	}
	root := history.Root()
	return &attestpb.QueryHistoryResponse{Height: state.Height, Root: root[:], Pruned: state.Pruned}, nil
}

// Misses returns how many injected certificates lack a validator's signature.
func (s queryServer) Misses(ctx context.Context, req *attestpb.QueryMissesRequest) (*attestpb.QueryMissesResponse, error) {
	operator, err := parseOperator(req.Operator)
	if err != nil {
		return nil, answer(err)
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, answer(err)
	}
	injected, err := s.keeper.Injected(ctx)
	if err != nil {
		return nil, answer(err)
	}
	missed, err := s.keeper.Missed(ctx, operator)
	return &attestpb.QueryMissesResponse{Missed: missed, Certificates: min(injected.Count, params.MissWindow), Limit: params.MissLimit}, answer(err)
}
