package app

import (
	"context"

	abci "github.com/cometbft/cometbft/abci/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/app/ante"
	"github.com/ashlar-da/ashlar/app/blob"
)

// runner executes the messages of a block's transactions one after another: all their
// antes ran before. What the proposer injected does nothing and succeeds: results are
// hashed, so every node says the same of it.
type runner struct {
	antes *ante.Block
}

var _ sdk.TxRunner = runner{}

// Run implements sdk.TxRunner: one result for each transaction.
func (r runner) Run(ctx context.Context, _ storetypes.MultiStore, txs [][]byte, deliver sdk.DeliverTxFunc) ([]*abci.ExecTxResult, error) {
	results := make([]*abci.ExecTxResult, len(txs))
	for i, raw := range txs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		results[i] = r.run(raw, i, deliver)
	}
	return results, nil
}

func (r runner) run(raw []byte, index int, deliver sdk.DeliverTxFunc) *abci.ExecTxResult {
	if blob.IsInjected(raw) {
		return &abci.ExecTxResult{}
	}
	return deliver(raw, r.antes.Tx(index), nil, index, nil)
}
