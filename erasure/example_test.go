package erasure_test

import (
	"fmt"
	"log"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// A square of two rows is extended, three quarters of the matrix are lost, and the rest gives everything back.
func Example() {
	setup, err := kzg.NewSetup()
	if err != nil {
		log.Fatal(err)
	}
	rows := []*kzg.Row{{31: 7}, {63: 9}}
	commitments := make([]kzg.Commitment, len(rows))
	for i, row := range rows {
		if commitments[i], err = setup.Commit(row); err != nil {
			log.Fatal(err)
		}
	}
	matrix, err := erasure.Extend(setup, rows, commitments, nil)
	if err != nil {
		log.Fatal(err)
	}

	left := make(map[erasure.Coord]*kzg.Cell)
	for row := 2; row < 4; row++ {
		for column := 1; column < kzg.Columns; column += 2 {
			at := erasure.Coord{Row: row, Column: column}
			left[at] = matrix.Cell(at)
		}
	}
	recovered, err := erasure.Recover(setup, len(rows), commitments, left)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(left), "cells of", 4*kzg.Columns, "sufficed:", *recovered.Row(0) == *rows[0] && *recovered.Row(1) == *rows[1])
	// Output: 128 cells of 512 sufficed: true
}
