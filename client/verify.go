package client

import (
	"context"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

// Verification is a blob all of whose claims were checked, and what they were checked
// against.
type Verification struct {
	Blob   *Blob
	Header *chain.Header
	// Checked says in one sentence each what was found to hold.
	Checked []string
	// Trusted says what was taken on the node's word.
	Trusted []string
}

// Verify reads a blob and checks everything that can be checked about it with a header that
// the client's Trust takes for the chain's: commitments are recomputed from the bytes, the id from both, and the
// index entry, namespace completeness and DA header are followed up to the data hash.
func (c *Client) Verify(ctx context.Context, id da.BlobID) (*Verification, error) {
	return attempt(ctx, c, func(ctx context.Context, node *endpoint) (*Verification, error) {
		return c.verifyFrom(ctx, node, id)
	})
}

// verifyFrom is Verify with the answers of one node.
func (c *Client) verifyFrom(ctx context.Context, node *endpoint, id da.BlobID) (*Verification, error) {
	found, err := c.inclusion(ctx, node, id)
	if err != nil {
		return nil, err
	}
	blob, err := c.data(ctx, node, id, found)
	if err != nil {
		return nil, err
	}
	v := &Verification{Blob: blob}
	v.note("the Keccak-256 of the %s is %x, which the id commits to", count(len(blob.Data), "byte"), blob.Entry.Keccak256)
	if err := c.verifyCommitments(v); err != nil {
		return nil, err
	}
	if v.Header, err = c.trustedFrom(ctx, node, blob.Height); err != nil {
		return nil, err
	}
	if err := v.verifyEntry(found); err != nil {
		return nil, err
	}
	if err := c.verifyNamespace(ctx, node, v); err != nil {
		return nil, err
	}
	v.trust(&c.trust)
	return v, nil
}

func (v *Verification) note(format string, args ...any) {
	v.Checked = append(v.Checked, fmt.Sprintf(format, args...))
}

// count says how many there are of what.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (c *Client) verifyCommitments(v *Verification) error {
	setup, err := c.setup()
	if err != nil {
		return err
	}
	entry := v.Blob.Entry
	if err := entry.Verify(setup, v.Blob.Data); err != nil {
		return fmt.Errorf("recompute the commitments: %w", err)
	}
	v.note("the index entry has the %s recomputed from the bytes", count(len(entry.Commitments), "KZG commitment"))
	v.note("id %s is that of these bytes and commitments in namespace %s", entry.ID, entry.Namespace)
	return nil
}

// verifyEntry checks the entry under the index root, and the commitments of rows the
// blob owns against those of the DA header.
func (v *Verification) verifyEntry(found *inclusion) error {
	header, entry := v.Header.DA(), v.Blob.Entry
	proof := da.EntryProof{Index: found.EntryProof.Index, Nodes: plain(found.EntryProof.Nodes)}
	if err := proof.Verify(header.IndexRoot, entry.Namespace, found.Entry.Encoded); err != nil {
		return fmt.Errorf("index entry at height %d: %w", v.Header.Height(), err)
	}
	v.note("the index of block %d has the entry, at row %d, column %d of its square", v.Header.Height(), entry.Row(), entry.Column())
	if entry.OwnRows() > 0 {
		for i, commitment := range entry.Commitments {
			if row := entry.Row() + i; row >= header.K() || header.Commitments[row] != commitment {
				return fmt.Errorf("%w: commitment %d is not that of row %d of block %d", da.ErrMismatch, i, row, v.Header.Height())
			}
		}
		v.note("the DA header commits to the same %s from row %d on", count(entry.OwnRows(), "row"), entry.Row())
	}
	v.note("the DA header, data root %x, is transaction 0 under the data hash of header %x", header.DataRoot(), v.Header.Hash())
	return nil
}

func (c *Client) verifyNamespace(ctx context.Context, node *endpoint, v *Verification) error {
	entries, err := c.listFrom(ctx, node, v.Blob.Namespace, v.Header)
	if err != nil {
		return fmt.Errorf("list the namespace: %w", err)
	}
	v.note("its namespace has %s in that block and no more", count(len(entries), "blob"))
	return nil
}

// trust says what is taken on someone's word.
func (v *Verification) trust(t *Trust) {
	hash, height := v.Header.Hash(), v.Header.Height()
	if t.onNode() {
		v.Trusted = append(v.Trusted, fmt.Sprintf("that header %x is the chain's at height %d: run ashlar-light to check who signed it", hash, height))
	} else {
		v.note("header %x is the chain's at height %d: %s", hash, height, t.how)
	}
	if v.Blob.Entry.OwnRows() == 0 {
		v.Trusted = append(v.Trusted, "that the shared row holds the blob's cells: every full node checks it")
	}
}
