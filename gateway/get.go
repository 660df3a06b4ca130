package gateway

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// Get reads a blob of the namespace, checked against its id and proven to be in the block. It fails with
// da.ErrNotFound where the block is proven not to have it, with da.ErrPruned where it is out of retention, and
// otherwise with ErrBehind or ErrUnavailable.
func (c *Core) Get(ctx context.Context, ref Ref) (*client.Blob, error) {
	began := time.Now()
	blob, err := c.get(ctx, ref)
	c.meter.get(began, err)
	return blob, err
}

func (c *Core) get(ctx context.Context, ref Ref) (*client.Blob, error) {
	if err := c.exists(ctx, ref); err != nil {
		return nil, err
	}
	blob, err := c.client.Get(ctx, ref.ID)
	if err != nil {
		return nil, c.unread(ref.Height, err)
	}
	return blob, nil
}

// exists fails unless the block is proven to have the blob.
func (c *Core) exists(ctx context.Context, ref Ref) error {
	c.mu.Lock()
	known, covered := c.index.refs[ref] != nil, c.index.covers(ref.Height)
	c.mu.Unlock()
	switch {
	case known:
		return nil
	case covered || ref.Height == 0 || ref.Height > math.MaxInt64: // beyond what a chain can count to
		return absent(ref)
	}
	_, entries, err := c.client.Entries(ctx, c.config.Namespace, ref.Height)
	if err != nil {
		return c.unread(ref.Height, err)
	}
	for i := range entries {
		if entries[i].ID == ref.ID {
			return nil
		}
	}
	return absent(ref)
}

func absent(ref Ref) error {
	return fmt.Errorf("%w: block %d has no blob %s in this gateway's namespace", da.ErrNotFound, ref.Height, ref.ID)
}

// unread turns why a height could not be read into an error of this package. What nodes say of their own is no
// proof: that they have pruned a height counts only if the height is out of retention.
func (c *Core) unread(height uint64, err error) error {
	switch {
	case errors.Is(err, da.ErrPruned) || errors.Is(err, da.ErrNotFound):
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.index.expired(height, c.config.Retention) {
			return fmt.Errorf("%w: height %d is older than %s, and no node has it any more", da.ErrPruned, height, c.config.Retention)
		}
	case errors.Is(err, da.ErrFutureHeight), client.CodeOf(err) == client.CodeSyncing:
		return fmt.Errorf("%w: height %d: %v", ErrBehind, height, err) //nolint:errorlint // a node's word, not ours
	}
	return fmt.Errorf("%w: height %d: %v", ErrUnavailable, height, err) //nolint:errorlint // a node's word, not ours
}

// FindKeccak returns the newest blob of the namespace with that hash. It fails with da.ErrNotFound where no block has
// one, from Config.From or out of retention on, up to one not older than MaxLag; ErrBehind where that is not known.
func (c *Core) FindKeccak(keccak [da.HashSize]byte) (Ref, error) {
	c.mu.Lock()
	for _, encoding := range []da.Encoding{da.EncodingData, da.EncodingRaw} {
		if found, ok := c.fresh[content{keccak, encoding}]; ok {
			c.mu.Unlock()
			return found.ref, nil
		}
	}
	found := c.index.newestKeccak(keccak)
	c.mu.Unlock()
	if found != nil {
		return found.ref, nil
	}
	return Ref{}, c.nowhere(fmt.Sprintf("no blob with keccak256 %x", keccak))
}

// Row is where a row is that a commitment is of.
type Row struct {
	Ref Ref
	// Row is the number of the blob's row.
	Row int
}

// FindRow returns the newest row of the namespace whose commitment has that versioned hash. It fails as FindKeccak does.
func (c *Core) FindRow(versionedHash [da.HashSize]byte) (Row, error) {
	c.mu.Lock()
	places := c.index.rows[versionedHash]
	c.mu.Unlock()
	if len(places) > 0 {
		newest := places[len(places)-1]
		return Row{newest.record.ref, newest.row}, nil
	}
	return Row{}, c.nowhere(fmt.Sprintf("no row with versioned hash %x", versionedHash))
}

// nowhere fails with da.ErrNotFound, or with ErrBehind where the index does not reach far enough to say so.
func (c *Core) nowhere(what string) error {
	if err := c.Health(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	newest := c.index.newest()
	if newest.from > max(1, c.config.From) && !c.index.expired(newest.from, c.config.Retention) {
		return fmt.Errorf("%w: heights below %d were not read; if the rollup began there, say so with --from-height", ErrBehind, newest.from)
	}
	return fmt.Errorf("%w: %s in heights %d to %d of this gateway's namespace", da.ErrNotFound, what, newest.from, newest.height)
}
