package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// vectors is the number of reference vectors that c-kzg's module carries. Those of go-eth-kzg, of another generation,
// run in package kzg.
const vectors = 344

// vector is one file. Its input is the union of what the families have.
type vector struct {
	Input struct {
		Blob              string     `yaml:"blob"`
		Blobs             []string   `yaml:"blobs"`
		Z                 string     `yaml:"z"`
		Y                 string     `yaml:"y"`
		Commitment        string     `yaml:"commitment"`
		Commitments       []string   `yaml:"commitments"`
		CommitmentIndices []int      `yaml:"commitment_indices"`
		Proof             string     `yaml:"proof"`
		Proofs            []string   `yaml:"proofs"`
		CellIndices       []int      `yaml:"cell_indices"`
		Cells             []string   `yaml:"cells"`
		CosetsEvals       [][]string `yaml:"cosets_evals"`
	} `yaml:"input"`
	Output any `yaml:"output"`
}

// families give each family's output as the vectors write it; any error stands for null.
var families = map[string]func(*kzg.Setup, *vector) (any, error){
	"blob_to_kzg_commitment":                        commitFamily,
	"compute_kzg_proof":                             proveAtFamily,
	"compute_blob_kzg_proof":                        proveRowFamily,
	"compute_challenge":                             challengeFamily,
	"verify_kzg_proof":                              verifyAtFamily,
	"verify_blob_kzg_proof":                         verifyRowFamily,
	"verify_blob_kzg_proof_batch":                   verifyRowsFamily,
	"compute_cells":                                 cellsFamily,
	"compute_cells_and_kzg_proofs":                  proofsFamily,
	"recover_cells_and_kzg_proofs":                  recoverFamily,
	"verify_cell_kzg_proof_batch":                   verifyCellsFamily,
	"compute_verify_cell_kzg_proof_batch_challenge": batchChallengeFamily,
}

// TestReferenceVectors runs every vector of c-kzg's module through our functions.
func TestReferenceVectors(t *testing.T) {
	dir, err := moduleDir(cKZGModule)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "tests", "*", "*", "*", "data.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != vectors {
		t.Fatalf("%d vectors under %s, want %d", len(files), dir, vectors)
	}
	setup, found := newSetup(t), make(map[string]int)
	for _, file := range files {
		family := filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(file))))
		answer, known := families[family]
		if !known {
			t.Fatalf("%s: no such family", file)
		}
		found[family]++
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			check(t, setup, readVector(t, file), answer)
		})
	}
	if len(found) != len(families) {
		t.Errorf("vectors of %d families, want %d: %v", len(found), len(families), found)
	}
}

