package da

import (
	"errors"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// indexOf makes an index with one entry for each namespace given, ascending.
func indexOf(namespaces ...byte) *Index {
	var entries []Entry
	for i, ns := range namespaces {
		info := BlobInfo{testNamespace(ns), uint64(i + 1), EncodingData, []kzg.Commitment{generator}, Keccak256([]byte{ns})}
		e := newEntry(&PayForBlobs{Blobs: []BlobInfo{info}}, i, 0)
		e.FirstCell = uint32(64 + i)
		entries = append(entries, e)
	}
	return must(NewIndex(entries))
}

func encodeEntries(entries []Entry) [][]byte {
	var out [][]byte
	for i := range entries {
		out = append(out, entries[i].Encode())
	}
	return out
}

func TestNamespaceProofs(t *testing.T) {
	for name, index := range map[string]*Index{
		"empty":     indexOf(),
		"one":       indexOf(4),
		"one twice": indexOf(4, 4),
		"several":   indexOf(2, 4, 4, 4, 7, 9, 9),
	} {
		header := &Header{IndexRoot: index.Root()}
		for ns := byte(1); ns < 12; ns++ {
			entries, proof, err := index.Namespace(testNamespace(ns))
			if err != nil {
				t.Fatal(err)
			}
			read := must(NamespaceProofFromWire(proof.ToWire()))
			got, err := read.VerifyEntries(header, testNamespace(ns), encodeEntries(entries))
			if err != nil || len(got) != len(entries) {
				t.Errorf("%s, namespace %d: %d entries, %v", name, ns, len(got), err)
			}
			for _, e := range entries {
				if e.Namespace != testNamespace(ns) {
					t.Errorf("%s: an entry of namespace %s", name, e.Namespace)
				}
			}
		}
	}
}

func TestEmptyIndexRoot(t *testing.T) {
	if indexOf().Root() != emptyIndexRoot() {
		t.Error("the root of no entries is not the one of the empty form")
	}
}

func TestNewIndexRefusesDisorder(t *testing.T) {
	entries := indexOf(2, 4).Entries
	slices.Reverse(entries)
	if _, err := NewIndex(entries); !errors.Is(err, ErrMalformed) {
		t.Errorf("have %v, want ErrMalformed", err)
	}
}

type namespaceClaim struct {
	proof   *NamespaceProof
	root    [IndexRootSize]byte
	ns      Namespace
	entries [][]byte
}

func TestNamespaceProofCorrupted(t *testing.T) {
	index := indexOf(2, 4, 4, 4, 7, 9, 9)
	for name, test := range map[string]struct {
		ns      byte
		corrupt func(*namespaceClaim)
	}{
		"entry left out":        {4, func(c *namespaceClaim) { c.entries = c.entries[1:] }},
		"entry and range":       {4, func(c *namespaceClaim) { c.entries = c.entries[1:]; c.proof.Start++ }},
		"last entry and range":  {4, func(c *namespaceClaim) { c.entries = c.entries[:2]; c.proof.End-- }},
		"entry twice":           {4, func(c *namespaceClaim) { c.entries = append(c.entries, c.entries[2]); c.proof.End++ }},
		"entries swapped":       {4, func(c *namespaceClaim) { c.entries[0], c.entries[1] = c.entries[1], c.entries[0] }},
		"entry changed":         {4, func(c *namespaceClaim) { c.entries[1][100]++ }},
		"no entries":            {4, func(c *namespaceClaim) { c.entries = nil }},
		"empty proof":           {4, func(c *namespaceClaim) { *c.proof = NamespaceProof{}; c.entries = nil }},
		"absence feigned":       {4, func(c *namespaceClaim) { *c.proof = *absence(index, 5); c.entries = nil }},
		"node changed":          {4, func(c *namespaceClaim) { c.proof.Nodes[0][80]++ }},
		"node gone":             {4, func(c *namespaceClaim) { c.proof.Nodes = c.proof.Nodes[1:] }},
		"node short":            {4, func(c *namespaceClaim) { c.proof.Nodes[0] = c.proof.Nodes[0][:89] }},
		"node's range reversed": {4, func(c *namespaceClaim) { c.proof.Nodes[0][0] = 0xff }},
		"many nodes":            {4, func(c *namespaceClaim) { c.proof.Nodes = make([][]byte, 29) }},
		"negative start":        {4, func(c *namespaceClaim) { c.proof.Start = -1 }},
		"end before start":      {4, func(c *namespaceClaim) { c.proof.End = 0 }},
		"huge end":              {4, func(c *namespaceClaim) { c.proof.End = 1 << 40 }},
		"other root":            {4, func(c *namespaceClaim) { c.root[89]++ }},
		"root's range reversed": {4, func(c *namespaceClaim) { c.root[0] = 0xff }},
		"other namespace":       {4, func(c *namespaceClaim) { c.ns = testNamespace(7) }},
		"entries in absence":    {5, func(c *namespaceClaim) { c.entries = encodeEntries(index.Entries[1:2]) }},
		"leaf hash changed":     {5, func(c *namespaceClaim) { c.proof.LeafHash[89]++ }},
		"leaf hash short":       {5, func(c *namespaceClaim) { c.proof.LeafHash = c.proof.LeafHash[:40] }},
		"leaf hash gone":        {5, func(c *namespaceClaim) { c.proof.LeafHash = nil }},
		"absence of another":    {5, func(c *namespaceClaim) { c.ns = testNamespace(4) }},
		"entries outside range": {11, func(c *namespaceClaim) { c.entries = encodeEntries(index.Entries[:1]) }},
		"nodes outside range":   {11, func(c *namespaceClaim) { c.proof.Nodes = [][]byte{c.root[:]} }},
	} {
		entries, proof, err := index.Namespace(testNamespace(test.ns))
		if err != nil {
			t.Fatal(err)
		}
		c := namespaceClaim{cloneNamespaceProof(proof), index.Root(), testNamespace(test.ns), encodeEntries(entries)}
		if err := c.proof.Verify(c.root, c.ns, c.entries); err != nil {
			t.Fatal(err)
		}
		test.corrupt(&c)
		if err := c.proof.Verify(c.root, c.ns, c.entries); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("%s: have %v, want ErrInvalidProof", name, err)
		}
	}
}

