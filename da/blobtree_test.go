package da

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"
)

func repeatedID(b byte) (id BlobID) {
	for i := range id {
		id[i] = b
	}
	return id
}

func manyIDs(n int) []BlobID {
	ids := make([]BlobID, n)
	for i := range ids {
		ids[i] = repeatedID(byte(i + 1))
	}
	return ids
}

// The roots were computed by an implementation in another language that shares no code.
func TestBlobTreeRoot(t *testing.T) {
	for _, test := range []struct {
		ids  []BlobID
		want string
	}{
		{nil, "0000000000000000000000000000000000000000000000000000000000000000"},
		{manyIDs(1), "ce895d90d3a0ed5312ae8dcfff377010c4aa1b7e9f1fa69836a3802d014c313e"},
		{manyIDs(2), "c47aba36d45add76b43fb8cfe13e4a9ee53d408aadcf3351d97f1a0d95166d36"},
		{manyIDs(3), "d0721d2dc79379fabc8f9fedaf82df1f99c98be5da4b6affa7ff9a42314b4e1c"},
		{manyIDs(5), "79aab7c0a1a9180805943f05bdc1736b8aeb5b45ccde479da091d0e41c4e3f4a"},
		{manyIDs(8), "eb0820aafa728156f29ad00993b42c04748db51b45db936ca4f26d0e34d6b9d2"},
		{[]BlobID{repeatedID(1), repeatedID(2), repeatedID(1)}, "34b83e840e5c49ffd544d59e72d086b137a118522bd67670606409864345936d"},
	} {
		if got := BlobTreeRoot(test.ids); hex.EncodeToString(got[:]) != test.want {
			t.Errorf("%d ids: have %x, want %s", len(test.ids), got, test.want)
		}
		reversed := slices.Clone(test.ids)
		slices.Reverse(reversed)
		if BlobTreeRoot(reversed) != BlobTreeRoot(test.ids) {
			t.Errorf("%d ids: the root depends on their order", len(test.ids))
		}
	}
}

func TestBlobTreeProofs(t *testing.T) {
	for n := 1; n <= 33; n++ {
		ids := append(manyIDs(n), repeatedID(1))
		root := BlobTreeRoot(ids)
		for _, id := range ids {
			proof, err := ProveBlob(ids, id)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.Verify(root, id); err != nil {
				t.Errorf("%d ids: %v", n, err)
			}
		}
	}
	if _, err := ProveBlob(manyIDs(3), repeatedID(9)); !errors.Is(err, ErrNotFound) {
		t.Errorf("have %v, want ErrNotFound", err)
	}
}

func TestBlobTreeProofCorrupted(t *testing.T) {
	type claim struct {
		proof BlobTreeProof
		root  [HashSize]byte
		id    BlobID
	}
	for name, corrupt := range map[string]func(*claim){
		"other id":   func(c *claim) { c.id[0]++ },
		"other root": func(c *claim) { c.root[31]++ },
		"node":       func(c *claim) { c.proof[1][5]++ },
		"node gone":  func(c *claim) { c.proof = c.proof[1:] },
		"node more":  func(c *claim) { c.proof = append(c.proof, c.root) },
		"too long":   func(c *claim) { c.proof = make(BlobTreeProof, 15) },
		"inner node as id": func(c *claim) {
			c.id, c.proof = BlobID(hashPair(blobLeaf(c.id), c.proof[0])), c.proof[1:]
		},
	} {
		c := claim{must(ProveBlob(manyIDs(7), repeatedID(2))), BlobTreeRoot(manyIDs(7)), repeatedID(2)}
		if err := c.proof.Verify(c.root, c.id); err != nil {
			t.Fatal(err)
		}
		corrupt(&c)
		if err := c.proof.Verify(c.root, c.id); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("%s: have %v, want ErrInvalidProof", name, err)
		}
	}
}
