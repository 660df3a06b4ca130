package attesting

import (
	"context"
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// Adopt takes a certificate that a block carries or a peer has, where it is better than the one held. It fails
// as Certificate.Verify does, and as Chain.Attestation where the chain does not say what is to be signed. One that is not the
// chain's, and that those whom it names did sign, is evidence against all of them, however few they are.
func (c *Collector) Adopt(certificate *da.Certificate) error {
	attestation, err := c.chain.Attestation(certificate.Height)
	if err != nil {
		return err
	}
	if *attestation != certificate.Attestation {
		c.accuseSum(Evidence{Attestation: &certificate.Attestation, Signers: certificate.Signers, Signature: certificate.Signature})
		return fmt.Errorf("%w: a certificate of height %d that is not of this chain's block", da.ErrMismatch, certificate.Height)
	}
	m, err := c.membersOf(certificate.Epoch)
	if err != nil {
		return err
	}
	if better, err := c.better(certificate, m); err != nil || !better {
		return err
	}
	if err := certificate.Verify(certificate.ChainID, m.set); err != nil { // takes milliseconds, and nobody waits for it
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	held, err := c.archive.Certificate(certificate.Height)
	if err != nil || held != nil && m.power(&held.Signers) >= m.power(&certificate.Signers) {
		return err
	}
	c.metrics.note(certificate.Height, m.power(&certificate.Signers), m.set.Total)
	defer c.wake()
	return c.archive.put(certificate, held == nil)
}

// better tells whether a certificate has more signers than the one held.
func (c *Collector) better(certificate *da.Certificate, m *members) (bool, error) {
	held, err := c.archive.Certificate(certificate.Height)
	return held == nil || m.power(&held.Signers) < m.power(&certificate.Signers), err
}

// accuseSum reports what is not the chain's and has signatures added up, if it was signed by those whom it names.
func (c *Collector) accuseSum(e Evidence) {
	_, epoch, digest := about(e.attested())
	m, err := c.membersOf(epoch)
	if err != nil || m.set.VerifySigners(&e.Signers, digest, e.Signature) != nil {
		return
	}
	for i := range m.set.Attesters {
		if e.Signers.Has(i) {
			e.Operators = append(e.Operators, m.set.Attesters[i].Operator)
		}
	}
	c.evidence(e)
}

func (c *Collector) membersOf(epoch uint64) (*members, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.members(epoch)
}

// AdoptRotation takes a signed rotation that a peer has, where none is held. Sets that state keeps no more are those of
// the archive. It fails as SignedRotation.Verify does, and with da.ErrNotFound where a set is not known.
func (c *Collector) AdoptRotation(rotation *da.SignedRotation) error {
	if held, err := c.archive.Rotation(rotation.Epoch); err != nil || held != nil {
		return err
	}
	set, err := c.anySet(rotation.Epoch)
	if err != nil {
		return err
	}
	next, err := c.anySet(rotation.Epoch + 1)
	if err != nil {
		return err
	}
	if own, err := c.chain.Rotation(rotation.Epoch); err == nil && *own != rotation.Rotation {
		c.accuseSum(Evidence{Rotation: &rotation.Rotation, Signers: rotation.Signers, Signature: rotation.Signature})
		return fmt.Errorf("%w: a rotation of epoch %d that is not this chain's", da.ErrMismatch, rotation.Epoch)
	}
	if err := rotation.Verify(c.archive.chainID, set, next); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if held, err := c.archive.Rotation(rotation.Epoch); err != nil || held != nil {
		return err
	}
	defer c.wake()
	return c.archive.putRotation(rotation, true)
}

// anySet returns an epoch's set from state, or from the archive. It fails with da.ErrNotFound.
func (c *Collector) anySet(epoch uint64) (*da.AttesterSet, error) {
	set, unknown := c.chain.AttesterSet(epoch)
	if unknown == nil {
		return set, nil
	}
	set, err := c.archive.Set(epoch)
	if err == nil && set == nil {
		err = fmt.Errorf("%w: set of epoch %d: %w", da.ErrNotFound, epoch, unknown)
	}
	return set, err
}

// keepSets stores the sets that state has and the archive has not, up to that of the epoch after one that began. The
// caller holds mu.
func (c *Collector) keepSets(epoch uint64) {
	var missing []*da.AttesterSet
	for e := epoch + 1; ; e-- {
		held, err := c.archive.Set(e)
		if err == nil && held != nil && e < epoch {
			break // those below were stored before it
		}
		set, unknown := c.chain.AttesterSet(e)
		if err != nil || unknown != nil && e >= epoch {
			c.log.Error("an attester set is not stored", "epoch", e, "error", errors.Join(err, unknown))
		}
		if unknown == nil && held == nil {
			missing = append(missing, set)
		}
		if e == 0 || unknown != nil && e < epoch {
			break
		}
	}
	for i := len(missing) - 1; i >= 0; i-- {
		if err := c.archive.putSet(missing[i]); err != nil {
			c.log.Error("an attester set is not stored", "epoch", missing[i].Epoch, "error", err)
			return
		}
	}
}

var _ p2p.CertificateSource = (*Service)(nil)

// Certificates implements p2p.CertificateSource.
func (s *Service) Certificates(_ context.Context, first uint64, count int) ([]*da.Certificate, error) {
	return held(s.config.Archive, certificateKey, first, count, s.config.Archive.Certificate)
}

// Rotations implements p2p.CertificateSource.
func (s *Service) Rotations(_ context.Context, first uint64, count int) ([]*da.SignedRotation, error) {
	return held(s.config.Archive, rotationKey, first, count, s.config.Archive.Rotation)
}

// held returns what the archive has of a kind of count numbers from first on. None is da.ErrNotFound.
func held[T any](archive *Archive, kind byte, first uint64, count int, get func(uint64) (*T, error)) (found []*T, err error) {
	numbers, err := archive.numbers(kind, first, first+uint64(count)-1)
	if err != nil {
		return nil, err
	}
	for _, number := range numbers {
		one, err := get(number)
		if err != nil {
			return nil, err
		}
		if one != nil { // it may have been pruned meanwhile
			found = append(found, one)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: nothing is held of %d numbers from %d on", da.ErrNotFound, count, first)
	}
	return found, nil
}
