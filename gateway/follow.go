package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

const (
	// batch is how many heights are asked for at once.
	batch = 8
	// forgetAfter is how many retentions the index reaches back. Nodes may keep data for longer than the retention, and it is
	// to be found as long as they do.
	forgetAfter = 2
)

var errOtherChain = errors.New("the gateway's index is of another chain")

// block is what a height has of the namespace.
type block struct {
	header  *chain.Header
	entries []da.Entry
}

// follow reads the namespace up to the node's head, and notes that the head was reached.
func (c *Core) follow(ctx context.Context) error {
	status, err := c.client.Status(ctx)
	if err != nil {
		return err
	}
	c.meter.chain.Set(float64(status.ChainHeight))
	if err := c.sameChain(ctx, status.ChainID); err != nil {
		return err
	}
	next := c.nextHeight(status.Tail)
	for next <= status.Head {
		blocks := make([]block, min(batch, status.Head-next+1))
		if err := c.read(ctx, blocks, next); err != nil {
			if allSay(err, da.ErrPruned) && next < status.Tail {
				next = status.Tail // nobody can read what lies between: a gap that Covers tells of
				continue
			}
			return err
		}
		if err := c.note(blocks); err != nil {
			return err
		}
		next += uint64(len(blocks))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ready = c.ready || !status.Syncing && c.index.newest().height >= status.Head
	return nil
}

// nextHeight is the first that the index does not have.
func (c *Core) nextHeight(tail uint64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if newest := c.index.newest(); newest.height > 0 {
		return newest.height + 1
	}
	if c.config.From > 0 {
		return c.config.From
	}
	return max(1, tail)
}

// read reads consecutive heights at once.
func (c *Core) read(ctx context.Context, into []block, from uint64) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range into {
		group.Go(func() error {
			return c.guard.Call(func() error {
				header, entries, err := c.client.Entries(ctx, c.config.Namespace, from+uint64(i))
				into[i] = block{header, c.counting(entries)}
				return err
			})
		})
	}
	return group.Wait()
}

func markOf(header *chain.Header) mark {
	return mark{height: uint64(header.Height()), time: header.Time(), hash: [da.HashSize]byte(header.Hash())}
}

// note adds consecutive heights to the index.
func (c *Core) note(blocks []block) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { c.unwritten = err }()
	for i := range blocks {
		b := &blocks[i]
		if err := c.index.add(markOf(b.header), b.entries); err != nil {
			return err
		}
		for j := range b.entries {
			delete(c.fresh, content{b.entries[j].Keccak256, b.entries[j].Encoding})
		}
	}
	c.remember(blocks)
	if err := c.index.trim(forgetAfter * c.config.Retention); err != nil {
		return err
	}
	c.meter.index.Set(float64(c.index.newest().height))
	return nil
}

// sameChain compares the newest header that the index knows with what nodes give for its height, once.
func (c *Core) sameChain(ctx context.Context, chainID string) error {
	c.mu.Lock()
	known, newest, of := c.known, c.index.newest(), c.index.chainID
	c.mu.Unlock()
	if known {
		return nil
	}
	if newest.height > 0 {
		if of != chainID {
			return fmt.Errorf("%w: of %s, and the node's is %s; give each chain a file of its own", errOtherChain, of, chainID)
		}
		header, err := c.client.Header(ctx, newest.height)
		if err != nil && !errors.Is(err, da.ErrPruned) {
			return err
		}
		if err == nil && !bytes.Equal(header.Hash(), newest.hash[:]) {
			return fmt.Errorf("%w: at height %d it has header %x, the node %x; where the chain began anew, remove the file %s",
				errOtherChain, newest.height, newest.hash, header.Hash(), c.config.Index)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known, c.index.chainID = true, chainID
	return nil
}