func readVector(t *testing.T, file string) *vector {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v := new(vector)
	if err := yaml.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func check(t *testing.T, setup *kzg.Setup, v *vector, answer func(*kzg.Setup, *vector) (any, error)) {
	t.Helper()
	have, err := answer(setup, v)
	if err != nil {
		have = nil
	}
	if !reflect.DeepEqual(have, v.Output) {
		t.Errorf("have %.120v, want %.120v (error: %v)", have, v.Output, err)
	}
}

func commitFamily(s *kzg.Setup, v *vector) (any, error) {
	row, err := read[kzg.Row](v.Input.Blob)
	if err != nil {
		return nil, err
	}
	commitment, err := s.Commit(row)
	return write(commitment[:]), err
}

func proveAtFamily(s *kzg.Setup, v *vector) (any, error) {
	row, err1 := read[kzg.Row](v.Input.Blob)
	z, err2 := read[kzg.Scalar](v.Input.Z)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	proof, y, err := s.ProveAt(row, *z)
	return []any{write(proof[:]), write(y[:])}, err
}

func proveRowFamily(s *kzg.Setup, v *vector) (any, error) {
	row, err1 := read[kzg.Row](v.Input.Blob)
	commitment, err2 := read[kzg.Commitment](v.Input.Commitment)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	proof, err := s.ProveRow(row, *commitment)
	return write(proof[:]), err
}

// challengeFamily holds the point at which ProveRow opens a row against the vector's: the proofs at both are equal.
func challengeFamily(s *kzg.Setup, v *vector) (any, error) {
	row, err1 := read[kzg.Row](v.Input.Blob)
	commitment, err2 := read[kzg.Commitment](v.Input.Commitment)
	z, err3 := read[kzg.Scalar](fmt.Sprint(v.Output))
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	proof, err := s.ProveRow(row, *commitment)
	if err != nil {
		return nil, err
	}
	there, _, err := s.ProveAt(row, *z)
	if err != nil || there != proof {
		return nil, errors.Join(err, errors.New("the row is opened elsewhere"))
	}
	return v.Output, nil
}

func verifyAtFamily(s *kzg.Setup, v *vector) (any, error) {
	commitment, err1 := read[kzg.Commitment](v.Input.Commitment)
	z, err2 := read[kzg.Scalar](v.Input.Z)
	y, err3 := read[kzg.Scalar](v.Input.Y)
	proof, err4 := read[kzg.Proof](v.Input.Proof)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	return verdict(s.VerifyAt(*commitment, *z, *y, *proof))
}

func verifyRowFamily(s *kzg.Setup, v *vector) (any, error) {
	v.Input.Blobs, v.Input.Commitments, v.Input.Proofs = []string{v.Input.Blob}, []string{v.Input.Commitment}, []string{v.Input.Proof}
	return verifyRowsFamily(s, v)
}

func verifyRowsFamily(s *kzg.Setup, v *vector) (any, error) {
	rows, err1 := readAll[kzg.Row](v.Input.Blobs)
	commitments, err2 := readAll[kzg.Commitment](v.Input.Commitments)
	proofs, err3 := readAll[kzg.Proof](v.Input.Proofs)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return verdict(s.VerifyRowProofs(rows, values(commitments), values(proofs)))
}

func cellsFamily(s *kzg.Setup, v *vector) (any, error) {
	row, err := read[kzg.Row](v.Input.Blob)
	if err != nil {
		return nil, err
	}
	cells, err := s.ComputeCells(row)
	if err != nil {
		return nil, err
	}
	return writeCells(cells), nil
}

func proofsFamily(s *kzg.Setup, v *vector) (any, error) {
	row, err := read[kzg.Row](v.Input.Blob)
	if err != nil {
		return nil, err
	}
	cells, proofs, err := s.ComputeCellsAndProofs(row)
	if err != nil {
		return nil, err
	}
	return []any{writeCells(cells), writeProofs(proofs)}, nil
}

func recoverFamily(s *kzg.Setup, v *vector) (any, error) {
	cells, err := readAll[kzg.Cell](v.Input.Cells)
	if err != nil {
		return nil, err
	}
	all, proofs, err := s.RecoverCellsAndProofs(v.Input.CellIndices, cells)
	if err != nil {
		return nil, err
	}
	return []any{writeCells(all), writeProofs(proofs)}, nil
}

func verifyCellsFamily(s *kzg.Setup, v *vector) (any, error) {
	commitments, err1 := readAll[kzg.Commitment](v.Input.Commitments)
	cells, err2 := readAll[kzg.Cell](v.Input.Cells)
	proofs, err3 := readAll[kzg.Proof](v.Input.Proofs)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return verdict(s.VerifyCells(values(commitments), v.Input.CellIndices, cells, values(proofs)))
}

// batchChallengeFamily fixes a number that we do not compute: our coefficients come from a CSPRNG. What it gives of
// batches is valid, so that it serves as more batches to verify, and that our verdict is c-kzg's is what it holds.
func batchChallengeFamily(s *kzg.Setup, v *vector) (any, error) {
	unique, err1 := readAll[kzg.Commitment](v.Input.Commitments)
	proofs, err2 := readAll[kzg.Proof](v.Input.Proofs)
	var joined []string
	for _, scalars := range v.Input.CosetsEvals {
		joined = append(joined, strings.ReplaceAll(strings.Join(scalars, ""), "0x", ""))
	}
	cells, err3 := readAll[kzg.Cell](joined)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	var commitments []kzg.Commitment
	for _, i := range v.Input.CommitmentIndices {
		commitments = append(commitments, *unique[i])
	}
	ours, err1 := verdict(s.VerifyCells(commitments, v.Input.CellIndices, cells, values(proofs)))
	theirs, err2 := verifyByCKZG(commitments, v.Input.CellIndices, cells, values(proofs))
	if err := errors.Join(err1, err2); err != nil || ours != theirs {
		return nil, fmt.Errorf("ours %v, c-kzg's %v: %w", ours, theirs, err)
	}
	return v.Output, nil
}

// verdict tells a false equation from malformed input, as the vectors do.
func verdict(err error) (any, error) {
	if errors.Is(err, kzg.ErrInvalidProof) {
		return false, nil
	}
	return true, err
}

// read decodes 0x-prefixed hex of exactly the length of T; the vectors count another length as invalid input.
func read[T kzg.Row | kzg.Cell | kzg.Commitment | kzg.Proof | kzg.Scalar](s string) (*T, error) {
	data, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	if err != nil {
		return nil, err
	}
	out := new(T)
	array := reflect.ValueOf(out).Elem()
	if array.Len() != len(data) {
		return nil, fmt.Errorf("%d bytes, want %d", len(data), array.Len())
	}
	reflect.Copy(array, reflect.ValueOf(data))
	return out, nil
}

func readAll[T kzg.Row | kzg.Cell | kzg.Commitment | kzg.Proof | kzg.Scalar](list []string) ([]*T, error) {
	out := make([]*T, len(list))
	for i, s := range list {
		var err error
		if out[i], err = read[T](s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func values[T any](pointers []*T) []T {
	out := make([]T, len(pointers))
	for i, p := range pointers {
		out[i] = *p
	}
	return out
}

func write(data []byte) string { return "0x" + hex.EncodeToString(data) }

func writeCells(cells *[kzg.Columns]kzg.Cell) (out []any) {
	for i := range cells {
		out = append(out, write(cells[i][:]))
	}
	return out
}

func writeProofs(proofs *[kzg.Columns]kzg.Proof) (out []any) {
	for i := range proofs {
		out = append(out, write(proofs[i][:]))
	}
	return out
}