func absence(index *Index, ns byte) *NamespaceProof {
	_, proof, err := index.Namespace(testNamespace(ns))
	if err != nil {
		panic(err)
	}
	return cloneNamespaceProof(proof)
}

func cloneNamespaceProof(p *NamespaceProof) *NamespaceProof {
	clone := *p
	clone.LeafHash = slices.Clone(p.LeafHash)
	clone.Nodes = nil
	for _, node := range p.Nodes {
		clone.Nodes = append(clone.Nodes, slices.Clone(node))
	}
	return &clone
}

func TestVerifyEntriesRefusesAMalformedIndex(t *testing.T) {
	index := indexOf(4)
	index.Entries[0].Cells++
	index = must(NewIndex(index.Entries))
	_, proof, err := index.Namespace(testNamespace(4))
	if err != nil {
		t.Fatal(err)
	}
	_, err = proof.VerifyEntries(&Header{IndexRoot: index.Root()}, testNamespace(4), encodeEntries(index.Entries))
	if !errors.Is(err, ErrMalformed) {
		t.Errorf("have %v, want ErrMalformed", err)
	}
}

func TestEntryProofs(t *testing.T) {
	index := indexOf(2, 4, 4, 7, 9)
	for i, e := range index.Entries {
		proof, err := index.Prove(i)
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.Verify(index.Root(), e.Namespace, e.Encode()); err != nil {
			t.Error(err)
		}
		if err := proof.Verify(index.Root(), testNamespace(5), e.Encode()); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("other namespace: have %v, want ErrInvalidProof", err)
		}
		e.Transaction++
		if err := proof.Verify(index.Root(), e.Namespace, e.Encode()); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("other entry: have %v, want ErrInvalidProof", err)
		}
	}
	for _, i := range []int{-1, 5} {
		if _, err := index.Prove(i); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("entry %d: have %v, want ErrInvalidProof", i, err)
		}
	}
}

func FuzzNamespaceProof(f *testing.F) {
	index := indexOf(2, 4, 4, 4, 7, 9, 9)
	for _, ns := range []byte{4, 5, 11} {
		_, proof, err := index.Namespace(testNamespace(ns))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(marshal(proof.ToWire()), ns, ns == 4)
	}
	f.Fuzz(func(t *testing.T, data []byte, ns byte, full bool) {
		var w wire.NamespaceProof
		if w.Unmarshal(data) != nil {
			return
		}
		proof, err := NamespaceProofFromWire(&w)
		if err != nil {
			return
		}
		want, _, err := index.Namespace(testNamespace(ns))
		if err != nil {
			t.Fatal(err)
		}
		var claimed []Entry
		if full {
			claimed = index.Entries[1:4]
		}
		if proof.Verify(index.Root(), testNamespace(ns), encodeEntries(claimed)) == nil && len(claimed) != len(want) {
			t.Errorf("namespace %d: %d entries are proven to be all %d", ns, len(claimed), len(want))
		}
	})
}
