package testnet

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// Delays are how long it took from a node's commit of a height to its certificate, in seconds.
type Delays struct {
	Count         int
	P50, P90, P99 float64
}

// Certificate asks a node for the certificate of a height, verifies it against the set that the node
// gives, and tells how many signed.
func (f *FullNode) Certificate(ctx context.Context, height uint64) (*da.Certificate, error) {
	c, err := client.New(ctx, client.Config{URL: f.Base})
	if err != nil {
		return nil, err
	}
	found, err := c.Certificate(ctx, height)
	return found, errors.Join(err, c.Close())
}

// WaitCertificate waits until a node has the certificate of a height that so many signed at least.
func (f *FullNode) WaitCertificate(ctx context.Context, limit time.Duration, height uint64, signers int) error {
	return Wait(ctx, limit, fmt.Sprintf("%s to have the certificate of height %d with %d signers", f.Name, height, signers), func(ctx context.Context) (bool, error) {
		found, err := f.Certificate(ctx, height)
		return err == nil && found.Signers.Count() >= signers, err
	})
}

// CertificateDelays reads what a node has measured.
func (f *FullNode) CertificateDelays(ctx context.Context) (Delays, error) {
	text, err := f.metricsText(ctx)
	if err != nil {
		return Delays{}, err
	}
	count, err := metric(text, `ashlar_certificate_seconds_count`)
	d := Delays{Count: int(count)}
	for quantile, into := range map[string]*float64{"0.5": &d.P50, "0.9": &d.P90, "0.99": &d.P99} {
		value, failed := metric(text, `ashlar_certificate_seconds\{quantile="`+regexp.QuoteMeta(quantile)+`"\}`)
		*into, err = value, errors.Join(err, failed)
	}
	return d, err
}

// FalseAttestations are how many attestations of what is not the chain's a node has heard, and how many
// of its own it refused to sign because they contradict earlier ones.
func (f *FullNode) FalseAttestations(ctx context.Context) (heard, refused float64, err error) {
	text, err := f.metricsText(ctx)
	if err != nil {
		return 0, 0, err
	}
	heard, err = metric(text, `ashlar_attestations_false_total`)
	refused, failed := metric(text, `ashlar_attestations_refused_total\{reason="conflict"\}`)
	if errors.Is(failed, errNoMetric) { // no such refusal yet
		failed = nil
	}
	return heard, refused, errors.Join(err, failed)
}

// errNoMetric means that a node does not tell a metric.
var errNoMetric = errors.New("no such metric")

// metric returns the value of a metric whose name, labels included, matches a pattern.
func metric(text, pattern string) (float64, error) {
	found := regexp.MustCompile(`(?m)^` + pattern + ` (\S+)$`).FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("%w: %s", errNoMetric, pattern)
	}
	return strconv.ParseFloat(found[1], 64)
}

func (f *FullNode) metricsText(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Base+"/metrics", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask %s for its metrics: %w", f.Name, err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	return string(text), err
}

// attestationKey is where a node's attestation key is.
func (f *FullNode) attestationKey() string { return f.config("attestation_key") }

// Attested expects a certificate of every height up to one, at a validator and at a node that is none.
func (s *Scenario) Attested(ctx context.Context, height uint64) error {
	const expect = "every height has a certificate, at validators and others"
	signed := 0
	for _, node := range []*FullNode{s.Network.FullNodes[0], s.Network.FullNodes[len(s.Network.FullNodes)-1]} {
		for h := uint64(1); h <= height; h++ {
			if err := node.WaitCertificate(ctx, startLimit, h, 1); err != nil {
				return s.ExpectNo(err, expect)
			}
			found, err := node.Certificate(ctx, h)
			if err != nil {
				return s.ExpectNo(err, expect)
			}
			signed += found.Signers.Count()
		}
	}
	return s.Expect(true, expect, "heights 1 to %d, by %.2f attesters on average", height, float64(signed)/float64(2*height))
}

