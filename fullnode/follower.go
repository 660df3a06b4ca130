package fullnode

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/store"
)

// blocks is where the follower gets blocks from: CometBFT's block store.
type blocks interface {
	// LoadBlock returns the block of a height, nil if it is not there.
	LoadBlock(height int64) *cmttypes.Block
	// Base is the lowest height there.
	Base() int64
}

// follower carries every block that was executed into the store of squares, one height
// after the other, each durable before the next. It pulls: what wakes it only tells it
// to look, and after a crash it goes on where the store ends.
type follower struct {
	blocks    blocks
	squares   *store.Store
	committed *atomic.Int64       // the height up to which blocks were executed
	wake      <-chan struct{}     // something was committed
	lost      func(height uint64) // hands over a height whose block CometBFT does not have
	stored    func(context.Context, *store.Block, *da.Block)
	log       *slog.Logger

	next int64 // the height to store next, 0 before that is known
}

// Run follows until ctx ends or a height cannot be stored. With a full disk it waits:
// CometBFT keeps the blocks, since retention asks for what is stored.
func (f *follower) Run(ctx context.Context) error {
	for {
		err := f.catchUp(ctx)
		if errors.Is(err, store.ErrDiskFull) {
			f.log.Error("waiting for room on the disk: blocks that are executed meanwhile are stored then", "stored", f.squares.Contiguous(), "executed", f.committed.Load())
			if f.squares.WaitRoom(ctx) == nil {
				continue
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the chain: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		}
	}
}

// errNoBlock means that CometBFT does not have a block that it should.
var errNoBlock = errors.New("CometBFT does not have the block")

// catchUp stores every height that was executed and is not stored, and again what the store
// found corrupt. Blocks that CometBFT does not have it hands over, and goes on.
func (f *follower) catchUp(ctx context.Context) error {
	for _, height := range f.squares.Damaged() {
		if err := f.followOrLose(ctx, int64(height)); err != nil {
			return fmt.Errorf("mend height %d: %w", height, err)
		}
	}
	if f.next == 0 {
		f.next = f.first()
	}
	for ; ctx.Err() == nil && f.next <= f.committed.Load(); f.next++ {
		if f.squares.Has(uint64(f.next)) {
			continue
		}
		if err := f.followOrLose(ctx, f.next); err != nil {
			return fmt.Errorf("height %d: %w", f.next, err)
		}
	}
	return nil
}

// first returns the height to begin with: where the store ends or, if it is empty, where
// CometBFT's blocks begin.
func (f *follower) first() int64 {
	if f.squares.Head() == 0 {
		return max(f.blocks.Base(), 1)
	}
	return int64(f.squares.Contiguous()) + 1
}

// followOrLose stores one height, or hands it over.
func (f *follower) followOrLose(ctx context.Context, height int64) error {
	err := f.follow(ctx, height)
	if errors.Is(err, errNoBlock) {
		f.lost(uint64(height))
		return nil
	}
	return err
}

// follow stores one height.
func (f *follower) follow(ctx context.Context, height int64) error {
	started := time.Now()
	block := f.blocks.LoadBlock(height)
	if block == nil {
		return errNoBlock
	}
	record, parsed, err := square(block)
	if err != nil {
		return err
	}
	// A height that is being stored is finished: half of one would only be thrown away.
	if err := f.squares.Put(context.WithoutCancel(ctx), record); err != nil {
		return err
	}
	f.log.Info("stored", "height", height, "rows", parsed.Header.K(), "blobs", len(parsed.Square.Index.Entries), "took", time.Since(started).Round(time.Millisecond))
	f.stored(ctx, record, parsed)
	return nil
}

// square lays out a block that was verified and executed. Its limits were those of the
// state then; the format's own suffice now.
func square(block *cmttypes.Block) (*store.Block, *da.Block, error) {
	txs := make([][]byte, len(block.Txs))
	for i := range txs {
		txs[i] = block.Txs[i]
	}
	parsed, err := da.ParseBlock(da.Limits{MaxRows: da.HardMaxRows, MaxTxRows: da.HardMaxRows, MaxSharedRows: da.HardMaxRows}, txs)
	if err != nil {
		return nil, nil, err
	}
	proof, err := da.ProveHeader(txs)
	if err != nil {
		return nil, nil, err
	}
	return &store.Block{
		Height: uint64(block.Height),
		Time:   block.Time,
		Hash:   [da.HashSize]byte(block.Hash()),
		Proof:  *proof,
		Index:  parsed.Square.Index,
		Rows:   parsed.Square.Rows,
		Proofs: parsed.Proofs,
	}, parsed, nil
}

// transactionIDs are those of a block's transactions, what is injected left out.
func transactionIDs(block *da.Block) [][da.HashSize]byte {
	ids := make([][da.HashSize]byte, 0, len(block.Envelopes)+len(block.Plain))
	for _, envelope := range block.Envelopes {
		ids = append(ids, envelope.TxID())
	}
	for _, tx := range block.Plain {
		ids = append(ids, sha256.Sum256(tx))
	}
	return ids
}

// adopt keeps the certificate that a block carries, where this node has no better.
func (n *Node) adopt(height uint64, certificate *da.Certificate) {
	if certificate == nil {
		return
	}
	if err := n.attesting.Adopt(certificate); err != nil {
		n.cfg.Log.Debug("a block's certificate is not kept", "block", height, "height", certificate.Height, "error", err)
	}
}

// stored makes a height that is durable known: to those who wait for its transactions
// and to the network.
func (n *Node) stored(ctx context.Context, stored *store.Block, block *da.Block) {
	n.recordFees(stored.Height, stored.Time, block)
	n.recent.add(stored.Height, transactionIDs(block))
	n.adopt(stored.Height, block.Certificate)
	n.attesting.Stored(n.store.Contiguous())
	n.announce(ctx, stored.Height, stored.Hash, block.Header.DataRoot())
	if n.crosscheck != nil {
		n.crosscheck.offer(stored.Height, block)
	}
}
