package da

import (
	"encoding/binary"
	"errors"
	"fmt"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

const (
	// certificateVersion is the version of the encoding.
	certificateVersion = 1
	// MaxChainIDSize bounds a chain id, as CometBFT does.
	MaxChainIDSize = 50
	// MaxCertificateSize bounds an encoded certificate.
	MaxCertificateSize = 1 + 1 + MaxChainIDSize + 3*8 + 5*HashSize + MaxAttesters/8 + AttestationSignatureSize
)

// ErrNoQuorum means that not more than two thirds of the voting power signed.
var ErrNoQuorum = errors.New("da: no quorum")

// Certificate says that more than two thirds of an epoch's voting power attested a height. That they
// store the data they say they hold is not proven by it.
type Certificate struct {
	Attestation
	Signers   Signers
	Signature AttestationSignature
}

// Verify needs no node: it fails with ErrMismatch unless the certificate is of the chain and the
// set, with ErrNoQuorum, ErrInvalidSignature, ErrInvalidKey or ErrMalformed.
func (c *Certificate) Verify(chainID string, set *AttesterSet) error {
	if c.ChainID != chainID {
		return fmt.Errorf("%w: a certificate of chain %q, not %q", ErrMismatch, c.ChainID, chainID)
	}
	q := quorumSignature{c.Signers, c.Signature}
	return q.verify(set, c.Epoch, c.SetHash, c.Digest())
}

// SignedRotation is a Rotation with the signature of more than two thirds of the set that hands over.
type SignedRotation struct {
	Rotation
	Signers   Signers
	Signature AttestationSignature
}

// Verify fails as Certificate.Verify does, and with ErrMismatch unless next is the set handed over to.
func (r *SignedRotation) Verify(chainID string, set, next *AttesterSet) error {
	hash, err := next.Hash()
	if err != nil {
		return fmt.Errorf("the next set: %w", err)
	}
	if r.ChainID != chainID || next.Epoch != r.Epoch+1 || hash != r.NextHash {
		return fmt.Errorf("%w: chain %q hands over to the set %x of epoch %d; this is %x of epoch %d, of chain %q", ErrMismatch, r.ChainID, r.NextHash, r.Epoch+1, hash, next.Epoch, chainID)
	}
	q := quorumSignature{r.Signers, r.Signature}
	return q.verify(set, r.Epoch, r.SetHash, r.Digest())
}

// sumKeys adds the keys of the signers.
func sumKeys(points []bls12381.G1Affine, signers *Signers) *bls12381.G1Affine {
	var sum bls12381.G1Jac
	for i := range points {
		if signers.Has(i) {
			sum.AddMixed(&points[i])
		}
	}
	return new(bls12381.G1Affine).FromJacobian(&sum)
}

// Encode returns the one encoding: version, chain id behind its length, and the rest in fixed widths,
// big-endian, in the order of Attestation, then signers and signature.
func (c *Certificate) Encode() []byte {
	out := make([]byte, 0, MaxCertificateSize)
	out = append(out, certificateVersion, byte(len(c.ChainID)))
	out = append(out, c.ChainID...)
	out = binary.BigEndian.AppendUint64(out, c.Epoch)
	out = append(out, c.SetHash[:]...)
	out = binary.BigEndian.AppendUint64(out, c.Height)
	out = binary.BigEndian.AppendUint64(out, c.Time)
	for _, root := range [][HashSize]byte{c.HeaderHash, c.DataRoot, c.BlobTreeRoot, c.HistoryRoot} {
		out = append(out, root[:]...)
	}
	out = append(out, c.Signers[:]...)
	return append(out, c.Signature[:]...)
}

// CertificateTx is the transaction that carries a certificate in a block: the byte 0 and its encoding.
func CertificateTx(c *Certificate) []byte { return inject(c.Encode()) }

// DecodeCertificate is the inverse of Encode. It fails with ErrMalformed, and verifies nothing.
func DecodeCertificate(encoded []byte) (*Certificate, error) {
	if len(encoded) > MaxCertificateSize {
		return nil, fmt.Errorf("%w: a certificate of %d bytes, at most %d", ErrMalformed, len(encoded), MaxCertificateSize)
	}
	r, c := reader{rest: encoded}, new(Certificate)
	if version := r.uint8(); r.err == nil && version != certificateVersion {
		return nil, fmt.Errorf("%w: certificate version %d, want %d", ErrMalformed, version, certificateVersion)
	}
	if size := r.uint8(); r.err == nil && (size == 0 || size > MaxChainIDSize) {
		return nil, fmt.Errorf("%w: a chain id of %d bytes", ErrMalformed, size)
	} else {
		c.ChainID = string(r.next(int(size)))
	}
	c.Epoch = r.uint64()
	r.copy(c.SetHash[:])
	c.Height, c.Time = r.uint64(), r.uint64()
	for _, root := range []*[HashSize]byte{&c.HeaderHash, &c.DataRoot, &c.BlobTreeRoot, &c.HistoryRoot} {
		r.copy(root[:])
	}
	r.copy(c.Signers[:])
	r.copy(c.Signature[:])
	return c, r.finish()
}
