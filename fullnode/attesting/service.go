package attesting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

const (
	// signBelow is how far below the newest height a node that catches up signs: what is older has
	// its certificate, or is covered by later ones.
	signBelow = 32
	// publishAgain is the time between two rounds of telling the network again what it may have
	// missed.
	publishAgain = 10 * time.Second
	// lateBlocks is how many blocks after its height a certificate that lacks signatures is put into one.
	lateBlocks = 2
	// pruneEvery is the number of heights between two looks for certificates to forget.
	pruneEvery = 64
)

// Config is what a Service is made of. All but Signer and Evidence are required.
type Config struct {
	Chain   Chain
	Squares Squares
	Archive *Archive
	// Syncing tells whether the node is behind the chain: it signs nothing then, since what is old
	// is covered by others' newer certificates.
	Syncing func() bool
	// Signer signs; nil: the node has no key, and only collects.
	Signer *Signer
	// Publish tells the network what was signed.
	Publish func(context.Context, p2p.Attested) error
	// Evidence takes attestations and rotations that are not the chain's, each once as far as gossip brings them; nil: they are logged
	// alone. It must not block.
	Evidence func(Evidence)
	Log      *slog.Logger
}

// Service attests what is stored, and collects what others attest. New makes it, Run runs it.
type Service struct {
	*Collector
	config Config
	wakes  chan struct{} // one element: something was stored

	mu      sync.Mutex
	stored  uint64           // newest height stored; guarded by mu
	signed  uint64           // newest height signed; guarded by mu
	refusal *Refusal         // why the newest was not; guarded by mu
	mine    map[subject]*own // what may have to be published again; guarded by mu
}

// own is what this node signed.
type own struct {
	*p2p.Attested
	again bool // published again already
}

// New returns a Service.
func New(config Config) (*Service, error) {
	s := &Service{config: config, wakes: make(chan struct{}, 1), mine: make(map[subject]*own)}
	s.Collector = newCollector(config.Chain, config.Archive, newMetrics(), s.accuse, config.Log)
	newest, err := config.Archive.Newest(0, 1<<62)
	if err != nil {
		return nil, err
	}
	if newest != nil {
		if m, err := loadMembers(config.Chain, newest.Epoch); err == nil { // else it is of an epoch long ago
			s.metrics.note(newest.Height, m.power(&newest.Signers), m.set.Total)
		}
	}
	if config.Signer == nil {
		s.refusal = refuse(NoKey, "the node has no attestation key: `ashlar attest key` makes one")
	}
	return s, nil
}

// Metrics are what the service counts.
func (s *Service) Metrics() []prometheus.Collector { return s.metrics.collectors() }

// Stored tells that the square of a committed height is on disk, synced and marked, as are all
// below it that this node will have.
func (s *Service) Stored(height uint64) {
	s.mu.Lock()
	s.stored = max(s.stored, height)
	s.mu.Unlock()
	select {
	case s.wakes <- struct{}{}:
	default:
	}
}

// Run attests what is stored until ctx ends, which is no error.
func (s *Service) Run(ctx context.Context) error {
	again := time.NewTicker(publishAgain)
	defer again.Stop()
	done, pruned := uint64(0), uint64(0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
			s.publishAgain(ctx)
		case <-s.wakes:
			s.mu.Lock()
			newest := s.stored
			s.mu.Unlock()
			if done = max(done, s.step(ctx, max(done+1, newest-min(newest, signBelow)+1), newest)); done >= pruned+pruneEvery {
				pruned = done
				if err := s.config.Archive.Prune(s.config.Squares.Tail()); err != nil {
					s.config.Log.Error("old certificates are not pruned", "error", err)
				}
			}
		}
	}
}

// step attests the heights from first to newest, and returns up to which there is nothing left to try.
func (s *Service) step(ctx context.Context, first, newest uint64) uint64 {
	s.metrics.head.Store(newest)
	s.Advance(newest)
	if s.config.Signer == nil {
		s.metrics.refused.WithLabelValues(string(NoKey)).Inc()
		return newest
	}
	if s.config.Syncing() {
		return newest
	}
	done := newest
	for height := first; height <= newest && ctx.Err() == nil; height++ {
		attested, err := s.config.Signer.Height(height)
		s.note(height, err)
		if err == nil {
			s.tell(ctx, attested)
		} else if isEarly(err) {
			done = min(done, height-1)
		}
	}
	s.rotate(ctx)
	s.forget(newest)
	return done
}

// isEarly tells whether the next height may bring what a signature waits for.
func isEarly(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Reason == Early
}

