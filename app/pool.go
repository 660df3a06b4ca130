package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	"github.com/cosmos/cosmos-sdk/types/mempool"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// poolLimits bound the transactions that wait for a block.
type poolLimits struct {
	// txs is their number, bytes their size together. CometBFT's mempool must hold more:
	// what is evicted leaves it at the next block only.
	txs   int
	bytes int64
	// blocks is how long one waits.
	blocks int64
}

// defaultPoolLimits hold some twenty full blocks, for an hour.
func defaultPoolLimits() poolLimits {
	return poolLimits{txs: 5000, bytes: 96 << 20, blocks: 600}
}

// pool is the SDK's priority mempool with bounds that favour whoever tips more. The SDK's
// own refuses everything once it is full, however little those within it tip. What is
// evicted here, or has waited too long, CometBFT drops when it is checked again.
type pool struct {
	*mempool.PriorityNonceMempool[int64]
	limits poolLimits

	mu      sync.Mutex
	waiting map[poolKey]waiting // guarded by mu
	bytes   int64               // guarded by mu
	arrived uint64              // guarded by mu
}

var _ mempool.ExtMempool = (*pool)(nil)

// poolKey is what a transaction is known by: a sender's with one sequence replace each other.
type poolKey struct {
	sender   string
	sequence uint64
}

// waiting is what the pool knows of a transaction.
type waiting struct {
	tx       sdk.Tx
	priority int64
	size     int64
	since    int64
	arrival  uint64
}

func newPool(limits poolLimits) *pool {
	config := mempool.DefaultPriorityNonceMempoolConfig()
	config.SignerExtractor = signerExtractor{}
	return &pool{
		PriorityNonceMempool: mempool.NewPriorityMempool(config),
		limits:               limits,
		waiting:              make(map[poolKey]waiting),
	}
}

// Insert implements mempool.Mempool. It evicts what Admit found to be worth less.
func (p *pool) Insert(ctx context.Context, tx sdk.Tx, option mempool.InsertOption) error {
	key, err := keyOf(tx)
	if err != nil {
		return err
	}
	c := sdk.UnwrapSDKContext(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	worse, err := p.worse(c.Priority(), sizeOf(c, tx))
	if err != nil {
		return err
	}
	for _, w := range worse {
		if err := p.drop(w.tx); err != nil {
			return err
		}
	}
	if err := p.PriorityNonceMempool.Insert(ctx, tx, option); err != nil {
		return err
	}
	p.forget(key)
	p.arrived++
	p.waiting[key] = waiting{tx: tx, priority: c.Priority(), size: sizeOf(c, tx), since: c.BlockHeight(), arrival: p.arrived}
	p.bytes += sizeOf(c, tx)
	return nil
}

// Admit tells whether there is room for a transaction of the context's priority, or can be
// made by evicting others of less. It fails with sdkerrors.ErrMempoolIsFull.
func (p *pool) Admit(ctx sdk.Context, tx sdk.Tx) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.worse(ctx.Priority(), sizeOf(ctx, tx))
	return err
}

// Keep tells why a transaction that is checked again may not wait on: ErrEvicted if others
// took its place or it waited too long.
func (p *pool) Keep(ctx sdk.Context, tx sdk.Tx) error {
	key, err := keyOf(tx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.waiting[key]
	switch {
	case !ok:
		return blob.ErrEvicted.Wrap("the mempool is full and others tip more: submit it again with a higher tip")
	case ctx.BlockHeight()-w.since > p.limits.blocks:
		return blob.ErrEvicted.Wrapf("no block had room for it since height %d: submit it again with a higher tip or a lower gas limit", w.since)
	}
	return nil
}

// worse returns the transactions to evict for one more: the least tips, the latest of equal
// ones first, none that tips as much as the new one. The caller holds mu.
func (p *pool) worse(priority, size int64) ([]waiting, error) {
	txs, bytes := len(p.waiting)+1-p.limits.txs, p.bytes+size-p.limits.bytes
	if txs <= 0 && bytes <= 0 {
		return nil, nil
	}
	var candidates []waiting
	for _, w := range p.waiting {
		if w.priority < priority {
			candidates = append(candidates, w)
		}
	}
	slices.SortFunc(candidates, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(b.arrival, a.arrival))
	})
	for i, w := range candidates {
		if txs, bytes = txs-1, bytes-w.size; txs <= 0 && bytes <= 0 {
			return candidates[:i+1], nil
		}
	}
	return nil, sdkerrors.ErrMempoolIsFull.Wrapf("all that wait tip as much as this transaction's %d per blob gas of its share of a block: tip more, or submit again after the next block", priority)
}

// Remove implements mempool.Mempool.
func (p *pool) Remove(tx sdk.Tx) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drop(tx)
}

// RemoveWithReason implements mempool.ExtMempool.
func (p *pool) RemoveWithReason(_ context.Context, tx sdk.Tx, _ mempool.RemoveReason) error {
	return p.Remove(tx)
}

// drop removes a transaction. The caller holds mu.
func (p *pool) drop(tx sdk.Tx) error {
	key, err := keyOf(tx)
	if err != nil {
		return err
	}
	p.forget(key)
	return p.PriorityNonceMempool.Remove(tx)
}

func (p *pool) forget(key poolKey) {
	p.bytes -= p.waiting[key].size
	delete(p.waiting, key)
}

// priority returns what a transaction that waits was admitted with, 0 for one that does not.
func (p *pool) priority(tx sdk.Tx) int64 {
	key, err := keyOf(tx)
	if err != nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting[key].priority
}

// keyOf returns what the SDK's mempool knows a transaction by: its first signer.
func keyOf(tx sdk.Tx) (poolKey, error) {
	signers, err := signerExtractor{}.GetSigners(tx)
	if err != nil {
		return poolKey{}, err
	}
	if len(signers) == 0 {
		return poolKey{}, errors.New("a transaction has no signers")
	}
	return poolKey{sender: signers[0].Signer.String(), sequence: signers[0].Sequence}, nil
}

// sizeOf returns about how many bytes a transaction takes, its blobs and proofs included.
func sizeOf(ctx sdk.Context, tx sdk.Tx) int64 {
	size := len(ctx.TxBytes())
	if envelope, ok := tx.(*blob.Tx); ok {
		size = len(envelope.Envelope.Tx) + len(envelope.Envelope.Proofs)*kzg.PointSize
		for _, data := range envelope.Envelope.Blobs {
			size += len(data)
		}
	}
	return int64(size)
}
