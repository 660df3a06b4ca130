package app

import (
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
)

// Retention is what the application asks the node about blocks. Implementations must
// be safe for concurrent use and return at once.
type Retention interface {
	// RetainHeight returns the lowest height whose block CometBFT must keep; what is
	// below may be pruned. 0 keeps everything. It never exceeds the height up to which
	// the node has stored every square itself: blocks are where it gets them from.
	RetainHeight() int64
}

// Commit makes the block's state durable and tells CometBFT which blocks it may
// prune: none above the node's own retain height, and none above what
// min-retain-blocks allows where an operator set it.
func (a *App) Commit() (*abci.ResponseCommit, error) {
	resp, err := a.BaseApp.Commit()
	if err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	resp.RetainHeight = a.retainHeight(resp.RetainHeight)
	return resp, nil
}

// retainHeight combines what the SDK's settings allow to prune, 0 for not set, with
// what the node does.
func (a *App) retainHeight(configured int64) int64 {
	if a.retention == nil {
		return 0
	}
	retain := min(a.retention.RetainHeight(), a.LastBlockHeight())
	if configured > 0 {
		retain = min(retain, configured)
	}
	return max(retain, 0)
}