// note records how a height was signed, or why not; a new reason is logged.
func (s *Service) note(height uint64, err error) {
	var refusal *Refusal
	errors.As(err, &refusal)
	s.mu.Lock()
	before := s.refusal
	s.refusal = refusal
	if refusal == nil {
		s.signed = max(s.signed, height)
	}
	s.mu.Unlock()
	if refusal == nil {
		s.metrics.signed.Inc()
		if before != nil {
			s.config.Log.Info("attesting", "height", height)
		}
		return
	}
	s.metrics.refused.WithLabelValues(string(refusal.Reason)).Inc()
	if refusal.Reason == Conflict {
		s.config.Log.Error("ALARM: this node was about to sign two different attestations of one height and did not: was the chain rolled back, or does another process use this key?", "height", height, "error", refusal)
	} else if before == nil || before.Reason != refusal.Reason {
		level := slog.LevelWarn
		if refusal.Reason == NotMember || refusal.Reason == Early { // as most nodes' keys, and every chain's first height
			level = slog.LevelInfo
		}
		s.config.Log.Log(context.Background(), level, "not attesting", "height", height, "reason", refusal.Reason, "error", refusal)
	}
}

// rotate signs the rotation of the epoch at hand, and of the one before, where a quorum may be
// missing still.
func (s *Service) rotate(ctx context.Context) {
	s.Collector.mu.Lock()
	epoch, head := s.epoch, s.head
	s.Collector.mu.Unlock()
	if !s.confirmed(epoch, head) {
		if epoch == 0 {
			return
		}
		epoch--
	}
	for e := epoch - min(epoch, 1); e <= epoch; e++ {
		key := subject{Rotations, e}
		s.mu.Lock()
		known, able := s.mine[key] != nil, s.refusal == nil
		s.mu.Unlock()
		if known || !able {
			continue
		}
		attested, err := s.config.Signer.Rotation(e)
		var refusal *Refusal
		switch {
		case err == nil:
			s.tell(ctx, attested)
		case errors.As(err, &refusal) && refusal.Reason == Conflict:
			s.config.Log.Error("ALARM: this node was about to sign two different next sets and did not: was the chain rolled back, or does another process use this key?", "epoch", e, "error", err)
		case errors.As(err, &refusal) && refusal.Reason == Unconfirmed:
			s.config.Log.Error("ALARM: this node's state has another next set than its hash commits to, which is not signed", "epoch", e, "error", err)
		}
	}
}

// confirmed tells whether a header was signed over the state that took the set after an epoch's: one of the second
// height of the epoch, or of a later one.
func (s *Service) confirmed(epoch, head uint64) bool {
	if head < 2 {
		return false
	}
	before, err := s.config.Chain.Attestation(head - 1)
	return err == nil && before.Epoch == epoch
}

// tell counts what this node signed, and tells the network.
func (s *Service) tell(ctx context.Context, attested *p2p.Attested) {
	key, _, _ := about(attested)
	s.mu.Lock()
	s.mine[key] = &own{Attested: attested}
	s.mu.Unlock()
	s.Add(ctx, *attested)
	s.publish(ctx, attested)
}

func (s *Service) publish(ctx context.Context, attested *p2p.Attested) {
	if err := s.config.Publish(ctx, *attested); err != nil && ctx.Err() == nil {
		s.config.Log.Warn("an attestation is not published", "error", err)
	}
}

// forget drops what is not published again.
func (s *Service) forget(newest uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var latest uint64
	for key := range s.mine {
		if key.kind == Rotations {
			latest = max(latest, key.number)
		}
	}
	for key := range s.mine {
		if key.kind == Heights && key.number+signBelow <= newest || key.kind == Rotations && key.number+1 < latest {
			delete(s.mine, key)
		}
	}
}

// publishAgain tells the network rotations, which nodes that come later need; each height once
// more, for those who were not there yet; and then those that have no certificate.
func (s *Service) publishAgain(ctx context.Context) {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.mine))
	s.mu.Unlock()
	for _, mine := range all {
		if a := mine.Attestation; a != nil && mine.again {
			if held, err := s.config.Archive.Certificate(a.Height); err != nil || held != nil {
				continue
			}
		}
		mine.again = true // Run alone gets here
		s.publish(ctx, mine.Attested)
	}
}

// accuse makes a false attestation or rotation known.
func (s *Service) accuse(e Evidence) {
	s.metrics.evidence.Inc()
	key, epoch, _ := about(e.attested())
	for _, operator := range e.Operators {
		s.config.Log.Error("a validator attested what is not the chain's", "operator", da.FormatAddress(operator), "epoch", epoch, string(key.kind), key.number)
	}
	if s.config.Evidence != nil {
		s.config.Evidence(e)
	}
}

