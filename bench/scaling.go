package main

import "runtime"

// scalingAtLeast is how much faster two workers have to be than one.
const scalingAtLeast = 1.8

// scaling holds ours with two workers against ours with one. There is none to measure on one processor.
func (f *fixture) scaling(processors int) []operation {
	if processors < 2 {
		return nil
	}
	var all []operation
	for _, o := range []operation{
		{op: "verify 32 rows against their commitments", ours: f.verifyRows},
		{op: "extend 32 rows to 64, cells only", ours: f.extendCells},
		{op: "32 rows together: commitments + cells + proofs", ours: f.proveRows(blockRows)},
		{op: "4096 proofs of 32 extended rows", ours: f.extendProofs},
		f.verifyBlockCells(),
		{op: "block of 4 MiB: validate and extend with all proofs", ours: f.validateBlock},
		{op: "block of 4 MiB: from data to everything samplers need", ours: f.buildSquare},
	} {
		all = append(all, operation{
			op: o.op + ": 2 workers", label: "scaling", name: "ours, 1 worker", atLeast: scalingAtLeast, aim: scalingAtLeast,
			ours: with(2, o.ours), peer: o.ours,
		})
	}
	return all
}

// with runs f on n processors, and what follows on one again.
func with(n int, f func() error) func() error {
	return func() error {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
		return f()
	}
}
