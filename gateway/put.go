package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// Put posts bytes for a protocol, whose gate takes them in, and returns once they are final, with where they are. It is idempotent by content: what the
// namespace has, and will have for at least half the retention, is not posted again, and puts of the same
// bytes that meet are one. It fails with da.ErrInvalidBlob for no bytes, da.ErrTooLarge, ErrBehind, ErrBusy or
// ErrUnavailable; after the last, as after the end of ctx, the bytes may become final nevertheless, and the
// next Put of them waits for that.
//
// It takes no batch, by which who may put by one protocol would speak for the clients of another: those are for PutBatch.
func (c *Core) Put(ctx context.Context, gate *Gate, data []byte) (Ref, error) {
	if bytes.HasPrefix(data, []byte(BatchMagic)) {
		return Ref{}, fmt.Errorf("%w: it begins as what this gateway keeps other protocols' blobs in", ErrBadRequest)
	}
	return c.PutBatch(ctx, gate, data)
}

// BatchMagic is what a blob begins with that package batch made.
const BatchMagic = "ashlar\x00\x01"

// PutBatch is Put for what package batch made.
func (c *Core) PutBatch(ctx context.Context, gate *Gate, data []byte) (Ref, error) {
	began := time.Now()
	ref, err := c.put(ctx, gate, data)
	c.meter.put(began, len(data), err)
	return ref, err
}

func (c *Core) put(ctx context.Context, gate *Gate, data []byte) (Ref, error) {
	if len(data) > MaxSize {
		return Ref{}, fmt.Errorf("%w: %d bytes, and one blob has %d at most", da.ErrTooLarge, len(data), MaxSize)
	}
	blob := da.Blob{Namespace: c.config.Namespace, Encoding: da.EncodingData, Data: data}
	if err := blob.Check(); err != nil {
		return Ref{}, err
	}
	of := content{da.Keccak256(data), blob.Encoding}
	if ref, ok := c.posted(of); ok {
		return ref, nil
	}
	if err := c.takesPuts(); err != nil {
		return Ref{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.PutTimeout)
	defer cancel()
	done := c.flights.DoChan(string(of.keccak[:]), func() (any, error) {
		var ref Ref
		err := c.guard.Call(func() (err error) { // a panic here would end the process, whoever recovers where
			ref, err = c.fly(gate, of, blob)
			return err
		})
		return ref, err
	})
	select {
	case result := <-done:
		if result.Err != nil {
			return Ref{}, result.Err
		}
		return result.Val.(Ref), nil
	case <-ctx.Done():
		return Ref{}, fmt.Errorf("%w: not final within %s, put the same bytes again to wait on: %w", ErrUnavailable, c.config.PutTimeout, ctx.Err())
	}
}

// takesPuts fails unless what is put will be on the chain, and counts there.
func (c *Core) takesPuts() error {
	if len(c.config.Posters) > 0 && !containsAll(c.config.Posters, c.config.Payers) {
		return fmt.Errorf("%w: this gateway does not post: no key that it is known to pay by is among the posters whose blobs count", ErrUnavailable)
	}
	return c.Health()
}

// Kept returns where bytes are that were put before, and is no put: it fails with da.ErrNotFound where they were not, da.ErrPruned
// where they are out of retention, and otherwise as FindKeccak does.
func (c *Core) Kept(ctx context.Context, data []byte) (Ref, error) {
	ref, err := c.FindKeccak(ctx, da.Keccak256(data))
	if err != nil {
		return Ref{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.index.expired(ref.Height, c.config.Retention) {
		return Ref{}, fmt.Errorf("%w: what was put at height %d is older than %s, and is not put again", da.ErrPruned, ref.Height, c.config.Retention)
	}
	return ref, nil
}

// posted returns where a content is that need not be posted again.
func (c *Core) posted(of content) (Ref, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.fresh[of]; ok {
		return found.ref, true
	}
	found := c.index.newestOf(of)
	if !c.ready || found == nil || time.Since(found.time) > c.config.Retention/2 {
		return Ref{}, false
	}
	return found.ref, true
}

// fly posts a blob, whoever still waits for it.
func (c *Core) fly(gate *Gate, of content, blob da.Blob) (Ref, error) {
	if ref, ok := c.posted(of); ok { // by a flight that landed since this one was asked for
		return ref, nil
	}
	land, err := gate.launch(len(blob.Data))
	if err != nil {
		return Ref{}, err
	}
	c.tasks.Add(1)
	defer func() { land(); c.tasks.Done() }()
	c.client.Forget(c.doubtful(of), blob) // or the client would say where it was, which is about to be pruned
	posted, err := c.client.Post(c.life, blob, client.Final)
	if err != nil {
		return Ref{}, c.refused(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ref := Ref{posted.Height, posted.ID}
	if c.index.refs[ref] == nil {
		c.fresh[of] = made{ref, time.Now()}
	}
	return ref, nil
}

// doubtful is the height up to which where a content was put is not to be relied on: that at which the index has it, and
// otherwise all that were followed, as what it forgot, or never read, may be pruned.
func (c *Core) doubtful(of content) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.index.newestOf(of); found != nil {
		return found.ref.Height
	}
	return c.index.newest().height
}

// refused turns why a blob was not posted into an error of this package.
func (c *Core) refused(err error) error {
	switch {
	case errors.Is(err, da.ErrTooLarge):
		return c.untold(fmt.Errorf("%w for the chain", da.ErrTooLarge), err)
	case errors.Is(err, da.ErrInvalidBlob):
		return c.untold(fmt.Errorf("%w for the chain", da.ErrInvalidBlob), err)
	case client.CodeOf(err) == client.CodeSyncing:
		return c.untold(fmt.Errorf("%w: the node is syncing", ErrBehind), err)
	}
	return c.untold(fmt.Errorf("%w: not posted, see the gateway's log", ErrUnavailable), err)
}
