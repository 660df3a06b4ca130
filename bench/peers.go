package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	goethkzg "github.com/crate-crypto/go-eth-kzg"
	ckzg "github.com/ethereum/c-kzg-4844/v2/bindings/go"
)

// The names of the peers as the figures give them.
const (
	cKZG     = "c-kzg 2.1.8, 96 MiB table"
	goEthKZG = "go-eth-kzg 1.5.0"
)

// tableOf96MiB is c-kzg's setting for a table of that size.
const tableOf96MiB = 8

const cKZGModule = "github.com/ethereum/c-kzg-4844/v2"

// moduleDir returns where a module's files are.
func moduleDir(module string) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("find the files of %s (run inside bench/): %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// setupFile returns the path of the ceremony's parameters as c-kzg carries them.
func setupFile() (string, error) {
	dir, err := moduleDir(cKZGModule)
	return filepath.Join(dir, "src", "trusted_setup.txt"), err
}

// loadCKZG loads c-kzg's one global setup, with a table if precompute is not 0.
func loadCKZG(precompute uint) error {
	file, err := setupFile()
	if err != nil {
		return err
	}
	if err := ckzg.LoadTrustedSetupFile(file, precompute); err != nil {
		return fmt.Errorf("load c-kzg's setup from %s: %w", file, err)
	}
	return nil
}

// batchOfCKZG is a batch of cells as c-kzg takes it.
type batchOfCKZG struct {
	commitments []ckzg.Bytes48
	columns     []uint64
	cells       []ckzg.Cell
	proofs      []ckzg.Bytes48
}

func (b *batchOfCKZG) verify() error {
	valid, err := ckzg.VerifyCellKZGProofBatch(b.commitments, b.columns, b.cells, b.proofs)
	if err == nil && !valid {
		err = errInvalid
	}
	return err
}

// blob is the row as go-eth-kzg takes it.
func blob(row []byte) *goethkzg.Blob { return (*goethkzg.Blob)(row) }
