package client

import (
	"context"
	"fmt"
	"strconv"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

// Entries is List with the header, one that the client's Trust takes for the chain's, that proves
// the entries to be all.
func (c *Client) Entries(ctx context.Context, namespace da.Namespace, height uint64) (*chain.Header, []da.Entry, error) {
	block, entries, err := c.entriesAt(ctx, namespace, height)
	if err != nil {
		return nil, nil, err
	}
	return block.Header, entries, nil
}

// Inclusion is a blob's line in the index of a block, and proofs that the block has it.
type Inclusion struct {
	// Header is one that the client's Trust takes for the chain's.
	Header *chain.Header
	Entry  *da.Entry
	// EntryProof proves the entry under the index root, BlobTreeProof the id under the blob tree
	// root, both of Header.
	EntryProof    da.EntryProof
	BlobTreeProof da.BlobTreeProof
}

// Inclusion asks for the proofs that a height's block has a blob, and checks them.
func (c *Client) Inclusion(ctx context.Context, id da.BlobID, height uint64) (*Inclusion, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*Inclusion, error) {
		answer, err := getFrom[inclusions](ctx, c, node, "/v1/blobs/"+id.String()+"?height="+strconv.FormatUint(height, 10))
		if err != nil {
			return nil, err
		}
		if len(answer.Inclusions) == 0 || answer.Inclusions[0].Height != height {
			return nil, fmt.Errorf("%w: the node has no inclusion of blob %s at height %d", da.ErrNotFound, id, height)
		}
		header, err := c.trustedFrom(ctx, node, height)
		if err != nil {
			return nil, err
		}
		return answer.Inclusions[0].prove(header, id)
	})
}

// prove checks an inclusion under a header.
func (i *inclusion) prove(header *chain.Header, id da.BlobID) (*Inclusion, error) {
	entry, err := da.DecodeEntry(i.Entry.Encoded)
	if err != nil {
		return nil, err
	}
	if entry.ID != id {
		return nil, fmt.Errorf("%w: the node answered the index entry of blob %s", da.ErrMismatch, entry.ID)
	}
	proven := &Inclusion{Header: header, Entry: entry, EntryProof: da.EntryProof{Index: i.EntryProof.Index, Nodes: plain(i.EntryProof.Nodes)}}
	if err := proven.EntryProof.Verify(header.DA().IndexRoot, entry.Namespace, i.Entry.Encoded); err != nil {
		return nil, fmt.Errorf("index entry at height %d: %w", header.Height(), err)
	}
	for _, node := range i.BlobTreeProof {
		if len(node) != da.HashSize {
			return nil, fmt.Errorf("%w: a node of the blob tree has %d bytes", da.ErrMalformed, len(node))
		}
		proven.BlobTreeProof = append(proven.BlobTreeProof, [da.HashSize]byte(node))
	}
	if err := proven.BlobTreeProof.Verify(header.DA().BlobTreeRoot, id); err != nil {
		return nil, fmt.Errorf("blob tree at height %d: %w", header.Height(), err)
	}
	return proven, nil
}
