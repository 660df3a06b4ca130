package attest

import (
	"context"
	"encoding/hex"
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
	return &attestpb.QueryKeyResponse{Key: showKey(key)}, answer(err)
}

// Keys returns all keys.
func (s queryServer) Keys(ctx context.Context, _ *attestpb.QueryKeysRequest) (*attestpb.QueryKeysResponse, error) {
	keys, err := s.keeper.registered(ctx)
	response := new(attestpb.QueryKeysResponse)
	for _, key := range keys {
		response.Keys = append(response.Keys, showKey(key))
	}
	return response, answer(err)
}

// AttesterSet returns the set of an epoch.
func (s queryServer) AttesterSet(ctx context.Context, req *attestpb.QueryAttesterSetRequest) (*attestpb.QueryAttesterSetResponse, error) {
	set, err := s.keeper.set(ctx, req.Epoch)
	return &attestpb.QueryAttesterSetResponse{Set: showSet(set)}, answer(err)
}

// Epoch returns the epoch at hand.
func (s queryServer) Epoch(ctx context.Context, _ *attestpb.QueryEpochRequest) (*attestpb.QueryEpochResponse, error) {
	schedule, err := s.keeper.Schedule(ctx)
	return &attestpb.QueryEpochResponse{Schedule: schedule}, answer(err)
}

// Record returns what attestations of a height say of it.
func (s queryServer) Record(ctx context.Context, req *attestpb.QueryRecordRequest) (*attestpb.QueryRecordResponse, error) {
	record, err := s.keeper.Record(ctx, req.Height)
	return &attestpb.QueryRecordResponse{Record: attestpb.ShownRecord{
		Epoch: record.Epoch, Time: record.Time, HeaderHash: hex.EncodeToString(record.HeaderHash), DataRoot: hex.EncodeToString(record.DataRoot),
		BlobTreeRoot: hex.EncodeToString(record.BlobTreeRoot), HistoryRoot: hex.EncodeToString(record.HistoryRoot),
	}}, answer(err)
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
	return &attestpb.QueryHistoryResponse{Height: state.Height, Root: hex.EncodeToString(root[:]), Pruned: state.Pruned}, nil
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

// Fault returns what a validator was expelled for.
func (s queryServer) Fault(ctx context.Context, req *attestpb.QueryFaultRequest) (*attestpb.QueryFaultResponse, error) {
	operator, err := parseOperator(req.Operator)
	if err != nil {
		return nil, answer(err)
	}
	fault, err := s.keeper.Fault(ctx, operator)
	return &attestpb.QueryFaultResponse{Fault: fault}, answer(err)
}

// Faults returns what validators were expelled for.
func (s queryServer) Faults(ctx context.Context, _ *attestpb.QueryFaultsRequest) (*attestpb.QueryFaultsResponse, error) {
	response := new(attestpb.QueryFaultsResponse)
	err := s.keeper.faults.Walk(ctx, nil, func(_ []byte, fault attestpb.Fault) (bool, error) {
		response.Faults = append(response.Faults, fault)
		return false, nil
	})
	return response, answer(err)
}

func showKey(key attestpb.RegisteredKey) attestpb.ShownKey {
	return attestpb.ShownKey{Operator: key.Operator, Key: hex.EncodeToString(key.Key), Proof: hex.EncodeToString(key.Proof)}
}

func showSet(set attestpb.AttesterSet) attestpb.ShownSet {
	shown := attestpb.ShownSet{Epoch: set.Epoch, Total: set.Total, Hash: hex.EncodeToString(set.Hash), Time: set.Time, TakenAt: set.TakenAt}
	for _, a := range set.Attesters {
		shown.Attesters = append(shown.Attesters, attestpb.ShownAttester{Operator: a.Operator, Key: hex.EncodeToString(a.Key), Power: a.Power})
	}
	return shown
}
