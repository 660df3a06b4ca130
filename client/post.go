package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/ashlar-da/ashlar/da"
)

const (
	// gasLimit is the execution gas a blob transaction offers; it uses about half.
	gasLimit = 200_000
	// capFactor is how far above the present base fee the fee cap is: six full blocks can
	// raise the base fee by as much before the transaction no longer fits.
	capFactor = 2
	// tipShare is the part of the base fee that is offered as a tip: enough to go before
	// those who offer none where there is not room for all.
	tipShare   = 20
	binaryType = "application/octet-stream"
)

// Post posts one blob. With a Signer everything is computed and signed here; without one
// the node computes, signs and pays.
func (c *Client) Post(ctx context.Context, blob da.Blob, wait Wait) (*Posted, error) {
	if err := blob.Check(); err != nil {
		return nil, err
	}
	if c.signer == nil {
		return c.postUnsigned(ctx, blob, wait)
	}
	posted, err := c.Submit(ctx, []da.Blob{blob}, wait)
	if err != nil {
		return nil, err
	}
	return &posted[0], nil
}

// postUnsigned has the node pay and checks that it posted these bytes.
func (c *Client) postUnsigned(ctx context.Context, blob da.Blob, wait Wait) (*Posted, error) {
	query := url.Values{"namespace": {blob.Namespace.String()}, "encoding": {blob.Encoding.String()}, "wait": {string(wait)}}
	posted := new(Posted)
	if err := c.post(ctx, "/v1/blobs?"+query.Encode(), binaryType, blob.Data, posted); err != nil {
		return nil, err
	}
	if keccak := da.Keccak256(blob.Data); string(posted.Keccak256) != string(keccak[:]) || posted.Namespace != blob.Namespace {
		return nil, fmt.Errorf("%w: the node posted something else", da.ErrMismatch)
	}
	return posted, nil
}

// Submit signs one transaction that posts blobs, which take 16 rows at most together,
// and hands it to the node.
func (c *Client) Submit(ctx context.Context, blobs []da.Blob, wait Wait) ([]Posted, error) {
	if c.signer == nil {
		return nil, errors.New("this client has no signer: give it one, or post blobs one by one for the node to pay")
	}
	setup, err := c.setup()
	if err != nil {
		return nil, err
	}
	prepared, err := Prepare(setup, blobs)
	if err != nil {
		return nil, err
	}
	status, err := c.Status(ctx)
	if err != nil {
		return nil, err
	}
	id, err := c.sendInOrder(ctx, prepared, wait)
	if err != nil {
		return nil, err
	}
	return c.receive(ctx, prepared, id, status.Head, wait)
}
