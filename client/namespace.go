package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

// readPatience is how long a subscription tries to read a height that the chain has.
const readPatience = time.Minute

// NamespaceBlock is what one block has of a namespace.
type NamespaceBlock struct {
	Height uint64
	// Header is one that the client's Trust takes for the chain's.
	Header *chain.Header
	// Blobs are all of the namespace, in the order of the block's index, each checked against
	// its id. None: the block is proven to have none.
	Blobs []Blob
}

// Namespace yields what each block has of a namespace, height by height from the given one on,
// 0 being the node's newest, and goes on as the chain does: no height is left out, and what a
// block has is proven to be all. It ends with the error that ends it: ctx's, da.ErrPruned where
// no node holds a height any more, or why a height could not be read for a minute. To go on
// later, begin at the height after the last one yielded.
func (c *Client) Namespace(ctx context.Context, namespace da.Namespace, from uint64) iter.Seq2[*NamespaceBlock, error] {
	return func(yield func(*NamespaceBlock, error) bool) {
		height := from
		if height == 0 {
			status, err := c.Status(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			height = max(1, status.Head)
		}
		for ; ; height++ {
			block, err := c.follow(ctx, namespace, height)
			if !yield(block, err) || err != nil {
				return
			}
		}
	}
}

// follow reads a height, and waits for it if it is to come. What a node fails to answer, or
// answers wrongly, is tried again for a while.
func (c *Client) follow(ctx context.Context, namespace da.Namespace, height uint64) (*NamespaceBlock, error) {
	var since time.Time // of the first failure
	for {
		block, err := c.namespaceAt(ctx, namespace, height)
		switch {
		case err == nil:
			return block, nil
		case ctx.Err() != nil:
			return nil, fmt.Errorf("namespace %s at height %d: %w", namespace, height, ctx.Err())
		case CodeOf(err) == CodeFutureHeight:
			since = time.Time{}
		case errors.Is(err, da.ErrPruned), !since.IsZero() && time.Since(since) > readPatience:
			return nil, fmt.Errorf("namespace %s at height %d: %w", namespace, height, err)
		case since.IsZero():
			since = time.Now()
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
		}
	}
}

// namespaceAt reads what a block has of a namespace.
func (c *Client) namespaceAt(ctx context.Context, namespace da.Namespace, height uint64) (*NamespaceBlock, error) {
	block, entries, err := c.entriesAt(ctx, namespace, height)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		info := entries[i].Info()
		data, err := attemptFor(ctx, c, c.timeout+uploadTime(int(info.Size)), func(ctx context.Context, node *endpoint) ([]byte, error) {
			return c.bytes(ctx, node, &info, height)
		})
		if err != nil {
			return nil, fmt.Errorf("blob %s: %w", entries[i].ID, err)
		}
		blob := da.Blob{Namespace: namespace, Encoding: info.Encoding, Data: data}
		block.Blobs = append(block.Blobs, Blob{Blob: blob, Height: height, Entry: &entries[i]})
	}
	return block, nil
}

// entriesAt reads the entries, which are not in the block yet.
func (c *Client) entriesAt(ctx context.Context, namespace da.Namespace, height uint64) (*NamespaceBlock, []da.Entry, error) {
	var entries []da.Entry
	block, err := attempt(ctx, c, func(ctx context.Context, node *endpoint) (*NamespaceBlock, error) {
		header, err := c.trustedFrom(ctx, node, height)
		if err != nil {
			return nil, err
		}
		entries, err = c.listFrom(ctx, node, namespace, header)
		return &NamespaceBlock{Height: height, Header: header}, err
	})
	return block, entries, err
}
