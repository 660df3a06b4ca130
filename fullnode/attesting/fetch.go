package attesting

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

const (
	// fetchSoon is how long after its start a node first looks for what is missing, when it has some peers, and fetchEvery
	// the time between two looks.
	fetchSoon, fetchEvery = 2 * time.Second, 10 * time.Second
	// fetchLimit is how long a look may take: the next begins with the newest again, and passes over what was asked for.
	fetchLimit = time.Minute
	// fetchBelow is how far below the newest height certificates are asked for: gossip brings newer ones.
	fetchBelow = 4
	// fetchPeers is how many peers are asked about one range at a time.
	fetchPeers = 3
	// fetchAgain is how long after its peers could not complete it a range is asked for again; the time doubles, up to fetchRarely.
	fetchAgain, fetchRarely = 30 * time.Second, 30 * time.Minute
	// rangeSize is how many heights, or epochs, are asked for at once.
	rangeSize = min(p2p.MaxCertificates, p2p.MaxRotations)
)

// Peers are those who are asked for what is missing; *p2p.Host implements it.
type Peers interface {
	Pick(protocol p2p.Protocol, height uint64, not ...peer.ID) (peer.ID, error)
	GetCertificates(ctx context.Context, from peer.ID, first uint64, count int) ([]*da.Certificate, error)
	GetRotations(ctx context.Context, from peer.ID, first uint64, count int) ([]*da.SignedRotation, error)
	Verified(from peer.ID, cells int)
	Garbage(from peer.ID, reason error)
}

// Fetcher asks peers for the certificates of the window and the signed rotations that a node has missed, because it was away
// or gossip did not reach it. All of it is verified before it is kept.
type Fetcher struct {
	service *Service
	peers   Peers
	log     *slog.Logger
	fetched *prometheus.CounterVec

	tries map[span]*try // Run alone uses it
}

// span is a range of rangeSize heights or epochs, by its number.
type span struct {
	kind   Kind
	number uint64
}

// first and last are the span's bounds.
func (s span) first() uint64 { return s.number * rangeSize }
func (s span) last() uint64  { return s.number*rangeSize + rangeSize - 1 }

// try is what became of a span.
type try struct {
	upTo  uint64 // the newest of it that was asked for, or was there
	whole bool   // nothing up to there is missing
	pause time.Duration
	next  time.Time
}

// NewFetcher returns a Fetcher.
func NewFetcher(service *Service, peers Peers) *Fetcher {
	return &Fetcher{
		service: service, peers: peers, log: service.config.Log, tries: make(map[span]*try),
		fetched: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "ashlar", Name: "certificates_fetched_total", Help: "Certificates and signed rotations that peers gave, by kind.",
		}, []string{"kind"}),
	}
}

// Metrics are what the fetcher counts.
func (f *Fetcher) Metrics() prometheus.Collector { return f.fetched }

// Run fetches what is missing until ctx ends, which is no error.
func (f *Fetcher) Run(ctx context.Context) error {
	due := time.NewTimer(fetchSoon)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-due.C:
			due.Reset(fetchEvery)
			if f.service.config.Syncing() { // the window is not the one that matters yet
				continue
			}
			if err := f.pass(ctx); err != nil && ctx.Err() == nil {
				f.log.Error("missing certificates are not looked for", "error", err)
			}
		}
	}
}

// pass asks for all that is due, the newest first, as far as it gets in fetchLimit.
func (f *Fetcher) pass(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	f.service.Collector.mu.Lock()
	head, epoch := f.service.head, f.service.epoch
	f.service.Collector.mu.Unlock()
	if head == 0 {
		return nil
	}
	window, err := f.service.config.Chain.Window()
	if err != nil {
		return err
	}
	low := max(1, f.service.config.Squares.Tail(), head-min(head, window)+1)
	f.forget(low)
	if err := f.look(ctx, Rotations, 0, epoch); err != nil || head < low+fetchBelow {
		return err
	}
	return f.look(ctx, Heights, low, head-fetchBelow)
}

// forget drops what is known of spans below the window.
func (f *Fetcher) forget(low uint64) {
	for s := range f.tries {
		if s.kind == Heights && s.last() < low {
			delete(f.tries, s)
		}
	}
}

// look asks for what is missing of a kind from low to high.
func (f *Fetcher) look(ctx context.Context, kind Kind, low, high uint64) error {
	for number := high / rangeSize; ctx.Err() == nil; number-- {
		if err := f.complete(ctx, span{kind, number}, low, high); err != nil {
			return err
		}
		if number <= low/rangeSize {
			break
		}
	}
	return nil
}