// Status tells how the node attests.
type Status struct {
	// Key is the node's, nil if it has none.
	Key *da.AttestationKey
	// Signed is the newest height signed, 0 if there is none; Refusal why the newest was not, nil if
	// it was.
	Signed  uint64
	Refusal *Refusal
	// Certificate is the newest height with a certificate, 0 if there is none, Power that of who
	// signed it, Total all.
	Certificate, Power, Total uint64
}

// Status tells how the node attests.
func (s *Service) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := Status{Signed: s.signed, Refusal: s.refusal, Certificate: s.metrics.newest.Load(), Power: s.metrics.power.Load(), Total: s.metrics.total.Load()}
	if s.config.Signer != nil {
		status.Key = &s.config.Signer.keys[0]
	}
	return status
}

// Certificate returns the newest certificate with after < height ≤ until that all of its set signed, or that had
// lateBlocks to be signed by those who are slow, nil if there is none: for who proposes a block, which
// counts the others as missing.
func (s *Service) Certificate(after, until uint64) *da.Certificate {
	for height := until; height > after; {
		found, err := s.config.Archive.Newest(after, height)
		if err != nil {
			s.config.Log.Error("certificates cannot be read", "error", err)
			return nil
		}
		if found == nil || found.Height+lateBlocks <= until || s.complete(found) {
			return found
		}
		height = found.Height - 1
	}
	return nil
}

// complete tells whether nobody of its set is missing in a certificate.
func (s *Service) complete(c *da.Certificate) bool {
	s.Collector.mu.Lock()
	defer s.Collector.mu.Unlock()
	m, err := s.members(c.Epoch)
	return err == nil && c.Signers.Count() == len(m.set.Attesters)
}

// CertificateOf returns the certificate of a height, or the newest for 0. It fails with
// ErrNotAttested, da.ErrFutureHeight and da.ErrPruned.
func (s *Service) CertificateOf(height uint64) (*da.Certificate, error) {
	if height == 0 {
		found, err := s.config.Archive.Newest(0, 1<<62)
		if err == nil && found == nil {
			err = fmt.Errorf("%w yet", ErrNotAttested)
		}
		return found, err
	}
	found, err := s.config.Archive.Certificate(height)
	if err == nil && found == nil {
		err = s.absent(height)
	}
	return found, err
}

// absent says why there is no certificate of a height.
func (s *Service) absent(height uint64) error {
	s.mu.Lock()
	stored := s.stored
	s.mu.Unlock()
	switch {
	case height > stored:
		return fmt.Errorf("%w: height %d, this node holds up to %d", da.ErrFutureHeight, height, stored)
	case height < s.config.Squares.Tail():
		return fmt.Errorf("%w: certificate of height %d, the oldest height kept is %d", da.ErrPruned, height, s.config.Squares.Tail())
	}
	return fmt.Errorf("%w of height %d", ErrNotAttested, height)
}

// Covering returns the lowest certificate of a height or of one above. It fails with ErrNotAttested.
func (s *Service) Covering(height uint64) (*da.Certificate, error) {
	found, err := s.config.Archive.Covering(height)
	if err == nil && found == nil {
		err = fmt.Errorf("%w of height %d or above", ErrNotAttested, height)
	}
	return found, err
}

// Attesters returns the set of an epoch, and when it was taken, in seconds since 1970, 0 where
// nothing is left that says so. Sets that state keeps no more are in the archive, of the time that this node was there. It fails with
// da.ErrNotFound.
func (s *Service) Attesters(epoch uint64) (set *da.AttesterSet, taken uint64, err error) {
	if set, err = s.config.Chain.AttesterSet(epoch); err != nil {
		archived, failed := s.config.Archive.Set(epoch)
		if failed != nil || archived == nil {
			return nil, 0, errors.Join(err, failed)
		}
		set = archived
	}
	if taken, err := s.config.Chain.SetTaken(epoch); err == nil || epoch == 0 {
		return set, taken, nil
	}
	signed, err := s.config.Archive.Rotation(epoch - 1)
	if signed == nil || err != nil {
		return set, 0, err
	}
	return set, signed.Time, nil
}

// SignedRotation returns what an epoch's set signed of the next. It fails with ErrNotAttested.
func (s *Service) SignedRotation(epoch uint64) (*da.SignedRotation, error) {
	found, err := s.config.Archive.Rotation(epoch)
	if err == nil && found == nil {
		err = fmt.Errorf("%w: rotation from epoch %d to the next", ErrNotAttested, epoch)
	}
	return found, err
}
