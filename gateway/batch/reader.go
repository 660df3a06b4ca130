package batch

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/ashlar-da/ashlar/gateway"
)

const (
	// maxCached bounds what a Reader keeps of batches that it read, in bytes.
	maxCached = 64 << 20
	// cachedCost is what a batch costs besides its bytes, and itemCost an item.
	cachedCost = 256
	itemCost   = 192
	// copies is how often a blob is in memory while it is read.
	copies = 3
	// readers is how many batches of a height are read at once.
	readers = 4
	// patience is how long the batches of a height may take to be read. Anybody may post to a namespace, any number of blobs.
	patience = time.Minute
)

// Found is an item on the chain.
type Found struct {
	Item
	Ref gateway.Ref
	// Name is what Namer gave it.
	Name string
}

// Namer gives an item the name by which clients look it up, or tells that it is none.
type Namer func(item *Item) (name string, ok bool)

// Reader reads batches of a kind. It is safe for concurrent use.
type Reader struct {
	core    *gateway.Core
	kind    byte
	name    Namer
	hold    func(ctx context.Context, size int64) error
	flights singleflight.Group

	mu     sync.Mutex
	size   int                           // of all that is cached; guarded by mu
	recent *list.List                    // of *cached, the newest first; guarded by mu
	at     map[gateway.Ref]*list.Element // guarded by mu
}

type cached struct {
	ref   gateway.Ref
	items []Found
	cost  int
}

// NewReader returns a Reader. Before batches are read, hold is asked to set memory aside for that.
func NewReader(core *gateway.Core, kind byte, name Namer, hold func(ctx context.Context, size int64) error) *Reader {
	return &Reader{core: core, kind: kind, name: name, hold: hold, recent: list.New(), at: make(map[gateway.Ref]*list.Element)}
}

// Height is all that a height has of the reader's kind.
type Height struct {
	Time  time.Time
	Items []Found
}

// At returns all items of a height, in the order in which they were posted. It fails as gateway.Core's Block and Get do:
// never with da.ErrNotFound, as what a proven list has is there, and with ErrUnavailable where reading it takes longer than a
// minute: what was read by then is there when it is asked for again. Or as hold does.
func (r *Reader) At(ctx context.Context, height uint64) (*Height, error) {
	block, err := r.core.Block(ctx, height)
	if err != nil {
		return nil, err
	}
	parts, err := r.batches(ctx, block)
	if err != nil {
		return nil, err
	}
	count := 0
	for _, part := range parts {
		count += len(part)
	}
	if err := r.hold(ctx, itemCost*int64(count)); err != nil { // the list of all, once more
		return nil, err
	}
	out := &Height{Time: block.Time, Items: make([]Found, 0, count)}
	for _, part := range parts {
		out.Items = append(out.Items, part...)
	}
	return out, nil
}

// batches reads the batches of a block.
func (r *Reader) batches(ctx context.Context, block *gateway.Block) ([][]Found, error) {
	parts := make([][]Found, len(block.Blobs))
	err := each(ctx, len(parts), func(ctx context.Context, i int) (err error) {
		parts[i], err = r.Batch(ctx, block.Blobs[i])
		return err
	})
	if errors.Is(err, errPatience) {
		err = fmt.Errorf("%w: the %d blobs of height %d are not read within %s, ask again; name with --posters whose blobs count",
			gateway.ErrUnavailable, len(block.Blobs), block.Height, patience)
	}
	return parts, err
}

var errPatience = errors.New("it takes too long")

// each calls do for 0 to n-1, some at once. It fails as do does, and with errPatience where that takes too long.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	bounded, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	group, doing := errgroup.WithContext(bounded)
	group.SetLimit(readers)
	for i := 0; i < n && doing.Err() == nil; i++ {
		group.Go(func() error { return do(doing, i) })
	}
	err := group.Wait()
	if bounded.Err() != nil && errors.Is(context.Cause(bounded), errPatience) {
		return errPatience
	}
	return err
}

// Batch returns the items of a blob of the gateway's namespace, none where it is no batch of the kind. It fails as
// gateway.Core's Get and hold do.
func (r *Reader) Batch(ctx context.Context, blob gateway.Sized) ([]Found, error) {
	items, err := r.batch(ctx, blob)
	if err != nil {
		return nil, err
	}
	return items, r.hold(ctx, itemCost*int64(len(items))) // which the cache may let go of; small items take more than their bytes
}

func (r *Reader) batch(ctx context.Context, blob gateway.Sized) ([]Found, error) {
	ref := blob.Ref
	if items, ok := r.known(ref); ok {
		return items, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.hold(ctx, copies*int64(blob.Size)); err != nil {
		return nil, err
	}
	shared, err, _ := r.flights.Do(fmt.Sprint(ref.Height, ref.ID), func() (any, error) {
		var items []Found
		err := r.core.Guard().Call(func() (err error) {
			items, err = r.read(context.WithoutCancel(ctx), ref)
			return err
		})
		return items, err
	}) // even if nobody waits any more: what was set aside is used until it ends
	if err != nil {
		return nil, err
	}
	return shared.([]Found), nil
}

func (r *Reader) read(ctx context.Context, ref gateway.Ref) ([]Found, error) {
	blob, err := r.core.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	batch, err := Decode(blob.Data)
	if errors.Is(err, ErrMalformed) || err == nil && batch.Kind != r.kind {
		r.keep(ref, nil, 0)
		return nil, nil
	}
	var items []Found
	for i := range batch.Items {
		if name, ok := r.name(&batch.Items[i]); ok {
			items = append(items, Found{batch.Items[i], ref, name})
		}
	}
	r.keep(ref, items, len(blob.Data))
	return items, nil
}

func (r *Reader) known(ref gateway.Ref) ([]Found, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	element := r.at[ref]
	if element == nil {
		return nil, false
	}
	r.recent.MoveToFront(element)
	return element.Value.(*cached).items, true
}

// keep caches a batch whose data has size bytes, and forgets those that were not asked for.
func (r *Reader) keep(ref gateway.Ref, items []Found, size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at[ref] != nil {
		return
	}
	c := &cached{ref, items, size + cachedCost + itemCost*len(items)}
	r.at[ref] = r.recent.PushFront(c)
	for r.size += c.cost; r.size > maxCached; {
		oldest := r.recent.Remove(r.recent.Back()).(*cached)
		delete(r.at, oldest.ref)
		r.size -= oldest.cost
	}
}
