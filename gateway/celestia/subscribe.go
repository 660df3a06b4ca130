package celestia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

// event is what who subscribed gets for every height. The names are [celestia-node's], which has no JSON tags.
//
// [celestia-node's]: https://github.com/celestiaorg/celestia-node/blob/v0.28.4/blob/service.go
type event struct {
	Blobs  []*blobJSON
	Height uint64
	Header *plainHeader
}

// subscribe sends what every height from the next on has of a namespace. None is left out: it ends where one cannot be
// read any more.
func (n *node) subscribe(_ context.Context, params []json.RawMessage) (func(context.Context) (any, error), error) {
	var of namespace
	if err := jsonrpc.Read(params, &of); err != nil {
		return nil, err
	}
	height, err := n.core.Newest()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		e, err := n.event(ctx, da.Namespace(of), height+1)
		if err == nil {
			height++
		}
		return e, err
	}, nil
}

// event waits for a height and reads it. It fails with da.ErrPruned where nobody can, and with jsonrpc.ErrAgain.
func (n *node) event(ctx context.Context, of da.Namespace, height uint64) (*event, error) {
	if err := n.core.Await(ctx, height); err != nil {
		return nil, err
	}
	e, err := n.eventNow(ctx, of, height)
	if err != nil && !errors.Is(err, da.ErrPruned) {
		return nil, fmt.Errorf("%w: %w", jsonrpc.ErrAgain, err)
	}
	return e, err
}

func (n *node) eventNow(ctx context.Context, of da.Namespace, height uint64) (*event, error) {
	at, err := n.reader.At(ctx, height)
	if err != nil {
		return nil, err
	}
	header, err := n.core.Header(ctx, height)
	if err != nil {
		return nil, err
	}
	blobs, err := shown(ctx, at, of)
	return &event{blobs, height, plain(header.Signed().Header)}, err
}
