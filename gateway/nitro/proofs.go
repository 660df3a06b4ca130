package nitro

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

// maxProving bounds the proofs that are made at once; others wait. One keeps a processor for some tenths of a second.
const maxProving = 2

// The claims about a certificate, the first byte of a proof of its validity.
const (
	claimInvalid = 0
	claimValid   = 1
)

// proof answers what proves something to AshlarNitro, the contract. Nitro puts the certificate before it.
type proof struct {
	Proof octets `json:"proof"`
}

// batch reads the blob that a certificate stands for, once that is valid.
func (p *provider) batch(ctx context.Context, encoded []byte) (*client.Blob, error) {
	certificate, err := p.validate(ctx, encoded)
	if err != nil {
		return nil, err
	}
	release, err := p.gate.Await(ctx, gateway.MaxSize) // how long it is nobody knows yet
	if err != nil {
		return nil, err
	}
	defer release()
	blob, err := p.core.Read(ctx, certificate.Ref)
	if err != nil {
		return nil, err
	}
	return blob, jsonrpc.Hold(ctx, inAnswer*int64(len(blob.Data)))
}

// readProof proves the bytes of a batch from an offset on.
func (p *provider) readProof(ctx context.Context, params []json.RawMessage) (any, error) {
	var offset number
	var encoded octets
	if err := jsonrpc.Read(params, &offset, &encoded); err != nil {
		return nil, err
	}
	blob, err := p.batch(ctx, encoded)
	if err != nil {
		return nil, err
	}
	rows, err := blob.Rows()
	if err != nil {
		return nil, err
	}
	setup, err := p.core.Setup()
	if err != nil {
		return nil, err
	}
	select {
	case p.proving <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.proving }()
	info := blob.Entry.Info()
	reading, err := calldata.ReadNitro(setup, &info, rows, uint64(offset))
	if err != nil {
		return nil, err
	}
	answer, err := reading.Encode()
	return proof{answer}, err
}

// validityProof proves whether a certificate is valid: the claim, and the roots that its height has, in the history of the
// newest attestation. Of what is malformed there is nothing to be proven; and where nodes do not prove the height any more
// the claim alone is answered, which the contract takes if somebody has settled the certificate before.
func (p *provider) validityProof(ctx context.Context, params []json.RawMessage) (any, error) {
	var encoded octets
	if err := jsonrpc.Read(params, &encoded); err != nil {
		return nil, err
	}
	certificate, err := DecodeCertificate(encoded)
	if err != nil {
		return claim(err, nil)
	}
	attested, err := p.core.Attested(ctx, certificate.Ref.Height)
	if errors.Is(err, da.ErrPruned) {
		_, err := p.validate(ctx, encoded)
		return claim(err, nil)
	}
	if err != nil {
		return nil, err
	}
	evidence, err := evidenceOf(attested)
	if err != nil {
		return nil, err
	}
	return claim(certificate.compare(attested.Header), evidence.Encode())
}

// claim is a proof of what the evidence shows: that a certificate is valid if err is nil, and that it is not if that is
// ErrInvalidCertificate. With any other it fails.
func claim(err error, evidence []byte) (any, error) {
	switch {
	case err == nil:
		return proof{append(octets{claimValid}, evidence...)}, nil
	case errors.Is(err, ErrInvalidCertificate):
		return proof{append(octets{claimInvalid}, evidence...)}, nil
	}
	return nil, err
}

// evidenceOf shows to a contract which roots a height has.
func evidenceOf(attested *client.AttestedBlock) (*calldata.NitroEvidence, error) {
	certificate, err := calldata.NewCertificate(attested.Certificate)
	if err != nil {
		return nil, fmt.Errorf("the newest certificate: %w", err)
	}
	header := attested.Header.DA()
	return &calldata.NitroEvidence{
		Certificate: certificate,
		Place:       calldata.NewPlace(uint64(attested.Header.Height()), header.DataRoot(), header.BlobTreeRoot, attested.Proof),
	}, nil
}
