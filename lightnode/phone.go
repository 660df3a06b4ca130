package lightnode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
)

// phone is what the phone profile keeps.
type phone struct {
	db     *database
	soon   chan struct{} // has room for one note that a height was named
	waking sync.Mutex    // held by a wake

	mu      sync.Mutex
	targets targets // guarded by mu
}

// openPhone reads what was checked before.
func openPhone(db *database, samples int) (*phone, error) {
	p := &phone{db: db, soon: make(chan struct{}, 1)}
	p.targets.WakeBytes, p.targets.HeightBytes = 32<<10, float64(heightCeiling(samples))
	return p, readJSON(db, metaPhone, &p.targets)
}

// heightCeiling is what sampling a height takes at most while peers answer, in bytes: cells
// with what carries them, a signed header, witnesses' headers and a DA header.
func heightCeiling(samples int) int64 { return int64(samples)*2600 + 40<<10 }

// change changes the targets and writes them down. If either fails, they are as they were.
func (p *phone) change(change func(*targets) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed := p.targets
	changed.Waiting = slices.Clone(p.targets.Waiting)
	if err := change(&changed); err != nil {
		return err
	}
	if err := writeJSON(p.db, metaPhone, &changed); err != nil {
		return err
	}
	p.targets = changed
	return nil
}

func (p *phone) report() *PhoneReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.targets.report()
}

func (p *phone) head() *HeadReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.targets.Head
}

func (p *phone) waits(height uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.targets.waits(height)
}

// phoneStatus completes what the profile changes of a status.
func (n *Node) phoneStatus(s *Status) {
	s.Phone, s.Head = n.phone.report(), n.phone.head()
	s.Height = n.newest()
	s.Syncing = s.Head == nil || s.Phone.Waiting > 0
}

// judgePhone returns what was wrong with the newest block when the phone was awake last,
// empty if nothing was.
func (n *Node) judgePhone() string {
	head, contact := n.phone.head(), time.Unix(0, n.contact.Load())
	if head == nil || contact.Sub(head.Time) <= standstill*DefaultAlarmAfter {
		return ""
	}
	return fmt.Sprintf("the chain stands still, or peers keep its head from this node: the newest block at the last wake, %d, was of %s", head.Height, head.Time.UTC().Format(time.RFC3339))
}

// phoneMissing says why nothing is known of a height that the chain has.
func (n *Node) phoneMissing(height uint64) error {
	if n.phone.waits(height) {
		return fmt.Errorf("%w: it is to be sampled at the next wake", da.ErrNotFound)
	}
	return fmt.Errorf("%w: the phone profile did not draw it; name it to have it sampled", da.ErrNotFound)
}

// newest returns the newest verified height, 0 before there is one.
func (n *Node) newest() uint64 {
	if n.config.Profile != ProfilePhone {
		return n.heights.summary().newest
	}
	if head := n.phone.head(); head != nil {
		return head.Height
	}
	return 0
}

// Name has a height sampled at full strength, once it is there. A node of the full profile
// samples it anyway.
func (n *Node) Name(_ context.Context, height uint64) error {
	if height == 0 {
		return fmt.Errorf("%w: there is no height 0", ErrConfig)
	}
	if n.config.Profile != ProfilePhone {
		return nil
	}
	r, err := n.heights.get(height)
	if err != nil || r != nil && r.finished() {
		return err
	}
	if err := n.chain.reaches(height); err != nil {
		return err
	}
	if err := n.phone.change(func(t *targets) error { return t.name(height) }); err != nil {
		return err
	}
	select {
	case n.phone.soon <- struct{}{}:
	default:
	}
	return nil
}

// backwards is how far below the oldest verified header heights can be named: each header
// between has to be fetched.
const backwards = 64

// errTooOld means that no header that is trusted leads to a height any more. It comes with da.ErrPruned, which peers
// answer of themselves too.
var errTooOld = errors.New("lightnode: too old to be verified")

// reaches reports a height, with errTooOld, that is too far below the oldest verified header, or above one that is too old
// to vouch for it.
func (c *headChain) reaches(height uint64) error {
	oldest, err := c.store.FirstLightBlockHeight()
	newest, err2 := c.store.LastLightBlockHeight()
	if err := errors.Join(err, err2); err != nil || oldest < 0 || height > uint64(newest) {
		return err
	}
	if height < uint64(oldest) {
		if height+backwards >= uint64(oldest) {
			return nil
		}
		return fmt.Errorf("%w: %w: height %d lies too far below %d, the oldest header verified; start with an older header to trust", da.ErrPruned, errTooOld, height, oldest)
	}
	below, err := c.store.LightBlockBefore(int64(height) + 1)
	if err != nil || uint64(below.Height) == height || below.Time.Add(c.config.TrustingPeriod).After(c.config.Now()) {
		return err
	}
	return fmt.Errorf("%w: %w: below height %d header %d was verified last, of %s, which vouches for nothing after the trusting period", da.ErrPruned, errTooOld, height, below.Height, below.Time.Format(time.RFC3339))
}

// claims returns the heights that connected peers claim to be the newest, greatest first. They are claims and no more.
func (c *headChain) claims(ctx context.Context) (claims []headClaim, err error) {
	answered, err := c.askAround(ctx, 0)
	for _, p := range answered {
		claims = append(claims, headClaim{uint64(p.claimed()[0].Height), p.peer})
	}
	slices.SortFunc(claims, func(a, b headClaim) int { return cmp.Compare(b.height, a.height) })
	return claims, err
}

// askAround asks as many peers as a header is compared among for their newest headers, alone, and returns those that
// answered. They are drawn as for a question about a height.
func (c *headChain) askAround(ctx context.Context, height uint64) (answered []*peerProvider, err error) {
	first, err := c.draw(height)(nil)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var failures error
	var questions sync.WaitGroup
	for _, id := range c.drawMore([]peer.ID{first}, height, func([]peer.ID) []peer.ID { return nil }) {
		questions.Go(func() {
			p := c.provider(id)
			_, err := p.newest(ctx)
			mu.Lock()
			defer mu.Unlock()
			if failures = errors.Join(failures, err); err == nil {
				answered = append(answered, p)
			}
		})
	}
	questions.Wait()
	if len(answered) == 0 {
		return nil, failures
	}
	return answered, nil
}
