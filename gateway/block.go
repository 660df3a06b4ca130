package gateway

import (
	"context"
	"fmt"
	"math"
	"time"
)

// recentBlocks is how many of the newest blocks are kept in memory as Blocks.
const recentBlocks = 1 << 14

// Block is what a height has of the namespace, all of it that counts.
type Block struct {
	Height uint64
	Time   time.Time
	// Blobs are in the order in which the block's index has them.
	Blobs []Sized
}

// Sized is a blob and how many bytes it has.
type Sized struct {
	Ref  Ref
	Size uint64
}

// Block returns what a height has of the namespace, of Config.Posters alone where there are some. It fails with da.ErrPruned where that is out of retention, and
// otherwise with ErrBehind or ErrUnavailable.
func (c *Core) Block(ctx context.Context, height uint64) (*Block, error) {
	if height == 0 || height > math.MaxInt64 {
		return nil, fmt.Errorf("%w: there is no height %d yet", ErrBehind, height)
	}
	c.mu.Lock()
	known := c.recent[height]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	header, entries, err := c.client.Entries(ctx, c.config.Namespace, height)
	if err != nil {
		return nil, c.unread(height, err)
	}
	read := (&block{header, c.counting(entries)}).public()
	c.mu.Lock()
	defer c.mu.Unlock()
	if newest := c.index.newest().height; c.known && height <= newest && newest-height < recentBlocks { // as after a restart
		c.recent[height] = read
	}
	return read, nil
}

// Newest returns the newest height that was followed. It fails with ErrBehind where there is none.
func (c *Core) Newest() (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	height := c.index.newest().height
	if height == 0 || !c.known {
		return 0, fmt.Errorf("%w: no block was read yet", ErrBehind)
	}
	return height, nil
}

// Await waits until a height was followed. It fails as ctx does.
func (c *Core) Await(ctx context.Context, height uint64) error {
	for {
		c.mu.Lock()
		reached, grown := c.known && c.index.newest().height >= height, c.grown
		c.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// remember keeps followed blocks, and tells who awaits them. It is called with mu held.
func (c *Core) remember(blocks []block) {
	for i := range blocks {
		b := blocks[i].public()
		c.recent[b.Height] = b
		if b.Height > recentBlocks {
			delete(c.recent, b.Height-recentBlocks)
		}
	}
	close(c.grown)
	c.grown = make(chan struct{})
}

func (b *block) public() *Block {
	out := &Block{Height: uint64(b.header.Height()), Time: b.header.Time()}
	for i := range b.entries {
		out.Blobs = append(out.Blobs, Sized{Ref{out.Height, b.entries[i].ID}, b.entries[i].Size})
	}
	return out
}
