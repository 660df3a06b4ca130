package client

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

// certificateWait is how long a node is asked to wait for a certificate, and certificatePause how
// long this client does where the node answers at once.
const (
	certificateWait  = 5 * time.Second
	certificatePause = 250 * time.Millisecond
)

// AttestedBlock is a block that a certificate covers.
type AttestedBlock struct {
	Header *chain.Header
	// Certificate is the block's own, or that of a later height whose history includes the block.
	Certificate *da.Certificate
	// Proof leads from the block's data root and blob tree root to the certificate's history root.
	Proof *da.HistoryProof
}

// Certificate asks for the certificate of a height, 0: the newest, and verifies it against a set of
// the client's Sets. It fails with CodeNotAttested where the nodes have none.
func (c *Client) Certificate(ctx context.Context, height uint64) (*da.Certificate, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*da.Certificate, error) {
		return c.certificateFrom(ctx, source{c, node}, height, 0)
	})
}

// WaitCertificate is Certificate once there is one, or ctx ends.
func (c *Client) WaitCertificate(ctx context.Context, height uint64) (*da.Certificate, error) {
	return waitAttested(ctx, func() (*da.Certificate, error) {
		return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*da.Certificate, error) {
			return c.certificateFrom(ctx, source{c, node}, height, certificateWait)
		})
	})
}

// waitAttested asks until there is what no certificate was of before.
func waitAttested[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	for {
		found, err := ask()
		if code := CodeOf(err); err == nil || code != CodeNotAttested && code != CodeFutureHeight {
			return found, err
		}
		select {
		case <-time.After(certificatePause):
		case <-ctx.Done():
			return found, fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// AttesterSet asks for the set of an epoch. It fails with ErrWrongSet, ErrStaleSet or ErrForked where the
// client's Sets do not lead to it; without Sets the node's word is taken.
func (c *Client) AttesterSet(ctx context.Context, epoch uint64) (*da.AttesterSet, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*da.AttesterSet, error) {
		return c.sets.set(ctx, source{c, node}, epoch)
	})
}

// CurrentAttesterSet is AttesterSet of the epoch that the node says is at hand.
func (c *Client) CurrentAttesterSet(ctx context.Context) (*da.AttesterSet, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*da.AttesterSet, error) {
		newest, err := getFrom[attesterSet](ctx, c, node, "/v1/attesters/current")
		if err != nil {
			return nil, err
		}
		return c.sets.set(ctx, source{c, node}, newest.Epoch)
	})
}

// certificateFrom is Certificate from one node, which waits for it.
func (c *Client) certificateFrom(ctx context.Context, from source, height uint64, wait time.Duration) (*da.Certificate, error) {
	name := "latest"
	if height > 0 {
		name = strconv.FormatUint(height, 10)
	}
	if wait > 0 {
		name += "?wait=" + wait.String()
	}
	answer, err := getFrom[certificate](ctx, c, from.node, "/v1/certificates/"+name)
	if err != nil {
		return nil, err
	}
	found, err := da.DecodeCertificate(answer.Encoded)
	if err != nil {
		return nil, err
	}
	if height > 0 && found.Height != height {
		return nil, fmt.Errorf("%w: the node answered the certificate of height %d for %d", da.ErrMismatch, found.Height, height)
	}
	return found, c.verifyCertificate(ctx, from, found)
}

// VerifyCertificate verifies a certificate against a set of the client's Sets. It fails with ErrWrongSet,
// ErrStaleSet or ErrForked where the sets do not lead to who signed it, and like
// da.Certificate.Verify.
func (c *Client) VerifyCertificate(ctx context.Context, certificate *da.Certificate) error {
	_, err := attempt(ctx, c, func(ctx context.Context, node *endpoint) (struct{}, error) {
		return struct{}{}, c.verifyCertificate(ctx, source{c, node}, certificate)
	})
	return err
}

func (c *Client) verifyCertificate(ctx context.Context, from source, certificate *da.Certificate) error {
	chainID := certificate.ChainID
	if c.sets != nil {
		chainID = c.sets.anchor.ChainID
	}
	set, err := c.sets.set(ctx, from, certificate.Epoch)
	if err != nil {
		return fmt.Errorf("the set that signed height %d: %w", certificate.Height, err)
	}
	if hash, err := set.Hash(); err != nil || hash != certificate.SetHash {
		return fmt.Errorf("%w: the set of epoch %d has hash %x, the certificate of height %d names %x", ErrWrongSet, certificate.Epoch, hash, certificate.Height, certificate.SetHash)
	}
	if err := certificate.Verify(chainID, set); err != nil {
		return fmt.Errorf("certificate of height %d: %w", certificate.Height, err)
	}
	return nil
}

