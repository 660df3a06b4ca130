package client

import (
	"context"
	"fmt"
	"net/url"

	"github.com/ashlar-da/ashlar/da"
)

// Post posts one blob and waits until it has come as far as want. With a Signer everything is
// computed and signed here, as Submit does; without one the node computes, signs and pays,
// and only the node of Config.URL is asked: another would post the blob again.
func (c *Client) Post(ctx context.Context, blob da.Blob, want State) (*Posted, error) {
	if err := blob.Check(); err != nil {
		return nil, err
	}
	if c.signer == nil {
		return c.postUnsigned(ctx, blob, want)
	}
	if err := want.Waitable(); err != nil {
		return nil, err
	}
	submission, err := c.Submit(ctx, blob)
	if err != nil {
		return nil, err
	}
	posted, err := submission.Wait(ctx, want)
	if err != nil {
		return nil, err
	}
	return &posted[0], nil
}

// postUnsigned has the node pay and checks that it posted these bytes.
func (c *Client) postUnsigned(ctx context.Context, blob da.Blob, want State) (*Posted, error) {
	asked := want
	if want == Final || want == Attested {
		asked = Included
	}
	query := url.Values{"namespace": {blob.Namespace.String()}, "encoding": {blob.Encoding.String()}, "wait": {string(asked)}}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout+uploadTime(len(blob.Data)))
	defer cancel()
	answer, err := post[blobReceipt](ctx, c, c.nodes.all[0], "/v1/blobs?"+query.Encode(), blob.Data)
	if err != nil {
		return nil, err
	}
	posted := &Posted{
		ID: answer.ID, Status: answer.Status, Height: answer.Height, Tx: answer.Tx, Namespace: answer.Namespace,
		Encoding: answer.Encoding, Size: answer.Size, Keccak256: answer.Keccak256, VersionedHashes: answer.VersionedHashes,
	}
	if keccak := da.Keccak256(blob.Data); string(posted.Keccak256) != string(keccak[:]) || posted.Namespace != blob.Namespace {
		return nil, fmt.Errorf("%w: the node posted something else", da.ErrMismatch)
	}
	if want != Final && want != Attested {
		return posted, nil
	}
	if err := c.confirm(ctx, &blob, posted); err != nil || want == Final {
		return posted, err
	}
	found, err := c.WaitAttested(ctx, posted.Height)
	if err != nil {
		return nil, fmt.Errorf("blob %s is final at height %d: %w", posted.ID, posted.Height, err)
	}
	posted.Status, posted.CertificateHeight = string(Attested), found.Certificate.Height
	return posted, nil
}

// confirm checks that a blob is where a node says it is, under the id that the node gives it.
func (c *Client) confirm(ctx context.Context, blob *da.Blob, posted *Posted) error {
	entries, err := c.List(ctx, posted.Namespace, posted.Height)
	if err != nil {
		return fmt.Errorf("check that the blob is in block %d: %w", posted.Height, err)
	}
	for i := range entries {
		entry := &entries[i]
		if entry.ID != posted.ID {
			continue
		}
		if entry.Keccak256 != da.Keccak256(blob.Data) || entry.Encoding != blob.Encoding {
			return fmt.Errorf("%w: the node says that it posted blob %s, which has other bytes", da.ErrMismatch, posted.ID)
		}
		posted.Status = string(Final)
		return nil
	}
	return fmt.Errorf("%w: the node says that block %d includes blob %s, and it does not", da.ErrMismatch, posted.Height, posted.ID)
}
