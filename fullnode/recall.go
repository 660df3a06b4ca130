package fullnode

import (
	"context"
	"errors"
	"slices"

	cmttypes "github.com/cometbft/cometbft/types"
	sdktx "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/ashlar-da/ashlar/da"
)

const (
	// maxScanned bounds the heights whose index is looked at for one transaction: the newest
	// that include its first blob, whoever posted it.
	maxScanned = 512
	// maxRecalled bounds those of them whose block is read: the newest where its signer did.
	maxRecalled = 16
	// maxRecalls bounds the transactions that are looked for at once.
	maxRecalls = 2
)

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
	if passed, err := n.passed(envelope.Tx, message); err != nil || !passed {
		return 0, err
	}
	select {
	case n.recalls <- struct{}{}:
		defer func() { <-n.recalls }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	heights, err := n.store.Heights(ctx, message.Blobs[0].ID(), 0, maxScanned)
	if err != nil {
		return 0, err
	}
	return search{n.store.Entries, n.block}.find(ctx, heights, id, message)
}

// passed tells whether the sequence of a signed transaction lies below that of its message's
// signer: before that no block can include it, and there is nothing to look for.
func (n *Node) passed(tx []byte, message *da.PayForBlobs) (bool, error) {
	var raw sdktx.TxRaw
	var auth sdktx.AuthInfo
	if err := raw.Unmarshal(tx); err != nil {
		return false, err
	}
	if err := auth.Unmarshal(raw.AuthInfoBytes); err != nil {
		return false, err
	}
	state, err := view{n}.state()
	if err != nil {
		return false, err
	}
	account := n.app.Keepers.Account.GetAccount(state, message.Signer[:])
	return account != nil && len(auth.SignerInfos) > 0 && auth.SignerInfos[0].Sequence < account.GetSequence(), nil
}

// block returns the transactions of a block, none if CometBFT does not hold it.
func (n *Node) block(height uint64) cmttypes.Txs {
	block := n.comet.BlockStore().LoadBlock(int64(height))
	if block == nil {
		return nil
	}
	return block.Txs
}

// search looks for a transaction in stored blocks. A height's index is looked at first: a
// block is larger by far.
type search struct {
	entries func(ctx context.Context, height uint64) ([]da.Entry, error)
	block   func(height uint64) cmttypes.Txs
}

// find returns the first of the heights whose block includes a transaction with that message,
// 0 if none does. What others posted does not count towards maxRecalled, so that they cannot
// hide it.
func (s search) find(ctx context.Context, heights []uint64, id [da.HashSize]byte, message *da.PayForBlobs) (uint64, error) {
	read := 0
	for _, height := range heights {
		posted, err := s.posted(ctx, height, message)
		if err != nil {
			return 0, err
		}
		if !posted {
			continue
		}
		if s.includes(height, id) {
			return height, nil
		}
		if read++; read == maxRecalled {
			break
		}
	}
	return 0, nil
}

// posted tells whether a message's signer posted its first blob at a height.
func (s search) posted(ctx context.Context, height uint64, message *da.PayForBlobs) (bool, error) {
	entries, err := s.entries(ctx, height)
	if errors.Is(err, da.ErrPruned) || errors.Is(err, da.ErrNotFound) {
		return false, nil
	}
	first := message.Blobs[0].ID()
	return slices.ContainsFunc(entries, func(e da.Entry) bool { return e.ID == first && e.Signer == message.Signer }), err
}

func (s search) includes(height uint64, id [da.HashSize]byte) bool {
	return slices.ContainsFunc(s.block(height), func(tx cmttypes.Tx) bool {
		other, err := da.TxID(tx)
		return err == nil && other == id
	})
}
