// Package erasure extends a square of rows to the extended matrix, verifies any of its cells and recovers all of them
// from enough.
//
// # The code
//
// The square has k rows, 1 ≤ k ≤ [MaxRows]. Along a row the code is EIP-7594's (package kzg): 128 cells of which any 64
// give the others. Along a column row i sits at the integer coordinate i, and rows k to 2k−1 continue the polynomial of
// degree less than k through rows 0 to k−1, scalar by scalar: any k of 2k cells of a column give the others. k is not
// padded to a power of two; with k = 1 row 1 repeats row 0.
//
// Commitments and proofs are linear in the row, so those of extended rows are the same combinations, over the
// Lagrange coefficients Lᵢ(j), of the original ones. Continuing a full run of coordinates needs no multiplications:
// the k-th finite difference of a polynomial of degree less than k is zero, so k(k−1)/2 subtractions and k(k−1)
// additions extend a column of scalars, of commitments or of proofs. Where the processor has AVX-512 IFMA, scalars go
// eight side by side, four differences at a time, in limbs that take some sums before they have to be reduced.
//
// # Use
//
//	matrix, err := erasure.Extend(setup, rows, commitments, proofs)   // 2k × 128 cells
//	err = erasure.VerifyCells(setup, commitments, coords, cells, found)
//	bad, err := erasure.FindInvalid(setup, commitments, coords, cells, found)
//	matrix, err = erasure.Recover(setup, k, commitments, some)        // ErrUnrecoverable if they do not suffice
//	matrix, err = erasure.RecoverProofs(setup, matrix, known)
//
// A verifier needs the k original commitments only. Whoever verifies repeatedly against the same ones makes a
// [Verifier], which decodes them once. A column's holder extends it alone with [ExtendColumn], and whoever has verified
// proofs but needs no cells extends those with [ExtendProofs].
//
// # What can be lost
//
// Recovery alternates rows and columns until k rows are whole, from which the others follow. The least that must be
// withheld to prevent it is k+1 cells in each of 65 columns ([Withholding]); [MissProbability] is the chance that samples
// miss that.
package erasure
