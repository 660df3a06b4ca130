package client

import (
	"context"
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
	status := new(Status)
	return status, c.get(ctx, "/v1/status", status)
}

// Account asks for an account's balance and sequence.
func (c *Client) Account(ctx context.Context, address string) (*AccountState, error) {
	account := new(AccountState)
	return account, c.get(ctx, "/v1/accounts/"+address, account)
}

// Fees asks what the next block charges.
func (c *Client) Fees(ctx context.Context) (*ChainFees, error) {
	fees := new(ChainFees)
	return fees, c.get(ctx, "/v1/fees", fees)
}

// Header asks for the header of a height and binds the DA header to it: as transaction 0
// under its data hash. Who signed the header is taken on the node's word; a light node
// checks that too.
func (c *Client) Header(ctx context.Context, height uint64) (*chain.Header, error) {
	var answer signedHeader
	if err := c.get(ctx, "/v1/headers/"+strconv.FormatUint(height, 10), &answer); err != nil {
		return nil, err
	}
	var signed cmttypes.SignedHeader
	if err := cmtjson.Unmarshal(answer.SignedHeader, &signed); err != nil {
		return nil, fmt.Errorf("header of height %d: %w", height, err)
	}
	if signed.Header == nil || uint64(signed.Height) != height {
		return nil, fmt.Errorf("%w: the node answered another header than that of height %d", da.ErrMismatch, height)
	}
	proof := answer.HeaderProof
	return chain.Bind(&signed, da.HeaderProof{Header: proof.Header, Total: proof.Total, Aunts: plain(proof.Aunts)})
}

// Get reads a blob and checks it against its id, which commits to its bytes, namespace
// and commitments: no node can pass off another.
func (c *Client) Get(ctx context.Context, id da.BlobID) (*Blob, error) {
	found, err := c.inclusion(ctx, id)
	if err != nil {
		return nil, err
	}
	return c.data(ctx, id, found)
}

// inclusion asks where a blob was included last.
func (c *Client) inclusion(ctx context.Context, id da.BlobID) (*inclusion, error) {
	var answer inclusions
	if err := c.get(ctx, "/v1/blobs/"+id.String(), &answer); err != nil {
		return nil, err
	}
	if len(answer.Inclusions) == 0 {
		return nil, fmt.Errorf("%w: the node knows blob %s but no block that includes it", da.ErrNotFound, id)
	}
	return &answer.Inclusions[0], nil
}

// data reads the bytes of a blob and checks them against its entry, and that against the id.
func (c *Client) data(ctx context.Context, id da.BlobID, found *inclusion) (*Blob, error) {
	entry, err := da.DecodeEntry(found.Entry.Encoded)
	if err != nil {
		return nil, err
	}
	info := entry.Info()
	if info.ID() != id {
		return nil, fmt.Errorf("%w: the node answered the index entry of blob %s", da.ErrMismatch, info.ID())
	}
	data, err := c.do(ctx, http.MethodGet, "/v1/blobs/"+id.String()+"/data", "", nil)
	if err != nil {
		return nil, err
	}
	if err := info.Match(data); err != nil {
		return nil, fmt.Errorf("the node answered other bytes: %w", err)
	}
	blob := da.Blob{Namespace: entry.Namespace, Encoding: entry.Encoding, Data: data}
	return &Blob{Blob: blob, Height: found.Height, Entry: entry}, nil
}

// List returns the entries of a namespace at a height and checks that they are all, under
// the index root of the DA header that Header returns.
func (c *Client) List(ctx context.Context, namespace da.Namespace, height uint64) ([]da.Entry, error) {
	header, err := c.Header(ctx, height)
	if err != nil {
		return nil, err
	}
	var answer namespaceBlobs
	path := fmt.Sprintf("/v1/namespaces/%s/blobs?height=%d", namespace, height)
	if err := c.get(ctx, path, &answer); err != nil {
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
