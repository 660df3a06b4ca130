package da

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"github.com/cometbft/cometbft/crypto/merkle"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func testHeader() *Header {
	index := indexOf(2, 4)
	return &Header{
		Version: HeaderVersion, TxRows: 1, SharedRows: 2,
		Commitments: []kzg.Commitment{infinity, generator, infinity, infinity, generator},
		IndexRoot:   index.Root(), BlobTreeRoot: BlobTreeRoot(index.IDs()),
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	for _, want := range []*Header{testHeader(), {Version: 1, Commitments: []kzg.Commitment{}}} {
		got, err := DecodeHeader(want.Encode())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("have %+v, %v, want %+v", got, err, want)
		}
	}
}

func TestHeaderCorrupted(t *testing.T) {
	for name, corrupt := range map[string]func([]byte) []byte{
		"version":             func(b []byte) []byte { b[1] = 2; return b },
		"k too small":         func(b []byte) []byte { b[3]--; return b },
		"k too large":         func(b []byte) []byte { b[3]++; return b },
		"k out of bounds":     func(b []byte) []byte { b[2] = 0xff; return b },
		"more rows than k":    func(b []byte) []byte { b[7] = 5; return b },
		"no transaction rows": func(b []byte) []byte { b[5] = 0; return b },
		"empty":               func([]byte) []byte { return nil },
		"a byte short":        func(b []byte) []byte { return b[:len(b)-1] },
		"a byte long":         func(b []byte) []byte { return append(b, 0) },
		"transaction rows without rows": func([]byte) []byte {
			h := Header{Version: 1, TxRows: 1}
			return h.Encode()
		},
	} {
		if _, err := DecodeHeader(corrupt(testHeader().Encode())); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: have %v, want ErrMalformed", name, err)
		}
	}
}

func TestIsProven(t *testing.T) {
	h := testHeader()
	for row, want := range []bool{true, false, false, true, true} {
		if h.IsProven(row) != want {
			t.Errorf("row %d: have %v, want %v", row, h.IsProven(row), want)
		}
	}
}

// rfc6962 is the tree head of RFC 6962 §2.1, written from the RFC.
func rfc6962(leaves [][]byte) [32]byte {
	if len(leaves) == 1 {
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	}
	split := 1
	for 2*split < len(leaves) {
		split *= 2
	}
	left, right := rfc6962(leaves[:split]), rfc6962(leaves[split:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func TestDataRoot(t *testing.T) {
	h := testHeader()
	leaves := [][]byte{{1, 0, 0, 0, 1}, {2, 0, 0, 0, 5}, {3, 0, 0, 0, 1}, {4, 0, 0, 0, 2}}
	for i, c := range h.Commitments {
		leaves = append(leaves, append([]byte{5, 0, byte(i)}, c[:]...))
	}
	leaves = append(leaves, append([]byte{6, 0, 0}, h.IndexRoot[:]...), append([]byte{7, 0, 0}, h.BlobTreeRoot[:]...))
	if got, want := h.DataRoot(), rfc6962(leaves); got != want {
		t.Errorf("have %x, want %x", got, want)
	}
}

func TestCommitmentProofs(t *testing.T) {
	h := testHeader()
	for row := range h.K() {
		p, err := h.ProveCommitment(row)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(h.DataRoot()); err != nil || p.Commitment != h.Commitments[row] {
			t.Errorf("row %d: %v", row, err)
		}
	}
	for _, row := range []int{-1, 5} {
		if _, err := h.ProveCommitment(row); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("row %d: have %v, want ErrInvalidProof", row, err)
		}
	}
}

func TestCommitmentProofCorrupted(t *testing.T) {
	for name, corrupt := range map[string]func(*CommitmentProof){
		"commitment":       func(p *CommitmentProof) { p.Commitment = generator },
		"equal row":        func(p *CommitmentProof) { p.Row = 3 },
		"negative row":     func(p *CommitmentProof) { p.Row = -1 },
		"row out of range": func(p *CommitmentProof) { p.Row = 1 << 20 },
		"total":            func(p *CommitmentProof) { p.Total = 3 },
		"no leaves":        func(p *CommitmentProof) { p.Total = 0 },
		"negative total":   func(p *CommitmentProof) { p.Total = -1 },
		"aunt":             func(p *CommitmentProof) { p.Aunts[0] = make([]byte, 32) },
		"aunt short":       func(p *CommitmentProof) { p.Aunts[0] = p.Aunts[0][:31] },
		"aunt gone":        func(p *CommitmentProof) { p.Aunts = p.Aunts[1:] },
		"many aunts":       func(p *CommitmentProof) { p.Aunts = make([][]byte, 101) },
	} {
		h := testHeader()
		p := must(h.ProveCommitment(2))
		corrupt(p)
		if err := p.Verify(h.DataRoot()); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("%s: have %v, want ErrInvalidProof", name, err)
		}
	}
}

func FuzzDecodeHeader(f *testing.F) {
	f.Add(testHeader().Encode())
	f.Add(EmptyTxs()[0][1:])
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := DecodeHeader(data)
		if err == nil && !bytes.Equal(h.Encode(), data) {
			t.Errorf("%x decodes to what encodes differently", data)
		}
	})
}

