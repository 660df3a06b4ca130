// Package sampling finds out whether a block's data is there by asking for a few of its
// cells.
//
// A [Session] is the whole decision, without clock, network or storage: it draws the
// coordinates, says which to ask for next, takes what came of it and derives the verdict.
// Whoever drives it persists its encoding under (block hash, data root) before the first
// request and never draws again for that block, or a peer that withholds could wait for
// coordinates that suit it. [Sampler] is the driver: it asks through a [CellGetter],
// checks proofs in batches and reports who sent what.
//
// What a verdict means: of an unrecoverable square at least 65(k+1) of its 256k cells are
// missing, so s cells drawn independently of what is withheld all come back with
// probability at most Π (N−W−i)/(N−i). Confidence is one minus that: a bound on accepting
// wrongly when what is withheld was fixed beforehand, not a probability that the data is
// there; a node that is served adaptively can be satisfied.
package sampling
