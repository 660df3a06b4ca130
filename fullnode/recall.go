package fullnode

import (
	"context"
	"errors"
	"slices"

	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
)

// maxRecalled bounds the heights that are looked at for one transaction: the newest that
// include its first blob.
const maxRecalled = 16

// recall returns the height of the stored block that included a transaction, 0 if it is not
// known. After a restart too it finds transactions that posted blobs, by way of the store's
// look-up of blob ids; others it knows as long as recent does.
func (n *Node) recall(ctx context.Context, id [da.HashSize]byte, tx []byte) (uint64, error) {
	if height, _ := n.recent.look(id); height > 0 || !da.IsEnvelope(tx) {
		return height, nil
	}
	envelope, err := da.DecodeEnvelope(tx)
	if err != nil {
		return 0, err
	}
	message, err := envelope.Message()
	if err != nil || len(message.Blobs) == 0 {
		return 0, err
	}
	heights, err := n.store.Heights(ctx, message.Blobs[0].ID(), maxRecalled)
	if err != nil {
		return 0, err
	}
	for _, height := range heights {
		found, err := n.includes(ctx, height, id, message)
		if found || err != nil {
			return height, err
		}
	}
	return 0, nil
}

// includes tells whether a height includes a transaction with a message's first blob. The
// index is looked at first: a block is larger by far.
func (n *Node) includes(ctx context.Context, height uint64, id [da.HashSize]byte, message *da.PayForBlobs) (bool, error) {
	index, err := n.store.Index(ctx, height)
	if errors.Is(err, da.ErrPruned) || errors.Is(err, da.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	first := message.Blobs[0].ID()
	if !slices.ContainsFunc(index.Entries, func(e da.Entry) bool { return e.ID == first && e.Signer == message.Signer }) {
		return false, nil
	}
	block := n.comet.BlockStore().LoadBlock(int64(height))
	return block != nil && slices.ContainsFunc(block.Txs, func(tx cmttypes.Tx) bool {
		other, err := da.TxID(tx)
		return err == nil && other == id
	}), nil
}
