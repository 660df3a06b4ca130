package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"

	goethkzg "github.com/crate-crypto/go-eth-kzg"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	blockRows  = 32 // of the block of 4 MiB
	sampleRows = 64 // of the block that is sampled
	samples    = 30
)

var errInvalid = errors.New("what is valid was refused")

// fixture is what the operations work on, the same for both sides.
type fixture struct {
	setup       *kzg.Setup
	goEthKZG    *goethkzg.Context
	rows        []*kzg.Row // sampleRows; the first blockRows are the block's
	commitments []kzg.Commitment
	cells       []*[kzg.Columns]kzg.Cell
	proofs      [][]kzg.Proof
	block       *erasure.ExtendedMatrix // of the first blockRows
	sampled     *erasure.ExtendedMatrix // of all
	rng         *rand.Rand
}

// newFixture loads all setups and proves random rows, on all processors.
func newFixture() (*fixture, error) {
	if err := loadCKZG(tableOf96MiB); err != nil {
		return nil, err
	}
	theirs, err := goethkzg.NewContext4096Secure()
	if err != nil {
		return nil, fmt.Errorf("load go-eth-kzg's setup: %w", err)
	}
	setup, err := loadOurs()
	if err != nil {
		return nil, err
	}
	f := &fixture{setup: setup, goEthKZG: theirs, rng: rand.New(rand.NewPCG(1, 0))}
	for range sampleRows {
		f.rows = append(f.rows, randomRow(f.rng))
	}
	if err := f.prove(); err != nil {
		return nil, err
	}
	if f.block, err = erasure.Extend(setup, f.rows[:blockRows], f.commitments[:blockRows], f.proofs[:blockRows]); err != nil {
		return nil, err
	}
	f.sampled, err = erasure.Extend(setup, f.rows, f.commitments, f.proofs)
	return f, err
}

// loadOurs loads our setup with its tables and says what memory both take.
func loadOurs() (*kzg.Setup, error) {
	before := heap()
	setup, err := kzg.NewSetup()
	if err != nil {
		return nil, err
	}
	bare := heap()
	err = setup.LoadTables()
	fmt.Printf("our setup takes %.1f MiB, its tables %.1f MiB; c-kzg's table 96 MiB\n", bare-before, heap()-bare)
	return setup, err
}

// heap returns the MiB that are in use.
func heap() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) / (1 << 20)
}

// prove computes the rows' commitments, cells and proofs.
func (f *fixture) prove() error {
	all, err := f.setup.ComputeCellsAndProofsOf(f.rows)
	for i := range all {
		f.commitments = append(f.commitments, all[i].Commitment)
		f.cells, f.proofs = append(f.cells, &all[i].Cells), append(f.proofs, all[i].Proofs[:])
	}
	return err
}

// randomRow returns a row of random canonical scalars: below 2²⁴⁸, as data that is encoded 31 bytes a scalar.
func randomRow(rng *rand.Rand) *kzg.Row {
	row := new(kzg.Row)
	for i := 0; i < len(row); i += 8 {
		binary.BigEndian.PutUint64(row[i:], rng.Uint64())
	}
	for i := 0; i < len(row); i += kzg.ScalarSize {
		row[i] = 0
	}
	return row
}
