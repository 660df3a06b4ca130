package gateway

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
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
	case covered && len(c.config.Posters) == 0 || ref.Height == 0 || ref.Height > math.MaxInt64: // beyond what a chain can count to
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
// proof: that they have pruned a height counts only if all say so, and the height is out of retention.
func (c *Core) unread(height uint64, err error) error {
	switch {
	case allSay(err, da.ErrPruned, da.ErrNotFound):
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.index.expired(height, c.config.Retention) {
			return fmt.Errorf("%w: height %d is older than %s, and no node has it any more", da.ErrPruned, height, c.config.Retention)
		}
	case errors.Is(err, da.ErrFutureHeight), client.CodeOf(err) == client.CodeSyncing:
		return c.untold(fmt.Errorf("%w: height %d", ErrBehind, height), err)
	}
	return c.untold(fmt.Errorf("%w: height %d, see the gateway's log", ErrUnavailable, height), err)
}

// allSay tells whether every node that was asked failed with one of those. What one has pruned another may keep, which
// was only not reached.
func allSay(err error, those ...error) bool {
	if several, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the list of nodes itself, not what is in it
		return !slices.ContainsFunc(several.Unwrap(), func(one error) bool { return !allSay(one, those...) })
	}
	return slices.ContainsFunc(those, func(that error) bool { return errors.Is(err, that) })
}

// untold logs what nodes said and returns what follows from it. Rollups' clients look for words in errors, so that what
// a node says would pass for what a gateway proved.
func (c *Core) untold(follows, said error) error {
	c.config.Log.Info("nodes did not give what was asked for", "so", follows, "err", said)
	return follows
}

// FindKeccak returns the newest blob of the namespace with that hash. It fails with da.ErrNotFound where no block has
// one, from Config.From or out of retention on, up to the newest that the nodes have, which must not be older than
// MaxLag; ErrBehind where that is not known.
func (c *Core) FindKeccak(ctx context.Context, keccak [da.HashSize]byte) (Ref, error) {
	return find(ctx, c, fmt.Sprintf("no blob with keccak256 %x", keccak), func() (Ref, bool) {
		for _, encoding := range []da.Encoding{da.EncodingData, da.EncodingRaw} {
			if found, ok := c.fresh[content{keccak, encoding}]; ok {
				return found.ref, true
			}
		}
		if found := c.index.newestKeccak(keccak); found != nil {
			return found.ref, true
		}
		return Ref{}, false
	})
}

// Row is where a row is that a commitment is of.
type Row struct {
	Ref Ref
	// Row is the number of the blob's row.
	Row int
}

// FindRow returns the newest row of the namespace whose commitment has that versioned hash. It fails as FindKeccak does.
func (c *Core) FindRow(ctx context.Context, versionedHash [da.HashSize]byte) (Row, error) {
	return find(ctx, c, fmt.Sprintf("no row with versioned hash %x", versionedHash), func() (Row, bool) {
		places := c.index.rows[versionedHash]
		if len(places) == 0 {
			return Row{}, false
		}
		newest := places[len(places)-1]
		return Row{newest.record.ref, newest.row}, true
	})
}

// find looks for something in the index, and once more where the index reaches the nodes' head before it says that it is
// not there. look is called with mu held.
func find[T any](ctx context.Context, c *Core, what string, look func() (T, bool)) (T, error) {
	locked := func() (T, bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return look()
	}
	if found, ok := locked(); ok {
		return found, nil
	}
	var none T
	if err := c.catchUp(ctx); err != nil {
		return none, err
	}
	if found, ok := locked(); ok {
		return found, nil
	}
	return none, c.nowhere(what)
}

// catchUpPatience is how long an answer waits for the index to reach the nodes' head.
const catchUpPatience = 10 * time.Second

// catchUp waits until the index has all that the nodes have now. It fails with ErrBehind.
func (c *Core) catchUp(ctx context.Context) error {
	if err := c.Health(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, catchUpPatience)
	defer cancel()
	status, err := c.client.Status(ctx)
	if err != nil {
		return c.untold(fmt.Errorf("%w: no node gives its state", ErrBehind), err)
	}
	for {
		c.mu.Lock()
		reached := c.index.newest().height
		c.mu.Unlock()
		if reached >= status.Head {
			return nil
		}
		select {
		case <-time.After(c.config.Poll / 10):
		case <-ctx.Done():
			return fmt.Errorf("%w: the namespace is read up to height %d, and the node has %d", ErrBehind, reached, status.Head)
		}
	}
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

// Prove returns the proofs that a block has a blob. It fails with ErrBehind or ErrUnavailable, or with da.ErrPruned.
func (c *Core) Prove(ctx context.Context, ref Ref) (*client.Inclusion, error) {
	inclusion, err := c.client.Inclusion(ctx, ref.ID, ref.Height)
	if err != nil {
		return nil, c.unread(ref.Height, err)
	}
	return inclusion, nil
}

// Header returns the header of a height. It fails with ErrBehind or ErrUnavailable, or with da.ErrPruned.
func (c *Core) Header(ctx context.Context, height uint64) (*chain.Header, error) {
	header, err := c.client.Header(ctx, height)
	if err != nil {
		return nil, c.unread(height, err)
	}
	return header, nil
}

// Read reads a blob that whoever asks knows to be in a block, of any namespace, and checks it against its id. It fails
// with ErrBehind or ErrUnavailable, or with da.ErrPruned.
func (c *Core) Read(ctx context.Context, ref Ref) (*client.Blob, error) {
	began := time.Now()
	blob, err := c.client.Get(ctx, ref.ID)
	if err != nil {
		err = c.unread(ref.Height, err)
	}
	c.meter.get(began, err)
	return blob, err
}

// Indexed returns how many contents the namespace has, as far as it was followed, and the height up to which it was.
func (c *Core) Indexed() (contents int, height uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.index.contents), c.index.newest().height
}

// Retention is how long what is put can be read.
func (c *Core) Retention() time.Duration { return c.config.Retention }

// Entries returns what the namespace has at a height, all of it that counts, 0 being the newest that was followed. It fails as Get does.
func (c *Core) Entries(ctx context.Context, height uint64) ([]da.Entry, error) {
	if height == 0 {
		c.mu.Lock()
		height = c.index.newest().height
		c.mu.Unlock()
	}
	if height > math.MaxInt64 {
		return nil, fmt.Errorf("%w: no chain has a height %d", da.ErrNotFound, height)
	}
	_, entries, err := c.client.Entries(ctx, c.config.Namespace, max(height, 1))
	if err != nil {
		return nil, c.unread(height, err)
	}
	return c.counting(entries), nil
}
