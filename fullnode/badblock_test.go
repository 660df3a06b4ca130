package fullnode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// careless is the application of a validator that votes for anything and executes it:
// the first block with transactions that it proposes has two cell proofs swapped, and
// is executed as if it had not.
type careless struct {
	abci.Application
	height atomic.Int64 // of the bad block; 0: none yet
	honest [][]byte     // its transactions before; ABCI calls come one at a time
}

func (c *careless) PrepareProposal(ctx context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	response, err := c.Application.PrepareProposal(ctx, req)
	if err != nil || len(response.Txs) <= 2 || c.height.Load() != 0 && c.height.Load() != req.Height {
		return response, err
	}
	c.honest = slices.Clone(response.Txs)
	proofs := slices.Clone(response.Txs[1])
	first, second := proofs[1:1+kzg.PointSize], proofs[1+kzg.PointSize:1+2*kzg.PointSize]
	kept := slices.Clone(first)
	copy(first, second)
	copy(second, kept)
	response.Txs[1] = proofs
	c.height.Store(req.Height)
	return response, nil
}

func (c *careless) ProcessProposal(context.Context, *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

func (c *careless) FinalizeBlock(ctx context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	if req.Height == c.height.Load() {
		req.Txs = c.honest
	}
	return c.Application.FinalizeBlock(ctx, req)
}

// TestSyncHaltsAtBadBlock syncs an honest node from a chain with one bad block in it,
// which all its stake signed: the node must halt there and say why.
func TestSyncHaltsAtBadBlock(t *testing.T) {
	cfg := newValidator(t)
	var app *careless
	cfg.wrap = func(inner abci.Application) abci.Application {
		app = &careless{Application: inner}
		return app
	}
	validator := startNode(t, cfg)
	validator.waitStored(t, 1)
	_, height := validator.post(t, testBlob(t, 1, 100))
	validator.waitStored(t, height+3)
	if int64(height) != app.height.Load() {
		t.Fatalf("the bad block is at %d, the blob at %d", app.height.Load(), height)
	}

	node := startNode(t, newFollower(t, validator))
	select {
	case <-node.done:
	case <-time.After(patience):
		t.Fatal("the node did not halt")
	}
	err := node.stop()
	if !errors.Is(err, ErrHalted) || !strings.Contains(err.Error(), fmt.Sprintf("block %d", height)) || !strings.Contains(err.Error(), "proof") {
		t.Errorf("the node ended with %v, want that it halted at block %d for a proof", err, height)
	}
	if head := node.store.Head(); head != height-1 {
		t.Errorf("the node serves up to height %d, the last good one is %d", head, height-1)
	}
}
