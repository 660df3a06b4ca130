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
//	err = setup.LoadProver()                                  // only where proofs are computed; some tenths of a second
//	commitment, err := setup.Commit(row)
//	cells, proofs, err := setup.ComputeCellsAndProofs(row)    // some hundredths of a second
//	err = setup.VerifyCells([]kzg.Commitment{commitment}, []int{5}, []*kzg.Cell{&cells[5]}, []kzg.Proof{proofs[5]})
//	cells, err = setup.RecoverCells(columns, some)            // from any 64
//
// A block builder proves all its rows together, and has the commitments for nothing: [Setup.ComputeCellsAndProofsOf].
// To check many rows against their commitments use [Setup.VerifyRows], which costs little more for a hundred rows than
// for one. To check many cells use one batch: [Setup.VerifyCells], or [Setup.VerifyBatch] with commitments decoded once
// and rows that are linear combinations of others. Openings at a point ([Setup.ProveAt], [Setup.VerifyAt],
// [Setup.ProveRow], [Setup.VerifyRowProofs]) are those of EIP-4844 and of the precompile 0x0a.
//
// # How proofs are computed
//
// Proofs are those of [FK20], reached by another way through the same algebra. Let y_c = h⁶⁴ for a column's coset h·⟨ω₆₄⟩,
// d_{c,t} the scalars of cell c, at the places z_{c,t}, and ℓ_{c,t} the polynomials of degree less than 4096 that are one
// at z_{c,t} and zero at the other places of columns 0 to 63 if c is one of these, of columns 64 to 127 if not. With the
// fixed points Λ_{c,t} = [ℓ_{c,t}(τ)]₁ let
//
//	X_c = Σ_t d_{c,t}·Λ_{c,t}
//
// Then the commitment is C = Σ X_c over either half of the columns. FK20 has a polynomial with points for coefficients,
//
//	h_j = [Σ p₆₄₍ᵢ₊ⱼ₊₁₎₊ᵥ·τ⁶⁴ⁱ⁺ᵛ]₁  over i ≥ 0 and 0 ≤ v < 64      j = 0 … 62
//
// whose value at y_c is the proof of cell c. Its products of Toeplitz matrices by vectors, done at the 128 values of y,
// come to
//
//	h_j = Σ_c y_c⁻ʲ·X_c/(2·y_c)      h₋₁ = C      h₆₃ = 0
//	π_c = Σ_j y_cʲ·h_j
//
// where the scalars of the 128 multiplications X_c are nothing but the cells. What is left, besides extending the row, is
//   - X_c/(2·y_c) from tables of the points Λ_{c,t}: file comb.go;
//   - one transform of points from values to coefficients and one back: file pointtransform.go, whose constants are
//     multiplied in pointscale.go;
//   - all additions in affine form, of many points at a time: [PointAdder].
//
// # Trust
//
// All inputs may be hostile. Scalars must be canonical and points must be canonical encodings in the prime-order
// subgroup, checked before anything is combined; nothing panics and nothing is reduced silently. Batches draw their
// coefficients from crypto/rand on the verifier's side. Errors wrap one of four values: [ErrBadInput],
// [ErrNonCanonicalScalar] and [ErrInvalidPoint] for malformed input, [ErrInvalidProof] for well-formed input that does
// not verify.
//
// [FK20]: https://eprint.iacr.org/2023/033
package kzg
