package client

import (
	"errors"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// TestNewPreparedCounts: what was proven elsewhere has to be as much as the blobs take.
func TestNewPreparedCounts(t *testing.T) {
	small := da.Blob{Namespace: testNamespace(t), Data: []byte("data")}
	row := da.Blob{Namespace: testNamespace(t), Data: make([]byte, da.DataRowSize)}
	blobs := []da.Blob{small, row}
	commitments := [][]kzg.Commitment{make([]kzg.Commitment, 1), make([]kzg.Commitment, 1)}
	proofs := make([]kzg.Proof, kzg.Columns)
	for _, test := range []struct {
		name        string
		blobs       []da.Blob
		commitments [][]kzg.Commitment
		proofs      []kzg.Proof
		want        error
	}{
		{"complete", blobs, commitments, proofs, nil},
		{"a blob without commitments", blobs, commitments[:1], proofs, da.ErrMismatch},
		{"a commitment too many", blobs, [][]kzg.Commitment{make([]kzg.Commitment, 2), commitments[1]}, proofs, da.ErrInvalidBlob},
		{"a proof too few", blobs, commitments, proofs[1:], da.ErrMismatch},
		{"proofs of what lives in a shared row", blobs[:1], commitments[:1], proofs, da.ErrMismatch},
		{"a blob that cannot be posted", []da.Blob{{Namespace: small.Namespace}}, commitments[:1], nil, da.ErrInvalidBlob},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewPrepared(test.blobs, test.commitments, test.proofs); !errors.Is(err, test.want) {
				t.Errorf("have %v want %v", err, test.want)
			}
		})
	}
}
