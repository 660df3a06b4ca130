package client

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

// Blob is a blob that was read and is what its id says.
type Blob struct {
	da.Blob
	// Height is the newest block that includes it, as far as the node knows.
	Height uint64
	// Entry is its line in that block's index, as the node gave it. Get checks that it is
	// consistent and the id's; Verify checks that the block has it.
	Entry *da.Entry
}

// Status asks the node for its state.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	return get[Status](ctx, c, "/v1/status")
}

// Account asks for an account's balance and sequence.
func (c *Client) Account(ctx context.Context, address string) (*AccountState, error) {
	return get[AccountState](ctx, c, "/v1/accounts/"+address)
}

// Tx asks a node what became of a transaction: its own mempool's view, which no proof backs.
func (c *Client) Tx(ctx context.Context, id Hex) (*TxStatus, error) {
	return get[TxStatus](ctx, c, "/v1/txs/"+hex.EncodeToString(id))
}

// Fees asks what the next block charges.
func (c *Client) Fees(ctx context.Context) (*ChainFees, error) {
	return get[ChainFees](ctx, c, "/v1/fees")
}

// Header asks for the header of a height, binds the DA header to it, as transaction 0 under
// its data hash, and fails with ErrUntrusted unless the client's Trust takes it for the
// chain's.
func (c *Client) Header(ctx context.Context, height uint64) (*chain.Header, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*chain.Header, error) {
		return c.trustedFrom(ctx, node, height)
	})
}

// trustedFrom is Header from one node.
func (c *Client) trustedFrom(ctx context.Context, node *endpoint, height uint64) (*chain.Header, error) {
	header, err := c.headerFrom(ctx, node, height)
	if err != nil {
		return nil, err
	}
	return header, c.trust.check(ctx, c, node, header)
}

// headerFrom asks a node for a header. Whether it is the chain's is for Trust to say.
func (c *Client) headerFrom(ctx context.Context, node *endpoint, height uint64) (*chain.Header, error) {
	answer, err := getFrom[signedHeader](ctx, c, node, "/v1/headers/"+strconv.FormatUint(height, 10))
	if err != nil {
		return nil, err
	}
	signed, err := answer.decode(height)
	if err != nil {
		return nil, err
	}
	proof := answer.HeaderProof
	return chain.Bind(signed, da.HeaderProof{Header: proof.Header, Total: proof.Total, Aunts: plain(proof.Aunts)})
}

// decode reads CometBFT's JSON.
func (h *signedHeader) decode(height uint64) (*cmttypes.SignedHeader, error) {
	var signed cmttypes.SignedHeader
	if err := cmtjson.Unmarshal(h.SignedHeader, &signed); err != nil {
		return nil, fmt.Errorf("header of height %d: %w", height, err)
	}
	if signed.Header == nil || uint64(signed.Height) != height {
		return nil, fmt.Errorf("%w: the node answered another header than that of height %d", da.ErrMismatch, height)
	}
	return &signed, nil
}

// Get reads a blob and checks it against its id, which commits to its bytes, namespace
// and commitments: no node can pass off another.
func (c *Client) Get(ctx context.Context, id da.BlobID) (*Blob, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*Blob, error) {
		found, err := c.inclusion(ctx, node, id)
		if err != nil {
			return nil, err
		}
		return c.data(ctx, node, id, found)
	})
}

// inclusion asks where a blob was included last.
func (c *Client) inclusion(ctx context.Context, node *endpoint, id da.BlobID) (*inclusion, error) {
	answer, err := getFrom[inclusions](ctx, c, node, "/v1/blobs/"+id.String())
	if err != nil {
		return nil, err
	}
	if len(answer.Inclusions) == 0 {
		return nil, fmt.Errorf("%w: the node knows blob %s but no block that includes it", da.ErrNotFound, id)
	}
	return &answer.Inclusions[0], nil
}

// data reads the bytes of a blob and checks them against its entry, and that against the id.
func (c *Client) data(ctx context.Context, node *endpoint, id da.BlobID, found *inclusion) (*Blob, error) {
	entry, err := da.DecodeEntry(found.Entry.Encoded)
	if err != nil {
		return nil, err
	}
	info := entry.Info()
	if info.ID() != id {
		return nil, fmt.Errorf("%w: the node answered the index entry of blob %s", da.ErrMismatch, info.ID())
	}
	data, err := c.bytes(ctx, node, &info, 0)
	if err != nil {
		return nil, err
	}
	blob := da.Blob{Namespace: entry.Namespace, Encoding: entry.Encoding, Data: data}
	return &Blob{Blob: blob, Height: found.Height, Entry: entry}, nil
}

// bytes reads the bytes that a blob is described to have, of a height or, with 0, of any.
func (c *Client) bytes(ctx context.Context, node *endpoint, info *da.BlobInfo, height uint64) ([]byte, error) {
	path := "/v1/blobs/" + info.ID().String() + "/data"
	if height > 0 {
		path += "?height=" + strconv.FormatUint(height, 10)
	}
	data, err := c.do(ctx, node, http.MethodGet, path, "", nil)
	if err != nil {
		return nil, err
	}
	if err := info.Match(data); err != nil {
		return nil, fmt.Errorf("the node answered other bytes: %w", err)
	}
	return data, nil
}

// List returns the entries of a namespace at a height and checks that they are all, under
// the index root of the DA header that Header returns.
func (c *Client) List(ctx context.Context, namespace da.Namespace, height uint64) ([]da.Entry, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) ([]da.Entry, error) {
		header, err := c.trustedFrom(ctx, node, height)
		if err != nil {
			return nil, err
		}
		return c.listFrom(ctx, node, namespace, header)
	})
}

// listFrom asks a node for the entries of a namespace in a header's block.
func (c *Client) listFrom(ctx context.Context, node *endpoint, namespace da.Namespace, header *chain.Header) ([]da.Entry, error) {
	path := fmt.Sprintf("/v1/namespaces/%s/blobs?height=%d", namespace, header.Height())
	answer, err := getFrom[namespaceBlobs](ctx, c, node, path)
	if err != nil {
		return nil, err
	}
	encoded := make([][]byte, len(answer.Entries))
	for i := range encoded {
		encoded[i] = answer.Entries[i].Encoded
	}
	p := answer.Proof
	proof := da.NamespaceProof{Start: p.Start, End: p.End, Nodes: plain(p.Nodes), LeafHash: p.LeafHash}
	return proof.VerifyEntries(header.DA(), namespace, encoded)
}
