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
//	err = setup.LoadTables()                                  // or they are when first needed; some tenths of a second
//	commitment, err := setup.Commit(row)
//	cells, proofs, err := setup.ComputeCellsAndProofs(row)    // some hundredths of a second
//	err = setup.VerifyCells([]kzg.Commitment{commitment}, []int{5}, []*kzg.Cell{&cells[5]}, []kzg.Proof{proofs[5]})
//	cells, err = setup.RecoverCells(columns, some)            // from any 64; of many rows: NewRecovery
//
// A block builder proves all its rows together, and has the commitments for nothing: [Setup.ComputeCellsAndProofsOf].
// To check many rows against their commitments use [Setup.VerifyRows], which costs little more for a hundred rows than
// for one. To check many cells use one batch: [Setup.VerifyCells], or [Setup.VerifyBatch] with commitments decoded once
// and rows that are linear combinations of others. Openings at a point ([Setup.ProveAt], [Setup.VerifyAt],
// [Setup.ProveRow], [Setup.VerifyRowProofs]) are those of EIP-4844 and of the precompile 0x0a.
//
// # How rows are extended and recovered
//
// Column c is the coset h_c·⟨ω₆₄⟩ with h_c = ω₈₁₉₂^brp₇(c), where brp₇ reverses seven bits. On it x⁶⁴ is the constant
// y_c = h_c⁶⁴; the y of all columns are the 128th roots of unity, those of columns 0 to 63 the 64th. A row's polynomial,
// cut into 64 stripes
//
//	p(x) = Σ xᵛ·Aᵥ(x⁶⁴)      0 ≤ v < 64, Aᵥ of degree less than 64
//
// is on column c the polynomial Σ Aᵥ(y_c)·xᵛ of degree less than 64. So the matrix Aᵥ(y_c) holds in its column c the
// coefficients of cell c's interpolant, and in its row v the values of one stripe at the 128th roots of unity. Between
// a cell and its column of the matrix lies a transform of size 64 and the powers of h_c. Extension takes cells 0 to 63 to
// their columns, each row of the matrix from the 64th roots of unity to the other 128th ones, and those columns to cells.
//
// Recovery differs in the middle alone. Let K(y) = Π (y − y_c) over 64 known columns, M(y) over the 64 missing ones. For
// each stripe A = Aᵥ the product D = A·M is of degree less than 128, is A·M at the known columns' y and zero at the
// missing ones', and so its coefficients are known. At a missing y its derivative is D′ = A·M′; and K·M = y¹²⁸ − 1, whose
// derivative there is K·M′ = 128·y¹²⁷. Hence
//
//	A(y) = y·D′(y)·K(y)/128
//
// two transforms of size 128, and nothing has to be inverted. K and M depend on the columns alone: a [Recovery] holds
// their values for all rows that lack the same cells.
//
// All this is linear in the row, with constants known beforehand. It takes scalars in plain form ([DecodePlain]), so that
// nothing is converted to Montgomery form and back, and 64 cells or 64 stripes side by side, so that all multiplications
// are those of vectors: file transform.go. Where the processor has AVX-512 IFMA, eight of them go through all levels of a
// transform at a time, in limbs of 52 bits that stay in the first cache and are reduced as late as products allow.
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
// # How cells are verified
//
// Cell k of row i and column c is right if its proof π_k commits to the quotient of p_i − I_k by x⁶⁴ − y_c, where I_k of
// degree less than 64 interpolates the cell:
//
//	e(π_k, [τ⁶⁴ − y_c]₂) = e(C_i − [I_k(τ)]₁, [1]₂)
//
// What depends on y_c moves to the right as e(y_c·π_k, [1]₂), so that all cells share the two points of G2. Times
// independent r_k, 2¹²⁸ to choose from, and summed, the equations are one, which holds for wrong cells with probability
// 2⁻¹²⁸:
//
//	e(Σ r_k·π_k, [τ⁶⁴]₂) = e(Σ w_i·C_i − [I(τ)]₁ + Σ r_k·y_c·π_k, [1]₂)      I = Σ r_k·I_k
//
// Here w_i sums the r_k of row i's cells. Where row j is a combination Σ L_i(j)·row_i of others, so is C_j, and w_j·L_i(j)
// is added to w_i instead: rows of an extended matrix need no commitments of their own ([Fold]). Interpolation is linear,
// so the cells of a column are summed, times their r_k, and interpolated once: file interpolant.go. With S_c = Σ r_k·π_k
// over the cells of column c the two sums of proofs are Σ S_c and Σ y_c·S_c. We do not compute them so: for 32 rows the 128
// sums would save a quarter of the additions and spend more than that on their doublings.
//
// [Setup.VerifyRows] needs no pairing: Σ γ_i·C_i must be the commitment of Σ γ_i·row_i. Whoever has whole rows and all proofs
// of their cells weighs cell (i, c) by γ_i·σ_c: then that one sum is extended to cells instead of every row
// ([Setup.VerifyProvenRows]).
//
// # How points are summed
//
// Sums of multiples go by digits. A scalar is split into a + λ·b of half its length, λ being an endomorphism that takes
// one multiplication; random coefficients are drawn as such halves, of 64 bits. The points are put in buckets by the
// digits of their scalars, window by window, each of which is a processor's own work (combination.go), or shifted copies of
// the setup's points in a single set of buckets (fixedbase.go), sorted by counting (sorting.go); each bucket is summed two
// and two, all buckets at once, which makes long batches of affine additions (buckets.go); and buckets are weighed by the
// bits of their digits (weigh.go). Where the processor has AVX-512 IFMA,
// eight additions, square roots or subgroup checks go side by side (octets.go); hundreds of points are checked by random
// sums of theirs (membership.go).
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
