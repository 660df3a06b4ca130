package adversary

import (
	"context"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// ForgeCertificates is a peer that gives nodes which were away certificates and rotations of the chain's own heights and
// epochs, under real signatures, that say something else: another data root, another next set.
type ForgeCertificates struct {
	p2p.CertificateSource
}

var _ p2p.CertificateSource = ForgeCertificates{}

// Certificates implements p2p.CertificateSource.
func (f ForgeCertificates) Certificates(ctx context.Context, first uint64, count int) ([]*da.Certificate, error) {
	certificates, err := f.CertificateSource.Certificates(ctx, first, count)
	for _, c := range certificates {
		c.DataRoot[0] ^= 1
	}
	return certificates, err
}

// Rotations implements p2p.CertificateSource.
func (f ForgeCertificates) Rotations(ctx context.Context, first uint64, count int) ([]*da.SignedRotation, error) {
	rotations, err := f.CertificateSource.Rotations(ctx, first, count)
	for _, r := range rotations {
		r.NextHash[0] ^= 1
	}
	return rotations, err
}
