// Package rebuild brings back a block that a full node should hold and nobody serves whole:
// it asks every peer it can reach which of the block's cells it holds, light nodes with the
// few they sampled included, gathers them, and recovers the square.
//
// # What it trusts
//
// Nothing but the hash of the block's chain header, which the caller knows. The DA header
// comes with a Merkle path to transaction 0 under that header's DataHash; a cell counts once
// its proof holds for the coordinate it was asked for; recovered rows must have the DA header's
// commitments; and the transactions that follow from the square must hash to DataHash, so that a
// chain whose > 2/3 committed to a square that is not the block's is found out.
//
// # What it asks for
//
// What is held by whom comes first, and nothing is fetched before all that peers say they
// hold would suffice, or half the patience is over: what was verified of the last height is kept for
// the next attempt, when other peers may be there. Each cell is then asked of one peer at a time, and no more of them
// than it takes: at most the extended matrix crosses the wire once, and what liars made of it.
// What arrives is verified in batches; a failed one is bisected, and its senders are struck.
package rebuild

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

var (
	// ErrTooFew means that the cells that peers serve do not determine the square. Try again
	// when more light nodes are connected.
	ErrTooFew = errors.New("rebuild: too few cells")
	// ErrContradiction means that the square is what the DA header commits to, and not what the
	// block's other commitments say: more than two thirds of the voting power signed a lie.
	ErrContradiction = errors.New("rebuild: the chain committed to a square that is not the block's")
)

// Config is what a Rebuilder is made of. Host, Setup and Log are required.
type Config struct {
	Host  *p2p.Host
	Setup *kzg.Setup
	// Concurrency is the most peers that are asked at once; 0: 32.
	Concurrency int
	// Patience is how long to look for peers and cells; 0: 5 min.
	Patience time.Duration
	Log      *slog.Logger
}

// Defaults of a Config.
const (
	defaultConcurrency = 32
	defaultPatience    = 5 * time.Minute
)

// Rebuilder rebuilds blocks. It is safe for concurrent use.
type Rebuilder struct {
	config Config

	mu   sync.Mutex
	left remains // guarded by mu
}

// remains are what an attempt that failed last verified of a block.
type remains struct {
	hash     [da.HashSize]byte
	gathered *gathered // nil: nothing
}

// take returns what is left of an earlier attempt at a block, and leaves nothing.
func (r *Rebuilder) take(hash [da.HashSize]byte) *gathered {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left.gathered == nil || r.left.hash != hash {
		return newGathered()
	}
	defer func() { r.left = remains{} }()
	return r.left.gathered
}

// leave keeps what an attempt verified, in place of what was left of another block.
func (r *Rebuilder) leave(hash [da.HashSize]byte, g *gathered) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = remains{hash, g}
}

// New validates a Config.
func New(config Config) (*Rebuilder, error) {
	if config.Host == nil || config.Setup == nil || config.Log == nil {
		return nil, errors.New("rebuild: Config needs Host, Setup and Log")
	}
	if config.Concurrency < 0 || config.Patience < 0 {
		return nil, errors.New("rebuild: a bound of Config is negative")
	}
	if config.Concurrency == 0 {
		config.Concurrency = defaultConcurrency
	}
	if config.Patience == 0 {
		config.Patience = defaultPatience
	}
	return &Rebuilder{config: config}, nil
}

// Block is a block that was rebuilt, verified throughout.
type Block struct {
	// Header is the DA header, bound to the chain header of the hash that was given.
	Header *chain.Header
	// Parsed is the block as its transactions say, CometBFT's Data.Txs, byte for byte,
	// and all cell proofs included.
	Parsed *da.Block
	// Report is what it took.
	Report Report
}

// Report is what rebuilding a block took.
type Report struct {
	// Asked are peers that were asked what they hold, Holders those that named some cells.
	Asked, Holders int
	// Offered are the distinct cells that holders named, with Kept, which an earlier attempt
	// verified. Of those that were fetched Verified proved right, and Garbled did not; Missing were not delivered after all.
	Offered, Kept, Verified, Garbled, Missing int
	// Liars are the peers that delivered garbled cells.
	Liars int
	// Cells are all cells of the extended matrix.
	Cells int
	// Took is how long it took, Recovering which part of that came after the last cell.
	Took, Recovering time.Duration
}

// Rebuild rebuilds the block of a height whose chain header has a hash. It fails with
// ErrTooFew when its patience is over, with ErrContradiction, with da.ErrMalformed where
// the chain committed to a malformed DA header, or with ctx's error. The Block has its
// Report whatever the error, and Header and Parsed where there is none.
func (r *Rebuilder) Rebuild(ctx context.Context, height uint64, hash [da.HashSize]byte) (*Block, error) {
	started := time.Now()
	b := new(Block)
	err := r.rebuild(ctx, b, height, hash)
	b.Report.Took = time.Since(started)
	if err != nil {
		return &Block{Report: b.Report}, fmt.Errorf("height %d: %w", height, err)
	}
	return b, nil
}

func (r *Rebuilder) rebuild(ctx context.Context, b *Block, height uint64, hash [da.HashSize]byte) (err error) {
	patient, cancel := context.WithTimeout(ctx, r.config.Patience)
	defer cancel()
	if b.Header, err = r.header(patient, height, hash); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	txs := da.EmptyTxs()
	if k := b.Header.DA().K(); k > 0 {
		b.Report.Cells = 2 * k * kzg.Columns
		gathered := r.take(hash)
		if err := r.gather(patient, height, b.Header.DA(), gathered, &b.Report); err != nil {
			r.leave(hash, gathered)
			return errors.Join(ctx.Err(), err)
		}
		recovering := time.Now()
		defer func() { b.Report.Recovering = time.Since(recovering) }()
		if txs, err = r.recover(b.Header.DA(), gathered); err != nil {
			return err
		}
	}
	b.Parsed, err = parse(b.Header, txs)
	return err
}

// recover makes a block's transactions of enough of its cells.
func (r *Rebuilder) recover(header *da.Header, g *gathered) ([][]byte, error) {
	matrix, err := erasure.Recover(r.config.Setup, header.K(), header.Commitments, g.cells)
	if err != nil {
		return nil, err
	}
	if matrix, err = erasure.RecoverProofs(r.config.Setup, matrix, g.proofs); err != nil {
		return nil, err
	}
	rows, proofs := make([]*kzg.Row, header.K()), make([][]kzg.Proof, header.K())
	for i := range rows {
		rows[i], proofs[i] = matrix.Row(i), make([]kzg.Proof, kzg.Columns)
		for column := range proofs[i] {
			proofs[i][column], _ = matrix.Proof(erasure.Coord{Row: i, Column: column})
		}
	}
	txs, err := da.RebuildTxs(r.config.Setup, header, rows, proofs)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContradiction, err)
	}
	return txs, nil
}

// parse holds transactions against the chain header and reads the block that they make.
func parse(header *chain.Header, txs [][]byte) (*da.Block, error) {
	if hash := da.DataHash(txs); string(hash[:]) != string(header.Signed().DataHash) {
		return nil, fmt.Errorf("%w: its transactions hash to %x, the header says %x", ErrContradiction, hash, header.Signed().DataHash)
	}
	parsed, err := da.ParseBlock(da.Limits{MaxRows: da.HardMaxRows, MaxTxRows: da.HardMaxRows, MaxSharedRows: da.HardMaxRows}, txs)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrContradiction, err)
	}
	return parsed, nil
}
