package kzg

import "testing"

// TestHotLoopsAllocateNothing holds that what each processor repeats in a block's verification works in memory that it has.
func TestHotLoopsAllocateNothing(t *testing.T) {
	setup, n := newSetup(t), 3*leastSumCheck
	points := splitPoints(setup.lagrange[:n])
	c := newCombination(points, randomCoefficients(n).halves, 64)
	window, adder := windows{of: c, from: 1, to: 3}, newWindowAdder(2*len(points))
	checker := newSumChecker(combineTriples(points[:n], n/3), n/3)
	decoder, encoded := newOctetDecoder(), make([]encodedPoint, laneCount)
	for i := range encoded {
		encoded[i] = setup.lagrange[i].Bytes()
	}
	cell, column := new(line), &columnCells{cells: []int{0, 1, 2}}
	r, cells := randomCoefficients(3).scalars, []*Cell{new(Cell), new(Cell), new(Cell)}
	for name, loop := range map[string]func(){
		"windows of a combination": func() { adder.add(&window) },
		"random sums of points":    func() { _ = checker.check(laneCount) },
		"points and their octets": func() {
			if decoder != nil {
				_ = decoder.decode(points[:laneCount], encoded, true)
			}
		},
		"sums of a column's cells": func() { _ = sumColumn(cell, column, r, cells, cell) },
	} {
		if allocated := testing.AllocsPerRun(10, loop); allocated != 0 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
	}
}
