package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/da/chain"
)

// ErrUntrusted means that a header is not one that the client's Trust takes for the chain's.
var ErrUntrusted = errors.New("not a header of the chain, as far as this client knows")

// ErrForked means that the chain's validators signed two headers of one height, and that two of
// the client's nodes show one each. No data is read until somebody decides which is the
// chain's, and begins with an anchor above.
var ErrForked = errors.New("two chains are signed by the chain's validators")

// Trust decides which headers are the chain's. All that is read is verified against a header
// that it takes. The zero value is TrustNode.
type Trust struct {
	// how says in the words of a Verification what a header was held against; empty: nothing.
	how    string
	verify func(ctx context.Context, c *Client, node *endpoint, header *chain.Header) error
}

// TrustNode takes whatever headers the nodes give that are asked: their word is all there is
// for what is the chain. The DA header is still bound to the header, and everything that is
// read to the DA header, so that a node cannot contradict itself.
func TrustNode() Trust { return Trust{} }

// TrustSource takes the headers whose hash, 32 bytes, source returns for their height: such as
// one that asks a light node of one's own. An error of source is returned to whoever reads.
func TrustSource(source func(ctx context.Context, height uint64) ([]byte, error)) Trust {
	return Trust{
		how: "its hash is that which the source of trusted hashes gives",
		verify: func(ctx context.Context, _ *Client, _ *endpoint, header *chain.Header) error {
			hash, err := source(ctx, uint64(header.Height()))
			if err != nil {
				return fmt.Errorf("trusted hash of height %d: %w", header.Height(), err)
			}
			if !bytes.Equal(hash, header.Hash()) {
				return fmt.Errorf("%w: height %d has hash %x, the node gives %x", ErrUntrusted, header.Height(), hash, header.Hash())
			}
			return nil
		},
	}
}

// onNode tells whether headers are taken on the node's word.
func (t *Trust) onNode() bool { return t.verify == nil }

// check fails unless the header is the chain's.
func (t *Trust) check(ctx context.Context, c *Client, node *endpoint, header *chain.Header) error {
	if t.onNode() {
		return nil
	}
	return t.verify(ctx, c, node, header)
}