// Attested returns the certificate that covers a height, once verified, and what it says of it: the
// header is that which the client's Trust takes for the chain's. It fails with CodeNotAttested while no
// certificate does, and with ErrForked where a certificate of the trusted sets is of another block.
func (c *Client) Attested(ctx context.Context, height uint64) (*AttestedBlock, error) {
	return c.attested(ctx, height, 0)
}

// WaitAttested is Attested once a certificate covers the height.
func (c *Client) WaitAttested(ctx context.Context, height uint64) (*AttestedBlock, error) {
	return waitAttested(ctx, func() (*AttestedBlock, error) { return c.attested(ctx, height, certificateWait) })
}

// AttestedNewest is Attested by the newest certificate, also where an earlier one covers the height: contracts take
// young ones alone. It fails with da.ErrPruned where nodes do not prove the height any more.
func (c *Client) AttestedNewest(ctx context.Context, height uint64) (*AttestedBlock, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*AttestedBlock, error) {
		header, err := c.trustedFrom(ctx, node, height)
		if err != nil {
			return nil, err
		}
		from := source{c, node}
		absent := &Error{Code: CodeNotAttested, Message: fmt.Sprintf("no certificate covers height %d yet", height), Retryable: true}
		newest, err := c.laterCertificate(ctx, from, height, absent)
		if err != nil {
			return nil, err
		}
		return c.covered(ctx, from, header, newest)
	})
}

func (c *Client) attested(ctx context.Context, height uint64, wait time.Duration) (*AttestedBlock, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*AttestedBlock, error) {
		header, err := c.trustedFrom(ctx, node, height)
		if err != nil {
			return nil, err
		}
		from := source{c, node}
		found, err := c.certificateFrom(ctx, from, height, wait)
		if CodeOf(err) == CodeNotAttested {
			found, err = c.laterCertificate(ctx, from, height, err)
		}
		if err != nil {
			return nil, err
		}
		return c.covered(ctx, from, header, found)
	})
}

// laterCertificate returns the newest certificate, unless it is of a height below; otherwise it fails
// with absent.
func (c *Client) laterCertificate(ctx context.Context, from source, height uint64, absent error) (*da.Certificate, error) {
	newest, err := c.certificateFrom(ctx, from, 0, 0)
	if CodeOf(err) == CodeNotAttested || err == nil && newest.Height < height {
		return nil, absent
	}
	return newest, err
}

// covered proves that a certificate covers a header's block.
func (c *Client) covered(ctx context.Context, from source, header *chain.Header, certificate *da.Certificate) (*AttestedBlock, error) {
	height := uint64(header.Height())
	if certificate.Height == height && string(header.Hash()) != string(certificate.HeaderHash[:]) {
		return nil, fmt.Errorf("%w: the certificate of height %d is of header %x, the client takes %x for the chain's", ErrForked, height, certificate.HeaderHash, header.Hash())
	}
	path := fmt.Sprintf("/v1/history/%d?newest=%d", height, certificate.Height)
	answer, err := getFrom[historyProof](ctx, c, from.node, path)
	if err != nil {
		return nil, err
	}
	proof, err := answer.decode()
	if err != nil {
		return nil, err
	}
	leaf := da.HistoryLeaf(height, header.DA().DataRoot(), header.DA().BlobTreeRoot)
	if err := proof.Verify(certificate.HistoryRoot, certificate.Height, height, leaf); err != nil {
		return nil, err
	}
	return &AttestedBlock{header, certificate, proof}, nil
}

func (p *historyProof) decode() (*da.HistoryProof, error) {
	proof := new(da.HistoryProof)
	var err error
	if proof.Path, err = toHashes(p.Path); err != nil {
		return nil, err
	}
	if proof.Left, err = toHashes(p.Left); err != nil {
		return nil, err
	}
	right, err := toHashes([]Hex{p.Right})
	if err == nil {
		proof.Right = right[0]
	}
	return proof, err
}

// errHash means that a node answered something else where a hash belongs.
var errHash = errors.New("want a hash of 32 bytes")

func toHashes(list []Hex) ([][da.HashSize]byte, error) {
	hashes := make([][da.HashSize]byte, len(list))
	for i, h := range list {
		if copy(hashes[i][:], h) != da.HashSize || len(h) != da.HashSize {
			return nil, fmt.Errorf("%w: %w, not %d", da.ErrMalformed, errHash, len(h))
		}
	}
	return hashes, nil
}