// complete asks for what is missing of a span between low and high, unless it was not long ago.
func (f *Fetcher) complete(ctx context.Context, s span, low, high uint64) error {
	first, last := max(s.first(), low), min(s.last(), high)
	t := f.tries[s]
	if t == nil {
		t = new(try)
		f.tries[s] = t
	} else if t.upTo >= last && (t.whole || time.Now().Before(t.next)) {
		return nil
	}
	missing, err := f.missing(s.kind, first, last)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if missing, err = f.ask(ctx, s.kind, missing); err != nil {
			return err
		}
	}
	t.upTo, t.whole = last, len(missing) == 0
	t.pause = min(max(2*t.pause, fetchAgain), fetchRarely)
	t.next = time.Now().Add(t.pause)
	return nil
}

// missing returns the heights from first to last without a certificate, or the epochs without a rotation whose sets are
// known, in order.
func (f *Fetcher) missing(kind Kind, first, last uint64) (missing []uint64, err error) {
	key := byte(certificateKey)
	if kind == Rotations {
		key = rotationKey
	}
	held, err := f.service.config.Archive.numbers(key, first, last)
	if err != nil {
		return nil, err
	}
	for number := first; number <= last; number++ {
		if _, found := slices.BinarySearch(held, number); !found && (kind == Heights || f.verifiable(number)) {
			missing = append(missing, number)
		}
	}
	return missing, nil
}

// verifiable tells whether both sets of a rotation are known.
func (f *Fetcher) verifiable(epoch uint64) bool {
	_, err := f.service.anySet(epoch)
	_, failed := f.service.anySet(epoch + 1)
	return err == nil && failed == nil
}

// ask asks some peers for what is missing, and returns what still is.
func (f *Fetcher) ask(ctx context.Context, kind Kind, missing []uint64) ([]uint64, error) {
	protocol, height := p2p.Certificates, missing[len(missing)-1]
	if kind == Rotations {
		protocol, height = p2p.Rotations, 0
	}
	var asked []peer.ID
	for len(asked) < fetchPeers && len(missing) > 0 && ctx.Err() == nil {
		from, err := f.peers.Pick(protocol, height, asked...)
		if err != nil {
			break // there is nobody else
		}
		asked = append(asked, from)
		began := time.Now()
		if err := f.fetch(ctx, from, kind, missing); err != nil {
			f.log.Debug("a peer does not give what is missing", "peer", from, "kind", string(kind), "first", missing[0], "error", err)
		}
		if missing, err = f.missing(kind, missing[0], missing[len(missing)-1]); err != nil {
			return missing, err
		}
		rest(ctx, time.Since(began))
	}
	return missing, nil
}

// rest waits as long as the work before it took, so that a node which missed much takes half a processor to catch up.
func rest(ctx context.Context, took time.Duration) {
	select {
	case <-time.After(took):
	case <-ctx.Done():
	}
}

// fetch asks one peer for what is missing.
func (f *Fetcher) fetch(ctx context.Context, from peer.ID, kind Kind, missing []uint64) error {
	first, count := missing[0], int(missing[len(missing)-1]-missing[0])+1
	if kind == Rotations {
		got, err := f.peers.GetRotations(ctx, from, first, count)
		return errors.Join(err, keep(f, from, kind, missing, got, func(r *da.SignedRotation) uint64 { return r.Epoch }, f.service.AdoptRotation))
	}
	got, err := f.peers.GetCertificates(ctx, from, first, count)
	return errors.Join(err, keep(f, from, kind, missing, got, func(c *da.Certificate) uint64 { return c.Height }, f.service.Adopt))
}

// keep verifies and keeps what a peer gave of what is missing. Of one whose answer is false it takes no more.
func keep[T any](f *Fetcher, from peer.ID, kind Kind, missing []uint64, got []*T, number func(*T) uint64, adopt func(*T) error) error {
	for _, one := range got {
		if _, wanted := slices.BinarySearch(missing, number(one)); !wanted {
			continue
		}
		err := adopt(one)
		switch {
		case err == nil:
			f.peers.Verified(from, 1)
			f.fetched.WithLabelValues(string(kind)).Inc()
		case isFalse(err):
			f.peers.Garbage(from, err)
			return err
		default: // it left the window meanwhile
			f.log.Debug("what a peer gave is not kept", "kind", string(kind), "number", number(one), "error", err)
		}
	}
	return nil
}

// isFalse tells whether an error says that a certificate or rotation is none of this chain.
func isFalse(err error) bool {
	return slices.ContainsFunc([]error{da.ErrMismatch, da.ErrInvalidSignature, da.ErrInvalidKey, da.ErrNoQuorum, da.ErrMalformed}, func(verdict error) bool {
		return errors.Is(err, verdict)
	})
}
