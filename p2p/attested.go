package p2p

import (
	"context"
	"errors"
	"fmt"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// Attested is what one attester signed of this chain, exactly one of an attestation and a rotation.
// Their ChainID is the host's chain.
type Attested struct {
	// Attester is its index in the set of the epoch, below da.MaxAttesters.
	Attester    int
	Attestation *da.Attestation
	Rotation    *da.Rotation
	Signature   da.AttestationSignature
}

const (
	// attestedRate and attestedBurst are how many signatures one peer may relay a second, and at
	// once: three times those of a full set at a block every six seconds, and four blocks'. A
	// millisecond of a processor is what each takes that is news.
	attestedRate, attestedBurst = 128, 1024
	// maxAttestation and maxRotation bound the messages within one.
	maxAttestation, maxRotation = 256, 128
)

var (
	attestationShape = shape{
		1: number(), 2: data(da.HashSize), 3: number(), 4: number(),
		5: data(da.HashSize), 6: data(da.HashSize), 7: data(da.HashSize), 8: data(da.HashSize),
	}
	rotationShape = shape{1: number(), 2: data(da.HashSize), 3: data(da.HashSize), 4: number()}
	attestedShape = shape{
		1: number(), 2: data(da.AttestationSignatureSize),
		3: message(1, maxAttestation, attestationShape), 4: message(1, maxRotation, rotationShape),
	}
)

// Publish tells the network what this node's attester signed.
func (h *Host) Publish(ctx context.Context, a Attested) error {
	if h.gossip == nil || h.gossip.attested.topic == nil {
		return errors.New("p2p: a host without CheckAttested publishes no attestations")
	}
	m := encodeAttested(a)
	encoded, err := m.Marshal()
	if err != nil {
		return fmt.Errorf("p2p: publish an attestation: %w", err)
	}
	if err := h.gossip.attested.topic.Publish(ctx, encoded); err != nil {
		return fmt.Errorf("p2p: publish an attestation: %w", err)
	}
	return nil
}

// checkAttested decides on a signature before it is relayed. Who relayed it, from, pays for what it
// costs to check.
func (h *Host) checkAttested(ctx context.Context, from peer.ID, message *pubsub.Message) pubsub.ValidationResult {
	if message.GetFrom() == h.ID() {
		return pubsub.ValidationAccept
	}
	if h.scores.banned(from) || h.gossiped.take(from.String(), "", 1) != nil {
		h.metrics.attested.WithLabelValues("limited").Inc()
		return pubsub.ValidationIgnore
	}
	verdict := Reject
	if attested, err := decodeAttested(message.GetData(), h.config.ChainID); err == nil {
		verdict = h.config.CheckAttested(ctx, attested)
	}
	result, label := verdict.result()
	h.metrics.attested.WithLabelValues(label).Inc()
	return result
}

func encodeAttested(a Attested) *wire.Attested {
	m := &wire.Attested{Attester: uint32(a.Attester), Signature: a.Signature[:]}
	if s := a.Attestation; s != nil {
		m.Attestation = &wire.Attestation{
			Epoch: s.Epoch, SetHash: s.SetHash[:], Height: s.Height, Time: s.Time, HeaderHash: s.HeaderHash[:],
			DataRoot: s.DataRoot[:], BlobTreeRoot: s.BlobTreeRoot[:], HistoryRoot: s.HistoryRoot[:],
		}
	}
	if s := a.Rotation; s != nil {
		m.Rotation = encodeRotation(s)
	}
	return m
}

func encodeRotation(r *da.Rotation) *wire.Rotation {
	return &wire.Rotation{Epoch: r.Epoch, SetHash: r.SetHash[:], NextHash: r.NextHash[:], Time: r.Time}
}

// decodeAttested reads what an attester signed; the signature is not verified.
func decodeAttested(encoded []byte, chainID string) (a Attested, err error) {
	var m wire.Attested
	if err := decode(encoded, attestedShape, &m); err != nil {
		return a, err
	}
	if m.Attester >= da.MaxAttesters || len(m.Signature) != da.AttestationSignatureSize || (m.Attestation == nil) == (m.Rotation == nil) {
		return a, fmt.Errorf("%w: attester %d, signature of %d bytes", errShape, m.Attester, len(m.Signature))
	}
	a = Attested{Attester: int(m.Attester), Signature: da.AttestationSignature(m.Signature)}
	if m.Attestation != nil {
		a.Attestation, err = decodeAttestation(m.Attestation, chainID)
	} else {
		a.Rotation, err = decodeRotation(m.Rotation, chainID)
	}
	return a, err
}

func decodeAttestation(m *wire.Attestation, chainID string) (*da.Attestation, error) {
	a := &da.Attestation{ChainID: chainID, Epoch: m.Epoch, Height: m.Height, Time: m.Time}
	if m.Height == 0 {
		return nil, fmt.Errorf("%w: attestation of height 0", errShape)
	}
	return a, hashesInto(
		[]*[da.HashSize]byte{&a.SetHash, &a.HeaderHash, &a.DataRoot, &a.BlobTreeRoot, &a.HistoryRoot},
		[][]byte{m.SetHash, m.HeaderHash, m.DataRoot, m.BlobTreeRoot, m.HistoryRoot},
	)
}

func decodeRotation(m *wire.Rotation, chainID string) (*da.Rotation, error) {
	r := &da.Rotation{ChainID: chainID, Epoch: m.Epoch, Time: m.Time}
	return r, hashesInto([]*[da.HashSize]byte{&r.SetHash, &r.NextHash}, [][]byte{m.SetHash, m.NextHash})
}

// hashesInto copies hashes, each of which must have its length.
func hashesInto(into []*[da.HashSize]byte, from [][]byte) error {
	for i := range into {
		if copy(into[i][:], from[i]) != da.HashSize {
			return fmt.Errorf("%w: a hash of %d bytes", errShape, len(from[i]))
		}
	}
	return nil
}
