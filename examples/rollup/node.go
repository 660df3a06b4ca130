package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"sync/atomic"

	"github.com/cometbft/cometbft/libs/tempfile"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/lightnode"
)

// Bytes of a transaction; transactions of a batch, which then takes one row of Ashlar's square at
// most; transactions that wait, all of which are posted at once.
const maxTx, maxTxs, maxPending = 1024, 100, 800

// follower derives the rollup from its namespace, and serves GET /state.
type follower struct {
	http.ServeMux
	namespace da.Namespace
	from      uint64                // the first height that may have a batch
	state     atomic.Pointer[State] // the newest
	light     lightnode.Config      // of run
}

// newFollower follows the rollup of a sequencer, whose namespace is made of the sequencer's key.
func newFollower(sequencer client.Hex, from uint64) *follower {
	f := &follower{from: from}
	f.state.Store(&State{Sequencer: sequencer, Entries: map[string]Entry{}})
	copy(f.namespace[da.NamespaceSize-da.NamespaceUserSize:], hash("namespace", sequencer))
	f.HandleFunc("GET /state", f.answer)
	return f
}

// derive reads the namespace block after block, each proven to have these blobs and no others, in
// this order: whoever reads the same chain arrives at the same states. It calls then after each.
func (f *follower) derive(ctx context.Context, ashlar *client.Client, then func(context.Context, uint64, *State) error) error {
	for block, err := range ashlar.Namespace(ctx, f.namespace, f.from) {
		if err != nil {
			return err
		}
		for _, blob := range block.Blobs {
			next, err := f.state.Load().Next(blob.Data)
			if err != nil {
				fmt.Printf("height %d: skipped blob %s: %v\n", block.Height, blob.Entry.ID, err)
				continue
			}
			fmt.Printf("height %d: batch %d, root %x\n", block.Height, next.Number, next.Root())
			f.state.Store(next)
		}
		if err := then(ctx, block.Height, f.state.Load()); err != nil {
			return err
		}
	}
	return nil
}

// run derives from what a light node finds. The node is part of this process, so that nobody else's
// word is taken: before it gives a block's blobs it has sampled the block, and recomputed the block's
// index from its transactions.
func (f *follower) run(ctx context.Context) error {
	f.light.Follow = &lightnode.Follow{Namespace: f.namespace, VerifyIndex: true}
	f.light.API, f.light.CommitEvery = "127.0.0.1:0", 1 // each block is judged as it comes, not five at a time
	node, err := lightnode.New(ctx, f.light)
	if err != nil {
		return err
	}
	ashlar, err := client.New(ctx, client.Config{URL: "http://" + node.APIAddress()})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return node.Run(ctx) })
	group.Go(func() error { return f.derive(ctx, ashlar, func(context.Context, uint64, *State) error { return nil }) })
	return group.Wait()
}

// Answer is where the rollup is, and what a key's entry is there.
type Answer struct {
	Batch uint64     `json:"batch"`
	Root  client.Hex `json:"root"`
	Entry Entry      `json:"entry"` // version 0: the key was never set
}

// answer serves GET /state?key=KEY.
func (f *follower) answer(w http.ResponseWriter, r *http.Request) {
	state := f.state.Load()
	_, _ = w.Write(encode(Answer{state.Number, state.Root(), state.Entries[r.URL.Query().Get("key")]}))
}

// sequencer orders transactions. It is a follower, by a full node of its own, that posts.
type sequencer struct {
	*follower
	ashlar  *client.Client
	key     *secp256k1.PrivKey
	pending chan Tx            // up to maxPending
	outbox  string             // file of the batches that were posted last
	posted  *client.Submission // of those; nil: there are none
}

func (s *sequencer) run(ctx context.Context) error {
	if err := s.post(ctx); err != nil {
		return err
	}
	s.HandleFunc("POST /txs", s.accept)
	return s.derive(ctx, s.ashlar, s.turn)
}

// accept serves POST /txs. A transaction that it takes is final once the state has it.
func (s *sequencer) accept(w http.ResponseWriter, r *http.Request) {
	var tx Tx
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTx))
	if err = errors.Join(err, decode(body, &tx)); err == nil {
		err = s.state.Load().clone().apply(&tx)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.pending <- tx
	s.answer(w, r)
}

// turn posts what is pending, in batches on top of the state after a block; but not before what was
// posted last is part of that: so each batch builds on batches that are final.
func (s *sequencer) turn(ctx context.Context, height uint64, state *State) error {
	if s.posted != nil {
		if posted, err := s.posted.Wait(ctx, client.Final); err != nil || posted[0].Height > height {
			return err
		}
	}
	if len(s.pending) == 0 {
		return nil
	}
	txs := make([]Tx, len(s.pending))
	for i := range txs {
		txs[i] = <-s.pending
	}
	var blobs []da.Blob
	for chunk := range slices.Chunk(txs, maxTxs) {
		b := Batch{Number: state.Number + 1, Parent: state.Root(), Txs: chunk}
		b.Signature, _ = s.key.Sign(b.hash())
		blobs = append(blobs, da.Blob{Namespace: s.namespace, Data: encode(b)})
		state, _ = state.Next(encode(b))
	}
	if err := tempfile.WriteFileAtomic(s.outbox, encode(blobs), 0o600); err != nil {
		return err
	}
	return s.post(ctx)
}

// post posts the outbox in one transaction of Ashlar's, which keeps the order. So does a process that
// is restarted: the client's journal knows what was posted before, which is not posted again.
func (s *sequencer) post(ctx context.Context) error {
	var blobs []da.Blob
	encoded, err := os.ReadFile(s.outbox)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err = errors.Join(err, decode(encoded, &blobs)); err == nil {
		s.posted, err = s.ashlar.Submit(ctx, blobs...)
	}
	return err
}