func headerBlock(t *testing.T, others int) ([][]byte, *Header) {
	t.Helper()
	h := testHeader()
	txs := [][]byte{inject(h.Encode()), inject(nil)}
	for i := range others {
		txs = append(txs, binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	return txs, h
}

func TestHeaderProofs(t *testing.T) {
	for others := range 20 {
		txs, want := headerBlock(t, others)
		proof, err := ProveHeader(txs)
		if err != nil {
			t.Fatal(err)
		}
		hash := DataHash(txs)
		read, err := HeaderProofFromWire(proof.ToWire())
		if err != nil {
			t.Fatal(err)
		}
		got, err := read.Verify(hash[:])
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%d transactions: %v", len(txs), err)
		}
	}
}

func TestProveHeaderNeedsABlock(t *testing.T) {
	for name, txs := range map[string][][]byte{"none": nil, "one": {{0}}, "not injected": {{1}, {0}}, "empty": {{}, {0}}} {
		if _, err := ProveHeader(txs); !errors.Is(err, ErrInvalidBlock) {
			t.Errorf("%s: have %v, want ErrInvalidBlock", name, err)
		}
	}
}

func TestHeaderProofCorrupted(t *testing.T) {
	type claim struct {
		*HeaderProof
		hash []byte
	}
	for name, corrupt := range map[string]func(*claim){
		"header":        func(c *claim) { c.Header = bytes.Clone(c.Header); c.Header[20]++ },
		"large header":  func(c *claim) { c.Header = make([]byte, MaxHeaderSize+1) },
		"total of one":  func(c *claim) { c.Total, c.Aunts = 1, nil },
		"other total":   func(c *claim) { c.Total = 17 },
		"minus total":   func(c *claim) { c.Total = -5 },
		"aunt":          func(c *claim) { c.Aunts[1] = make([]byte, 32) },
		"aunt gone":     func(c *claim) { c.Aunts = c.Aunts[1:] },
		"data hash":     func(c *claim) { c.hash[0]++ },
		"no data hash":  func(c *claim) { c.hash = nil },
		"long datahash": func(c *claim) { c.hash = append(c.hash, 0) },
	} {
		txs, _ := headerBlock(t, 6)
		hash := DataHash(txs)
		c := claim{must(ProveHeader(txs)), hash[:]}
		corrupt(&c)
		if _, err := c.Verify(c.hash); !errors.Is(err, ErrInvalidProof) {
			t.Errorf("%s: have %v, want ErrInvalidProof", name, err)
		}
	}
}

// A second DA header, put anywhere else in the block, must never pass as the block's, with
// whatever path: here with its own path, and with that of transaction 0.
func TestOnlyTransactionZeroIsTheHeader(t *testing.T) {
	for at := 1; at < 9; at++ {
		txs, h := headerBlock(t, 7)
		h.TxRows = 2
		txs[at] = inject(h.Encode())
		hash := DataHash(txs)
		for _, index := range []int{0, at} {
			_, paths := merkle.ProofsFromByteSlices(txHashes(txs))
			p := HeaderProof{txs[at][1:], paths[index].Total, paths[index].Aunts}
			if _, err := p.Verify(hash[:]); !errors.Is(err, ErrInvalidProof) {
				t.Errorf("transaction %d by the path of %d: have %v, want ErrInvalidProof", at, index, err)
			}
		}
	}
}

func TestEmptySquareOnlyInTheEmptyBlock(t *testing.T) {
	empty := EmptyTxs()
	hash := DataHash(empty)
	if h, err := must(ProveHeader(empty)).Verify(hash[:]); err != nil || h.K() != 0 {
		t.Fatal(err)
	}
	other := Header{Version: HeaderVersion, IndexRoot: testHeader().IndexRoot}
	for name, txs := range map[string][][]byte{
		"a transaction more": append(EmptyTxs(), []byte("tx")),
		"other proofs":       {empty[0], {0, 1}},
		"other roots":        {inject(other.Encode()), empty[1]},
	} {
		hash := DataHash(txs)
		if _, err := must(ProveHeader(txs)).Verify(hash[:]); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: have %v, want ErrMalformed", name, err)
		}
	}
}

func TestHeaderProofFromWireBounds(t *testing.T) {
	w := must(ProveHeader(EmptyTxs())).ToWire()
	w.Aunts = make([][]byte, 101)
	if _, err := HeaderProofFromWire(w); !errors.Is(err, ErrInvalidProof) {
		t.Errorf("aunts: have %v, want ErrInvalidProof", err)
	}
	w.Aunts, w.Total = nil, 1<<63
	if _, err := HeaderProofFromWire(w); !errors.Is(err, ErrInvalidProof) {
		t.Errorf("total: have %v, want ErrInvalidProof", err)
	}
	if _, err := HeaderProofFromWire(nil); !errors.Is(err, ErrInvalidProof) {
		t.Errorf("nil: have %v, want ErrInvalidProof", err)
	}
}

func FuzzHeaderProof(f *testing.F) {
	p := must(ProveHeader(EmptyTxs()))
	f.Add(p.Header, p.Total, p.Aunts[0], []byte{})
	f.Fuzz(func(t *testing.T, header []byte, total int64, a, b []byte) {
		hash := DataHash(EmptyTxs())
		proof := HeaderProof{header, total, [][]byte{a}}
		if len(b) > 0 {
			proof.Aunts = append(proof.Aunts, b)
		}
		h, err := proof.Verify(hash[:])
		if err == nil && !bytes.Equal(h.Encode(), EmptyTxs()[0][1:]) {
			t.Errorf("%x passes as the empty block's header", header)
		}
	})
}
