package p2p

import (
	"context"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/proto/wire"
)

const (
	// MaxCertificates is the most heights that one request may name.
	MaxCertificates = 64
	// MaxRotations is the most epochs that one request may name.
	MaxRotations = 64

	// certificatesCost is what such a request costs the rate limiter, in cells: about as many bytes, each looked up.
	certificatesCost = 16

	maxSignedRotation = maxRotation + da.MaxAttesters/8 + da.AttestationSignatureSize + 3*8
	// answers of MaxCertificates and MaxRotations, with tags and lengths
	certificatesLimit = frameOverhead + MaxCertificates*(da.MaxCertificateSize+4)
	rotationsLimit    = frameOverhead + MaxRotations*(maxSignedRotation+4)
)

// CertificateSource holds what attesters signed. Calls are concurrent, and errors are as for HeaderSource.
type CertificateSource interface {
	// Certificates returns those held of count heights from first on, by ascending height. None is da.ErrNotFound.
	Certificates(ctx context.Context, first uint64, count int) ([]*da.Certificate, error)
	// Rotations returns those held of count epochs from first on, by ascending epoch. None is da.ErrNotFound.
	Rotations(ctx context.Context, first uint64, count int) ([]*da.SignedRotation, error)
}

var (
	rangeRequest         = shape{1: number(), 2: number()}
	certificatesResponse = shape{1: number(), 2: list(MaxCertificates, da.MaxCertificateSize)}
	signedRotationShape  = shape{1: message(1, maxRotation, rotationShape), 2: data(da.MaxAttesters / 8), 3: data(da.AttestationSignatureSize)}
	rotationsResponse    = shape{1: number(), 2: message(MaxRotations, maxSignedRotation, signedRotationShape)}
)

// GetCertificates asks a peer for the certificates of 1 to MaxCertificates heights from first on. The answer has those
// that the peer holds, one at least, by ascending height; they are of this chain. To hold none is da.ErrNotFound. Whether they
// verify is the caller's to check.
func (h *Host) GetCertificates(ctx context.Context, from peer.ID, first uint64, count int) (certificates []*da.Certificate, err error) {
	if err := named(first, count, MaxCertificates); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	defer func() { h.settle(ctx, from, Certificates, first, err) }()
	encoded, err := h.ask(ctx, from, Certificates, &wire.CertificatesRequest{First: first, Count: uint32(count)}, certificatesLimit)
	if err != nil {
		return nil, err
	}
	certificates, err = decodeCertificates(encoded, h.config.ChainID, first, count)
	return certificates, attribute(err, from)
}

// GetRotations asks a peer for the signed rotations of 1 to MaxRotations epochs from first on, as GetCertificates does for
// certificates.
func (h *Host) GetRotations(ctx context.Context, from peer.ID, first uint64, count int) (rotations []*da.SignedRotation, err error) {
	if err := named(1, count, MaxRotations); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	defer func() { h.settle(ctx, from, Rotations, 0, err) }()
	encoded, err := h.ask(ctx, from, Rotations, &wire.RotationsRequest{First: first, Count: uint32(count)}, rotationsLimit)
	if err != nil {
		return nil, err
	}
	rotations, err = decodeRotations(encoded, h.config.ChainID, first, count)
	return rotations, attribute(err, from)
}

