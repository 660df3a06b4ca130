// Package kzg commits to rows, proves and verifies their cells, and recovers rows from cells. It knows one row, or a
// batch of unrelated ones, at a time; package erasure puts rows together.
//
// # Objects
//
// A [Row] is 4096 scalars of the BLS12-381 scalar field in bit-reversed evaluation order, exactly an EIP-4844 blob.
// Extended to 8192 scalars it is [Columns] cells of 64 scalars, exactly EIP-7594's; the first [RowCells] cells are the
// row itself. A [Commitment] binds a row, a [Proof] binds a cell to a commitment. Everything is computed over the setup
// of the Ethereum ceremony, so that commitments, cells and proofs are byte for byte what any Ethereum library computes.
//
// # Use
//
//	setup, err := kzg.NewSetup()                              // once per process; milliseconds
//	err = setup.LoadProver()                                  // only where proofs are computed; two seconds
//	commitment, err := setup.Commit(row)
//	cells, proofs, err := setup.ComputeCellsAndProofs(row)    // a third of a second
//	err = setup.VerifyCells([]kzg.Commitment{commitment}, []int{5}, []*kzg.Cell{&cells[5]}, []kzg.Proof{proofs[5]})
//	cells, err = setup.RecoverCells(columns, some)            // from any 64
//
// To check many rows against their commitments use [Setup.VerifyRows], which costs little more for a hundred rows than
// for one. To check many cells use one batch: [Setup.VerifyCells], or [Setup.VerifyBatch] with commitments decoded once
// and rows that are linear combinations of others. Openings at a point ([Setup.ProveAt], [Setup.VerifyAt],
// [Setup.ProveRow], [Setup.VerifyRowProofs]) are those of EIP-4844 and of the precompile 0x0a.
//
// # Trust
//
// All inputs may be hostile. Scalars must be canonical and points must be canonical encodings in the prime-order
// subgroup, checked before anything is combined; nothing panics and nothing is reduced silently. Batches draw their
// coefficients from crypto/rand on the verifier's side. Errors wrap one of four values: [ErrBadInput],
// [ErrNonCanonicalScalar] and [ErrInvalidPoint] for malformed input, [ErrInvalidProof] for well-formed input that does
// not verify.
package kzg
