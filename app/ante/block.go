package ante

import (
	"fmt"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ashlar-da/ashlar/app/blob"
)

// Block runs the ante chains of a block's transactions before any of their messages, on
// the state and in the order in which ProcessProposal ran them. So what was voted for is
// what is charged: no message can leave a later transaction of its block unpaid, although
// it fills the square. BaseApp runs ante and messages together; Block gives the messages
// what their ante left.
//
// It is not safe for concurrent use.
type Block struct {
	chain sdk.AnteHandler
	paid  map[int]paid
}

// paid is what a transaction's ante left for its messages.
type paid struct {
	tx     sdk.Tx
	gas    storetypes.GasMeter
	events sdk.Events
}

// NewBlock returns the block that runs a chain.
func NewBlock(chain sdk.AnteHandler) *Block {
	return &Block{chain: chain}
}

// Begin forgets the block before.
func (b *Block) Begin(transactions int) {
	b.paid = make(map[int]paid, transactions)
}

// Pay runs the chain for the transaction at an index of the block, and writes to ctx. Of a
// verified block none fails: an error means that this node differs from those that voted.
func (b *Block) Pay(ctx sdk.Context, index int, raw []byte, tx sdk.Tx) error {
	ctx = ctx.WithTxIndex(index).WithTxBytes(raw).WithIsSigverifyTx(true).
		WithGasMeter(storetypes.NewInfiniteGasMeter()).WithEventManager(sdk.NewEventManager())
	after, err := b.chain(ctx, tx, false)
	if err != nil {
		return fmt.Errorf("transaction %d does not pay, although its block was verified: %w", index, err)
	}
	b.paid[index] = paid{tx: tx, gas: after.GasMeter(), events: after.EventManager().Events()}
	return nil
}

// Tx returns the transaction at an index of the block, nil for what is injected.
func (b *Block) Tx(index int) sdk.Tx {
	return b.paid[index].tx
}

// Handle is BaseApp's ante handler. Where messages follow, it takes up what Pay left;
// in all other modes, and at genesis, it runs the chain. CheckTx leaves the state it runs on
// as it was committed: what waits besides is the mempool's to know.
func (b *Block) Handle(ctx sdk.Context, tx sdk.Tx, simulate bool) (sdk.Context, error) {
	if ctx.IsCheckTx() && !simulate {
		return b.check(ctx, tx)
	}
	if ctx.ExecMode() != sdk.ExecModeFinalize || ctx.BlockHeight() == 0 || simulate {
		return b.chain(ctx, tx, simulate)
	}
	paid, ok := b.paid[ctx.TxIndex()]
	if !ok {
		return ctx, sdkerrors.ErrLogic.Wrapf("transaction %d reached its messages unpaid", ctx.TxIndex())
	}
	if envelope, ok := tx.(*blob.Tx); ok {
		ctx = mark(ctx, envelope)
	}
	ctx.EventManager().EmitEvents(paid.events)
	return ctx.WithGasMeter(paid.gas), nil
}

// check runs the chain on a branch of the state that is never written.
func (b *Block) check(ctx sdk.Context, tx sdk.Tx) (sdk.Context, error) {
	state := ctx.MultiStore()
	after, err := b.chain(ctx.WithMultiStore(state.CacheMultiStore()), tx, false)
	if after.IsZero() {
		return after, err
	}
	return after.WithMultiStore(state), err
}