// FollowedSets expects that whoever trusts the set of epoch 0 comes to trust those since, by what each
// signed of the next.
func (s *Scenario) FollowedSets(ctx context.Context, epoch uint64) error {
	const expect = "the sets are followed from the first, each signed by the one before"
	node := s.Network.FullNodes[0]
	first, err := client.New(ctx, client.Config{URL: node.Base})
	if err != nil {
		return err
	}
	set, err := first.AttesterSet(ctx, 0)
	if err := errors.Join(err, first.Close()); err != nil {
		return s.ExpectNo(err, expect)
	}
	hash, err := set.Hash()
	if err != nil {
		return s.ExpectNo(err, expect)
	}
	anchor, err := client.ParseSetAnchor(s.Network.config.ChainID, "0:"+hex.EncodeToString(hash[:]))
	if err != nil {
		return err
	}
	last := s.Network.FullNodes[len(s.Network.FullNodes)-1]
	follower, err := client.New(ctx, client.Config{URL: last.Base, Fallbacks: []string{node.Base}, Sets: client.FollowSets(anchor)})
	if err != nil {
		return err
	}
	err = Wait(ctx, startLimit, "rotations", func(ctx context.Context) (bool, error) {
		_, err := follower.AttesterSet(ctx, epoch)
		return err == nil, err
	})
	if err := errors.Join(err, follower.Close()); err != nil {
		return s.ExpectNo(err, expect)
	}
	return s.Expect(true, expect, "from epoch 0 to epoch %d", epoch)
}

// KillAttester ends a validator with SIGKILL. It expects the others' certificates meanwhile, and that the
// validator, started again, signs again and has contradicted nothing.
func (s *Scenario) KillAttester(ctx context.Context, index int) error {
	victim, witness := s.Network.FullNodes[index], s.Network.other(index, 0)
	victim.Kill()
	before, err := witness.Head(ctx)
	if err != nil {
		return err
	}
	s.Progress.Note("%s is killed at height %d", victim.Name, before)
	const goesOn = "3 of 4 make certificates"
	if err := witness.WaitCertificate(ctx, startLimit, before+blocksWithout, 3); err != nil {
		return s.ExpectNo(err, goesOn)
	}
	if err := s.Expect(true, goesOn, "of height %d, without %s", before+blocksWithout, victim.Name); err != nil {
		return err
	}
	const resumes = "a killed validator attests again, and contradicts nothing"
	if err := s.resume(ctx, victim, witness); err != nil {
		return s.ExpectNo(err, resumes)
	}
	head, err := witness.Head(ctx)
	if err != nil {
		return err
	}
	if err := witness.WaitCertificate(ctx, startLimit, head+blocksAgain, 4); err != nil {
		return s.ExpectNo(err, resumes)
	}
	for _, node := range s.Network.FullNodes {
		heard, refused, err := node.FalseAttestations(ctx)
		if err != nil || heard+refused > 0 {
			return s.Expect(false, resumes, "%s heard %g false attestations and refused %g of its own: %v", node.Name, heard, refused, err)
		}
	}
	return s.Expect(true, resumes, "height %d has 4 signers", head+blocksAgain)
}

// WithoutKeys takes the attestation keys of two of four validators away. It expects blocks without
// certificates, and certificates of them once the keys are back.
func (s *Scenario) WithoutKeys(ctx context.Context) error {
	const none = "2 of 4 make none: the chain goes on, and its heights are not_attested"
	witness, keyless := s.Network.FullNodes[0], s.Network.Validators()[2:]
	for _, node := range keyless {
		node.Stop(stopPatience)
		if err := os.Rename(node.attestationKey(), node.attestationKey()+".away"); err != nil {
			return err
		}
		if err := s.resumeAlone(ctx, node); err != nil {
			return s.ExpectNo(err, none)
		}
	}
	head, err := witness.Head(ctx)
	if err != nil {
		return err
	}
	if err := witness.WaitHeight(ctx, startLimit, head+blocksWithout+blocksAgain); err != nil {
		return s.ExpectNo(err, none)
	}
	_, err = witness.Certificate(ctx, head+blocksWithout)
	if err := s.Expect(client.CodeOf(err) == client.CodeNotAttested, none, "height %d: %v", head+blocksWithout, err); err != nil {
		return err
	}
	const again = "with their keys back, they do"
	for _, node := range keyless {
		node.Stop(stopPatience)
		if err := os.Rename(node.attestationKey()+".away", node.attestationKey()); err != nil {
			return err
		}
		if err := s.resumeAlone(ctx, node); err != nil {
			return s.ExpectNo(err, again)
		}
	}
	if head, err = witness.Head(ctx); err != nil {
		return err
	}
	if err := witness.WaitCertificate(ctx, startLimit, head+blocksAgain, 4); err != nil {
		return s.ExpectNo(err, again)
	}
	return s.Expect(true, again, "height %d has 4 signers", head+blocksAgain)
}

// resumeAlone starts a validator again and waits until it follows the chain.
func (s *Scenario) resumeAlone(ctx context.Context, node *FullNode) error {
	return s.resume(ctx, node, s.Network.FullNodes[0])
}
