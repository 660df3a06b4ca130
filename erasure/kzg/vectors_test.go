package kzg

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// officialVectors is the number of consensus-spec vectors that go-eth-kzg v1.5.0 carries.
const officialVectors = 309

// vectorInput is the union of the inputs of all families.
type vectorInput struct {
	Blob        string   `yaml:"blob"`
	Blobs       []string `yaml:"blobs"`
	Z           string   `yaml:"z"`
	Y           string   `yaml:"y"`
	Commitment  string   `yaml:"commitment"`
	Commitments []string `yaml:"commitments"`
	Proof       string   `yaml:"proof"`
	Proofs      []string `yaml:"proofs"`
	CellIndices []int    `yaml:"cell_indices"`
	Cells       []string `yaml:"cells"`
}

// vectorFamilies computes each family's output in the form the vectors give it; an error stands for null.
var vectorFamilies = map[string]func(*Setup, *vectorInput) (any, error){
	"blob_to_kzg_commitment":       commitVector,
	"compute_kzg_proof":            proveAtVector,
	"compute_blob_kzg_proof":       proveRowVector,
	"verify_kzg_proof":             verifyAtVector,
	"verify_blob_kzg_proof":        verifyRowProofVector,
	"verify_blob_kzg_proof_batch":  verifyRowProofsVector,
	"compute_cells_and_kzg_proofs": computeCellsVector,
	"recover_cells_and_kzg_proofs": recoverCellsVector,
	"verify_cell_kzg_proof_batch":  verifyCellsVector,
}

func TestOfficialVectors(t *testing.T) {
	setup := newSetup(t)
	root := filepath.Join(moduleDir(t), "tests")
	total := 0
	for family, run := range vectorFamilies {
		files, err := filepath.Glob(filepath.Join(root, family, "*", "*", "data.y*ml"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Errorf("no vectors of %s under %s", family, root)
		}
		total += len(files)
		for _, file := range files {
			t.Run(family+"/"+filepath.Base(filepath.Dir(file)), func(t *testing.T) { runVector(t, setup, file, run) })
		}
	}
	if total < officialVectors {
		t.Fatalf("ran %d vectors, want at least %d", total, officialVectors)
	}
}

func runVector(t *testing.T, setup *Setup, file string, run func(*Setup, *vectorInput) (any, error)) {
	t.Parallel()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var vector struct {
		Input  vectorInput `yaml:"input"`
		Output any         `yaml:"output"`
	}
	if err := yaml.Unmarshal(data, &vector); err != nil {
		t.Fatal(err)
	}
	have, err := run(setup, &vector.Input)
	if err != nil {
		have = nil
	}
	if !reflect.DeepEqual(have, vector.Output) {
		t.Errorf("have %.120v, want %.120v (error: %v)", have, vector.Output, err)
	}
}

func commitVector(s *Setup, in *vectorInput) (any, error) {
	row, err := parse[Row](in.Blob)
	if err != nil {
		return nil, err
	}
	commitment, err := s.Commit(row)
	return encodeHex(commitment[:]), err
}

func proveAtVector(s *Setup, in *vectorInput) (any, error) {
	row, err1 := parse[Row](in.Blob)
	z, err2 := parse[Scalar](in.Z)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	proof, y, err := s.ProveAt(row, *z)
	return []any{encodeHex(proof[:]), encodeHex(y[:])}, err
}

func proveRowVector(s *Setup, in *vectorInput) (any, error) {
	row, err1 := parse[Row](in.Blob)
	commitment, err2 := parse[Commitment](in.Commitment)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	proof, err := s.ProveRow(row, *commitment)
	return encodeHex(proof[:]), err
}

func verifyAtVector(s *Setup, in *vectorInput) (any, error) {
	commitment, err1 := parse[Commitment](in.Commitment)
	z, err2 := parse[Scalar](in.Z)
	y, err3 := parse[Scalar](in.Y)
	proof, err4 := parse[Proof](in.Proof)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	return verdict(s.VerifyAt(*commitment, *z, *y, *proof))
}

func verifyRowProofVector(s *Setup, in *vectorInput) (any, error) {
	in.Blobs, in.Commitments, in.Proofs = []string{in.Blob}, []string{in.Commitment}, []string{in.Proof}
	return verifyRowProofsVector(s, in)
}

func verifyRowProofsVector(s *Setup, in *vectorInput) (any, error) {
	rows, err1 := parseAll[Row](in.Blobs)
	commitments, err2 := parseAll[Commitment](in.Commitments)
	proofs, err3 := parseAll[Proof](in.Proofs)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return verdict(s.VerifyRowProofs(rows, values(commitments), values(proofs)))
}

func computeCellsVector(s *Setup, in *vectorInput) (any, error) {
	row, err := parse[Row](in.Blob)
	if err != nil {
		return nil, err
	}
	cells, proofs, err := s.ComputeCellsAndProofs(row)
	if err != nil {
		return nil, err
	}
	alone, err := s.ComputeCells(row)
	if err != nil || *alone != *cells {
		return nil, errors.Join(err, errors.New("ComputeCells and ComputeCellsAndProofs disagree"))
	}
	return cellsAndProofs(cells, proofs), nil
}

func recoverCellsVector(s *Setup, in *vectorInput) (any, error) {
	cells, err := parseAll[Cell](in.Cells)
	if err != nil {
		return nil, err
	}
	all, proofs, err := s.RecoverCellsAndProofs(in.CellIndices, cells)
	if err != nil {
		return nil, err
	}
	alone, err := s.RecoverCells(in.CellIndices, cells)
	if err != nil || *alone != *all {
		return nil, errors.Join(err, errors.New("RecoverCells and RecoverCellsAndProofs disagree"))
	}
	return cellsAndProofs(all, proofs), nil
}

func verifyCellsVector(s *Setup, in *vectorInput) (any, error) {
	commitments, err1 := parseAll[Commitment](in.Commitments)
	cells, err2 := parseAll[Cell](in.Cells)
	proofs, err3 := parseAll[Proof](in.Proofs)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	return verdict(s.VerifyCells(values(commitments), in.CellIndices, cells, values(proofs)))
}

// verdict tells a false equation from malformed input, as the vectors do.
func verdict(err error) (any, error) {
	if errors.Is(err, ErrInvalidProof) {
		return false, nil
	}
	return true, err
}

func cellsAndProofs(cells *[Columns]Cell, proofs *[Columns]Proof) any {
	var c, p []any
	for i := range Columns {
		c, p = append(c, encodeHex(cells[i][:])), append(p, encodeHex(proofs[i][:]))
	}
	return []any{c, p}
}

// parse decodes 0x-prefixed hex of exactly the length of T; the vectors count a wrong length as invalid input.
func parse[T Row | Cell | Commitment | Proof | Scalar](s string) (*T, error) {
	data, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	if err != nil {
		return nil, err
	}
	value := new(T)
	if target := reflect.ValueOf(value).Elem(); target.Len() != len(data) {
		return nil, errors.New("wrong length")
	} else {
		reflect.Copy(target, reflect.ValueOf(data))
	}
	return value, nil
}

func parseAll[T Row | Cell | Commitment | Proof | Scalar](list []string) ([]*T, error) {
	var out []*T
	for _, s := range list {
		value, err := parse[T](s)
		if err != nil {
			return nil, err
		}
		out = append(out, value)
	}
	return out, nil
}

func values[T any](pointers []*T) []T {
	var out []T
	for _, p := range pointers {
		out = append(out, *p)
	}
	return out
}

func encodeHex(data []byte) string { return "0x" + hex.EncodeToString(data) }