func (h *Host) answerCertificates(ctx context.Context, encoded []byte, b *budget) (codable, error) {
	first, count, err := decodeCertificatesRequest(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	if err := b.take(certificatesCost, certificatesLimit, 0); err != nil {
		return nil, err
	}
	certificates, err := h.config.Certificates.Certificates(ctx, first, count)
	if err != nil {
		return nil, err
	}
	return encodeCertificates(certificates), nil
}

func (h *Host) answerRotations(ctx context.Context, encoded []byte, b *budget) (codable, error) {
	first, count, err := decodeRotationsRequest(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	if err := b.take(certificatesCost, rotationsLimit, 0); err != nil {
		return nil, err
	}
	rotations, err := h.config.Certificates.Rotations(ctx, first, count)
	if err != nil {
		return nil, err
	}
	return encodeRotations(rotations), nil
}

func decodeCertificatesRequest(encoded []byte) (first uint64, count int, err error) {
	var m wire.CertificatesRequest
	if err := decode(encoded, rangeRequest, &m); err != nil {
		return 0, 0, err
	}
	return m.First, int(m.Count), named(m.First, int(m.Count), MaxCertificates)
}

func decodeRotationsRequest(encoded []byte) (first uint64, count int, err error) {
	var m wire.RotationsRequest
	if err := decode(encoded, rangeRequest, &m); err != nil {
		return 0, 0, err
	}
	return m.First, int(m.Count), named(1, int(m.Count), MaxRotations) // epoch 0 is one to ask for
}

func encodeCertificates(certificates []*da.Certificate) *wire.CertificatesResponse {
	m := &wire.CertificatesResponse{Status: wire.Status_STATUS_OK}
	for _, c := range certificates {
		m.Certificates = append(m.Certificates, c.Encode())
	}
	return m
}

// decodeCertificates reads the answer to a request for certificates; no signature of it is verified.
func decodeCertificates(encoded []byte, chainID string, first uint64, count int) ([]*da.Certificate, error) {
	var m wire.CertificatesResponse
	if err := decodeResponse(encoded, certificatesResponse, &m); err != nil {
		return nil, err
	}
	within := ascending{next: first, end: first + uint64(count)}
	certificates := make([]*da.Certificate, 0, min(len(m.Certificates), count))
	for _, one := range m.Certificates {
		c, err := da.DecodeCertificate(one)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrGarbage, err)
		}
		if c.ChainID != chainID {
			return nil, fmt.Errorf("%w: a certificate of chain %q, not %q", ErrGarbage, c.ChainID, chainID)
		}
		if err := within.take(c.Height); err != nil {
			return nil, err
		}
		certificates = append(certificates, c)
	}
	return certificates, some(certificates)
}

func encodeRotations(rotations []*da.SignedRotation) *wire.RotationsResponse {
	m := &wire.RotationsResponse{Status: wire.Status_STATUS_OK}
	for _, r := range rotations {
		m.Rotations = append(m.Rotations, &wire.SignedRotation{Rotation: encodeRotation(&r.Rotation), Signers: r.Signers[:], Signature: r.Signature[:]})
	}
	return m
}

// decodeRotations reads the answer to a request for rotations; no signature of it is verified.
func decodeRotations(encoded []byte, chainID string, first uint64, count int) ([]*da.SignedRotation, error) {
	var m wire.RotationsResponse
	if err := decodeResponse(encoded, rotationsResponse, &m); err != nil {
		return nil, err
	}
	within := ascending{next: first, end: first + uint64(count)}
	rotations := make([]*da.SignedRotation, 0, min(len(m.Rotations), count))
	for _, one := range m.Rotations {
		r, err := decodeSignedRotation(one, chainID)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrGarbage, err)
		}
		if err := within.take(r.Epoch); err != nil {
			return nil, err
		}
		rotations = append(rotations, r)
	}
	return rotations, some(rotations)
}

func decodeSignedRotation(m *wire.SignedRotation, chainID string) (*da.SignedRotation, error) {
	r := new(da.SignedRotation)
	if m.Rotation == nil || copy(r.Signers[:], m.Signers) != len(r.Signers) || copy(r.Signature[:], m.Signature) != len(r.Signature) {
		return nil, errors.New("a rotation without contents, signers or signature")
	}
	rotation, err := decodeRotation(m.Rotation, chainID)
	if err != nil {
		return nil, err
	}
	r.Rotation = *rotation
	return r, nil
}

// ascending takes numbers that ascend, from next on and below end.
type ascending struct{ next, end uint64 }

func (a *ascending) take(number uint64) error {
	if number < a.next || number >= a.end {
		return fmt.Errorf("%w: number %d, want one from %d on and below %d", ErrGarbage, number, a.next, a.end)
	}
	a.next = number + 1
	return nil
}

// some makes an answer that holds nothing the error it should have been sent as.
func some[T any](held []*T) error {
	if len(held) == 0 {
		return fmt.Errorf("%w: none", da.ErrNotFound)
	}
	return nil
}
