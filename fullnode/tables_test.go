package fullnode

import (
	"bytes"
	"testing"

	"github.com/ashlar-da/ashlar/da"
)

func TestTablesAreBounded(t *testing.T) {
	for mib, valid := range map[int]bool{-1: false, 0: true, 1: true, maxTables: true, maxTables + 1: false} {
		cfg := testConfig(t, t.TempDir())
		cfg.KZG.Tables = mib
		if err := cfg.validate(); (err == nil) != valid {
			t.Errorf("kzg.tables = %d: %v", mib, err)
		}
	}
}

// TestNodeWithoutTables posts a blob of two rows, which takes commitments, proofs and their verification, and has it
// served by a node that keeps none either.
func TestNodeWithoutTables(t *testing.T) {
	cfg := newValidator(t)
	cfg.KZG.Tables = 0
	validator := startNode(t, cfg)
	validator.waitStored(t, 1)
	blob := testBlob(t, 3, 3*da.DataRowSize/2)
	id, height := validator.post(t, blob)

	cfg = newFollower(t, validator)
	cfg.KZG.Tables = 0
	second := startNode(t, cfg)
	second.waitStored(t, height)
	if got := second.read(t, id, height); !bytes.Equal(got, blob.Data) {
		t.Errorf("the blob: %d bytes differ", len(got))
	}
}
