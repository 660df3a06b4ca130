package da

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

var update = flag.Bool("update", false, "rewrite the vectors in testdata")

// Hexadecimal is how vectors write bytes.
type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

func hexOf[T ~[32]byte](h T) hexBytes { return hexBytes(h[:]) }

func hexList[T ~[]byte](list []T) []hexBytes {
	out := make([]hexBytes, len(list))
	for i, b := range list {
		out[i] = hexBytes(b)
	}
	return out
}

func commitmentsHex(list []kzg.Commitment) []hexBytes {
	out := make([]hexBytes, len(list))
	for i := range list {
		out[i] = list[i][:]
	}
	return out
}

// sha256Of stands for what is too long to print.
func sha256Of(b []byte) hexBytes { return hexOf(sha256.Sum256(b)) }

// golden compares value with a file of testdata, byte for byte, or rewrites the file.
func golden(t *testing.T, name string, value any) {
	t.Helper()
	var have bytes.Buffer
	encoder := json.NewEncoder(&have)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, have.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%v; go test ./da -update writes it", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have.Bytes(), want) {
		t.Errorf("%s differs; if the format was meant to change, change SPEC.md and run go test ./da -update", path)
	}
}

type namespaceVector struct {
	Namespace string `json:"namespace"`
	Valid     bool   `json:"valid_for_blobs"`
}

func TestNamespaceVectors(t *testing.T) {
	var vectors []namespaceVector
	for _, n := range []Namespace{
		{}, TxNamespace(), {28: 0xff}, {27: 1}, {19: 1}, {27: 0xff, 28: 0xff}, {18: 1, 27: 1}, {1: 1, 27: 1}, {0: 1, 27: 1}, {0: 0xff},
	} {
		vectors = append(vectors, namespaceVector{n.String(), n.ValidateForBlob() == nil})
	}
	golden(t, "namespaces.json", vectors)
}

type blobVector struct {
	Namespace       Namespace  `json:"namespace"`
	Encoding        Encoding   `json:"encoding"`
	Seed            uint64     `json:"seed"`
	Size            int        `json:"size"`
	Cells           int        `json:"cells"`
	OwnRows         int        `json:"own_rows"`
	Allotment       int        `json:"allotment"`
	Rows            []hexBytes `json:"sha256_of_rows"`
	Commitments     []hexBytes `json:"commitments"`
	VersionedHashes []hexBytes `json:"versioned_hashes"`
	Keccak256       hexBytes   `json:"keccak256"`
	ID              BlobID     `json:"id"`
}

func TestBlobVectors(t *testing.T) {
	setup := newSetup(t)
	var vectors []blobVector
	for _, b := range []Blob{
		dataBlob(1, 1), dataBlob(1, 31), dataBlob(1, 32), dataBlob(2, 1984), dataBlob(2, 1985), dataBlob(2, 5*1984),
		dataBlob(2, 32*1984), dataBlob(2, 32*1984+1), dataBlob(3, 126976), dataBlob(3, 126977),
		rawBlob(4, 1), rawBlob(4, 65), rawBlob(4, 4096),
	} {
		vectors = append(vectors, newBlobVector(t, setup, b))
	}
	golden(t, "blobs.json", vectors)
}

func newBlobVector(t *testing.T, setup *kzg.Setup, b Blob) blobVector {
	t.Helper()
	commitments, err := CommitBlob(setup, &b)
	if err != nil {
		t.Fatal(err)
	}
	info := DescribeBlobs([]Blob{b}, [][]kzg.Commitment{commitments})[0]
	v := blobVector{
		Namespace: b.Namespace, Encoding: b.Encoding, Seed: seedOf(&b), Size: len(b.Data), Cells: b.Cells(), OwnRows: b.OwnRows(),
		Allotment: b.Allotment(), Commitments: commitmentsHex(commitments), Keccak256: hexOf(info.Keccak256), ID: info.ID(),
	}
	for i, row := range must(b.Rows()) {
		v.Rows = append(v.Rows, sha256Of(row[:]))
		v.VersionedHashes = append(v.VersionedHashes, hexOf(VersionedHash(commitments[i])))
	}
	return v
}

// seedOf is what dataBlob and rawBlob seed a blob's bytes with: its size, or its scalars.
func seedOf(b *Blob) uint64 {
	if b.Encoding == EncodingRaw {
		return uint64(len(b.Data) / kzg.ScalarSize)
	}
	return uint64(len(b.Data))
}

type blobTreeVector struct {
	IDs    []BlobID   `json:"ids"`
	Root   hexBytes   `json:"root"`
	Proven *BlobID    `json:"proven,omitempty"`
	Proof  []hexBytes `json:"proof,omitempty"`
}

func TestBlobTreeVectors(t *testing.T) {
	var vectors []blobTreeVector
	for n := range 9 {
		ids := manyIDs(n)
		v := blobTreeVector{IDs: ids, Root: hexOf(BlobTreeRoot(ids))}
		if n > 0 {
			v.Proven = &ids[n/2]
			for _, node := range must(ProveBlob(ids, ids[n/2])) {
				v.Proof = append(v.Proof, hexOf(node))
			}
		}
		vectors = append(vectors, v)
	}
	golden(t, "blobtree.json", vectors)
}

type namespaceProofVector struct {
	Namespace Namespace  `json:"namespace"`
	Start     int        `json:"start"`
	End       int        `json:"end"`
	Nodes     []hexBytes `json:"nodes"`
	LeafHash  hexBytes   `json:"leaf_hash"`
}

type indexVector struct {
	Entries []hexBytes             `json:"entries"`
	Root    hexBytes               `json:"root"`
	Proofs  []namespaceProofVector `json:"namespace_proofs"`
}

