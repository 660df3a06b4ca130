package ante

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// maxNesting bounds how deep messages may hold messages.
const maxNesting = 8

// formDecorator checks what can be seen without state: MsgPayForBlobs comes as the
// sole message of an envelope and nowhere else, and the blobs have the number and
// sizes the message says. It marks the context of envelopes, and charges for their
// size that of the signed bytes: blobs are paid for in blob gas.
type formDecorator struct {
	keeper *blob.Keeper
}

// AnteHandle implements sdk.AnteDecorator.
func (d formDecorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if ctx.BlockHeight() == 0 {
		return next(ctx, tx, simulate)
	}
	limits, err := d.keeper.Limits(ctx)
	if err != nil {
		return ctx, err
	}
	envelope, ok := tx.(*blob.Tx)
	if !ok {
		if err := checkBare(tx, len(ctx.TxBytes()), limits); err != nil {
			return ctx, err
		}
		return next(ctx, tx, simulate)
	}
	if err := checkForm(envelope, limits); err != nil {
		return ctx, err
	}
	return next(mark(ctx, envelope), tx, simulate)
}

// checkBare refuses a transaction without blobs that pays for some, or that no square holds.
func checkBare(tx sdk.Tx, size int, limits da.Limits) error {
	if mentionsPay(tx.GetMsgs(), 0) {
		return blob.ErrNotFromEnvelope.Wrap("submit the blobs beside the transaction, with MsgPayForBlobs as its one message")
	}
	square, err := da.NewSquareBuilder(limits)
	if err != nil {
		return err
	}
	if err := square.AddTx(size); err != nil {
		return blob.ErrTooLarge.Wrapf("no square can hold the transaction: %v", err)
	}
	return nil
}

// checkForm holds an envelope against its message as far as counting goes.
func checkForm(tx *blob.Tx, limits da.Limits) error {
	if tx.Pay() == nil {
		return blob.ErrMalformedEnvelope.Wrap("its transaction must have MsgPayForBlobs as its one message: submit others bare")
	}
	if err := tx.Message.Check(limits); err != nil {
		return blob.Wrap(err)
	}
	blobs := tx.Envelope.Blobs
	if len(blobs) != len(tx.Message.Blobs) {
		return blob.ErrBlobMismatch.Wrapf("%d blobs beside a message that describes %d", len(blobs), len(tx.Message.Blobs))
	}
	for i, data := range blobs {
		if want := tx.Message.Blobs[i].Size; uint64(len(data)) != want {
			return blob.ErrBlobMismatch.Wrapf("blob %d has %d bytes, the message says %d", i, len(data), want)
		}
	}
	return nil
}

// mark prepares the context for what follows in the chain and for the message server.
func mark(ctx sdk.Context, tx *blob.Tx) sdk.Context {
	return blob.MarkEnvelope(ctx.WithTxBytes(tx.Envelope.Tx))
}

// mentionsPay tells whether a MsgPayForBlobs is among the messages or what they hold.
// What is nested deeper than anyone has use for is taken for one.
func mentionsPay(msgs []sdk.Msg, depth int) bool {
	if depth > maxNesting && len(msgs) > 0 {
		return true
	}
	for _, msg := range msgs {
		if _, ok := msg.(*blobpb.MsgPayForBlobs); ok || mentionsPay(nested(msg), depth+1) {
			return true
		}
	}
	return false
}

// nested returns the messages a message holds.
func nested(msg sdk.Msg) []sdk.Msg {
	var inner []sdk.Msg
	var err error
	switch msg := msg.(type) {
	case *authz.MsgExec:
		inner, err = msg.GetMessages()
	case *govv1.MsgSubmitProposal:
		inner, err = msg.GetMsgs()
	}
	if err != nil {
		return nil
	}
	return inner
}
