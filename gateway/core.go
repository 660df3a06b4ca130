package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// MaxSize is how many bytes one put takes: as many as fit the rows that one transaction may own.
const MaxSize = da.MaxTxOwnRows * da.DataRowSize

// Defaults of a Config.
const (
	DefaultRetention  = 15 * 24 * time.Hour
	DefaultPutTimeout = 2 * time.Minute
	DefaultMaxLag     = time.Minute
	DefaultPoll       = 500 * time.Millisecond
)

// Config is what a Core is made of. Client, Namespace, Index and Log are required.
type Config struct {
	Client    *client.Client
	Namespace da.Namespace
	// Index is the file that remembers what the namespace has; it is created if need be.
	Index string
	// From is the height from which on the namespace is followed where Index is new, the rollup's
	// first; 0: the oldest that the node holds.
	From uint64
	// Posters are the accounts whose blobs count where the namespace is listed or searched, and what is put is looked for; none:
	// all do, and anybody may post to a namespace. All gateways of a rollup take the same, as they decide what there is. What
	// is named by height and id is read whoever posted it.
	Posters []Poster
	// Payers are the accounts that Client posts by, where it posts and that is known: nothing is posted that would not count.
	Payers []Poster
	// Retention is how old a blob must be, by the time of verified headers, for its absence to be an answer;
	// 0: 15 days. It must not be more than what the nodes keep.
	Retention time.Duration
	// PutTimeout is how long a put waits to be final; 0: 2 minutes. What it posted goes on, and the next put of
	// the same bytes waits for it.
	PutTimeout time.Duration
	// MaxLag is how old the newest verified header may be for puts, and for proofs that no block has
	// something; 0: 1 minute.
	MaxLag time.Duration
	// Poll is the time between two looks at the chain's head; 0: half a second.
	Poll time.Duration
	// Metrics takes the gateway's metrics; nil: nobody does.
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

func (c Config) resolve() (Config, error) {
	switch {
	case c.Client == nil || c.Log == nil || c.Index == "":
		return c, errors.New("gateway: Client, Index and Log are required")
	case c.Retention < 0 || c.PutTimeout < 0 || c.MaxLag < 0 || c.Poll < 0:
		return c, errors.New("gateway: durations and bounds cannot be negative")
	}
	if err := c.Namespace.ValidateForBlob(); err != nil {
		return c, fmt.Errorf("gateway: %w", err)
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&c.Retention, DefaultRetention}, {&c.PutTimeout, DefaultPutTimeout}, {&c.MaxLag, DefaultMaxLag}, {&c.Poll, DefaultPoll}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	return c, nil
}

// Core posts and reads the blobs of one namespace for the protocols. It is safe for concurrent use, and works while
// Run does.
type Core struct {
	config  Config
	client  *client.Client
	meter   *meter
	guard   *Guard
	flights singleflight.Group

	life  context.Context // of what goes on when a request has ended
	end   context.CancelFunc
	tasks sync.WaitGroup // what goes on

	mu    sync.Mutex
	index *index           // guarded by mu
	fresh map[content]made // what was posted beyond what index has; guarded by mu
	ready bool             // the index once reached the chain's head; guarded by mu
	known bool             // the index was checked to be of this chain; guarded by mu
	// unwritten is why the index was not written when that was last tried, nil where it was; guarded by mu
	unwritten error
	// recent are the newest blocks by height, and grown is closed when they are more; guarded by mu
	recent map[uint64]*Block
	grown  chan struct{}
}

// Ref names a blob of the namespace on the chain.
type Ref struct {
	Height uint64
	ID     da.BlobID
}

// content is what a put is recognized by.
type content struct {
	keccak   [da.HashSize]byte
	encoding da.Encoding
}

// made is where and when this Core posted a content.
type made struct {
	ref  Ref
	time time.Time
}

// New opens the index. It fails where that is damaged, or another namespace's.
func New(config Config) (*Core, error) {
	config, err := config.resolve()
	if err != nil {
		return nil, err
	}
	index, err := openIndex(config.Index, config.Namespace, config.Posters)
	if errors.Is(err, errOtherPosters) {
		config.Log.Warn("the posters are others than before: the namespace is read anew, as far as nodes have it", "index", config.Index)
		if err = os.Remove(config.Index); err == nil {
			index, err = openIndex(config.Index, config.Namespace, config.Posters)
		}
	}
	if err != nil {
		return nil, err
	}
	c := &Core{
		config: config, client: config.Client, index: index,
		fresh: make(map[content]made), guard: &Guard{Log: config.Log},
		recent: make(map[uint64]*Block), grown: make(chan struct{}),
	}
	c.life, c.end = context.WithCancel(context.Background())
	if c.meter, err = newMeter(config.Metrics); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	c.guard.Panics = c.meter.panics
	return c, nil
}

// Run follows the namespace until ctx ends, which is no error. It fails where the index is of another chain; while the index
// cannot be written, Health fails, and the same blocks are tried again.
func (c *Core) Run(ctx context.Context) error {
	var trouble troubles
	for {
		err := c.guard.Call(func() error { return c.follow(ctx) })
		if errors.Is(err, errOtherChain) {
			return err
		}
		if ctx.Err() == nil {
			trouble.tell(c.config.Log, err, time.Now())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(c.config.Poll):
		}
	}
}

// Guard keeps what serves the Core's requests from ending the process.
func (c *Core) Guard() *Guard { return c.guard }

// Close ends what goes on and lets go of the index.
func (c *Core) Close() error {
	c.end()
	c.tasks.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.index.close()
}

// Health fails with ErrBehind unless puts are taken.
func (c *Core) Health() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	newest := c.index.newest()
	switch {
	case !c.ready:
		return fmt.Errorf("%w: the namespace is read up to height %d so far", ErrBehind, newest.height)
	case c.unwritten != nil:
		return fmt.Errorf("%w: the index cannot be written, see the gateway's log", ErrBehind)
	case time.Since(newest.time) > c.config.MaxLag:
		return fmt.Errorf("%w: the newest block that a node gave, height %d, is of %s", ErrBehind, newest.height, newest.time.UTC().Format(time.RFC3339))
	}
	return nil
}