func TestIndexVectors(t *testing.T) {
	var vectors []indexVector
	for _, index := range []*Index{indexOf(), indexOf(4), indexOf(2, 4, 4, 7, 9)} {
		root := index.Root()
		v := indexVector{Entries: hexList(encodeEntries(index.Entries)), Root: root[:]}
		for _, ns := range []byte{1, 4, 5, 9, 11} {
			p := absence(index, ns)
			v.Proofs = append(v.Proofs, namespaceProofVector{testNamespace(ns), p.Start, p.End, hexList(p.Nodes), p.LeafHash})
		}
		vectors = append(vectors, v)
	}
	golden(t, "index.json", vectors)
}

type headerVector struct {
	Header          hexBytes   `json:"header"`
	DataRoot        hexBytes   `json:"data_root"`
	ProvenRow       int        `json:"proven_row"`
	CommitmentAunts []hexBytes `json:"commitment_aunts"`
}

func TestHeaderVectors(t *testing.T) {
	_, block := newFixture(t)
	var vectors []headerVector
	for _, h := range []*Header{testHeader(), block.Header} {
		vectors = append(vectors, headerVector{h.Encode(), hexOf(h.DataRoot()), 2, hexList(must(h.ProveCommitment(2)).Aunts)})
	}
	golden(t, "headers.json", vectors)
}

type envelopeVector struct {
	Tx     hexBytes          `json:"tx"`
	ID     hexBytes          `json:"transaction_id"`
	Blobs  []postedVector    `json:"blobs"`
	Proofs hexBytes          `json:"sha256_of_proofs"`
	Whole  hexBytes          `json:"sha256_of_envelope"`
	Length int               `json:"envelope_length"`
	Gas    map[string]uint64 `json:"blob_gas"`
}

type postedVector struct {
	Seed uint64 `json:"seed"`
	Size int    `json:"size"`
}

type blockVector struct {
	Certificate hexBytes         `json:"certificate_transaction,omitempty"`
	Envelopes   []envelopeVector `json:"envelopes"`
	Plain       []hexBytes       `json:"other_transactions"`
	Header      hexBytes         `json:"header"`
	Rows        []hexBytes       `json:"sha256_of_rows"`
	Proofs      hexBytes         `json:"sha256_of_proofs_transaction"`
	Entries     []hexBytes       `json:"index_entries"`
	DataRoot    hexBytes         `json:"data_root"`
	Txs         []hexBytes       `json:"sha256_of_transactions"`
	DataHash    hexBytes         `json:"data_hash"`
	HeaderAunts []hexBytes       `json:"header_proof_aunts"`
	Samples     []sampleVector   `json:"samples"`
}

type sampleVector struct {
	Row    int      `json:"row"`
	Column int      `json:"column"`
	Cell   hexBytes `json:"sha256_of_cell"`
	Proof  hexBytes `json:"proof"`
}

func TestBlockVectors(t *testing.T) {
	setup, block := newFixture(t)
	empty, err := ParseBlock(DefaultLimits(), EmptyTxs())
	if err != nil {
		t.Fatal(err)
	}
	full := newBlockVector(block)
	full.Samples = sampleVectors(t, setup, block)
	_, certified := certifiedBlock(t)
	golden(t, "blocks.json", []blockVector{newBlockVector(empty), full, newBlockVector(certified)})
}

func newBlockVector(b *Block) blockVector {
	v := blockVector{
		Plain: hexList(b.Plain), Header: b.Header.Encode(), Proofs: sha256Of(b.Txs[1]),
		Entries: hexList(encodeEntries(b.Square.Index.Entries)), DataRoot: hexOf(b.Header.DataRoot()),
		DataHash: hexOf(DataHash(b.Txs)), HeaderAunts: hexList(must(ProveHeader(b.Txs)).Aunts),
	}
	if b.Certificate != nil {
		v.Certificate = CertificateTx(b.Certificate)
	}
	for i, e := range b.Envelopes {
		v.Envelopes = append(v.Envelopes, newEnvelopeVector(e, b.Messages[i]))
	}
	for _, row := range b.Square.Rows {
		v.Rows = append(v.Rows, sha256Of(row[:]))
	}
	for _, tx := range b.Txs {
		v.Txs = append(v.Txs, sha256Of(tx))
	}
	return v
}

func newEnvelopeVector(e *Envelope, m *PayForBlobs) envelopeVector {
	v := envelopeVector{
		Tx: e.Tx, ID: hexOf(e.TxID()), Proofs: hexOf(ProofHash(e.Proofs)), Whole: sha256Of(e.Encode()), Length: len(e.Encode()),
		Gas: map[string]uint64{"blobs": m.BlobGas(), "transaction": TxBlobGas(len(e.Tx))},
	}
	for i, data := range e.Blobs {
		b := Blob{Encoding: m.Blobs[i].Encoding, Data: data}
		v.Blobs = append(v.Blobs, postedVector{seedOf(&b), len(data)})
	}
	return v
}

func sampleVectors(t *testing.T, setup *kzg.Setup, b *Block) []sampleVector {
	t.Helper()
	matrix, err := erasure.Extend(setup, b.Square.Rows, b.Header.Commitments, b.Proofs)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []sampleVector
	for row := range 2 * b.Header.K() {
		at := erasure.Coord{Row: row, Column: (row * 37) % kzg.Columns}
		proof, ok := matrix.Proof(at)
		if !ok {
			t.Fatalf("no proof at %v", at)
		}
		vectors = append(vectors, sampleVector{at.Row, at.Column, sha256Of(matrix.Cell(at)[:]), proof[:]})
	}
	return vectors
}
