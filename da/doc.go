// Package da is the data layer: what blobs, squares, DA headers and blocks are, and when
// they are valid. It is pure: values in, values and errors out; no I/O, clocks or goroutines that outlive a
// call. SPEC.md, beside it, specifies every byte; testdata holds vectors.
//
// # Posting
//
// A [Blob] is bytes in a [Namespace], in one of two encodings. [ProveBlobs] computes what
// has to accompany it, [DescribeBlobs] and [ProofHash] what the signature of MsgPayForBlobs
// covers. The signed transaction, the blobs and the proofs make an [Envelope], whose Encode is
// what a node takes:
//
//	commitments, proofs, err := da.ProveBlobs(setup, blobs)
//	infos := da.DescribeBlobs(blobs, commitments) // → MsgPayForBlobs.blobs
//	hash := da.ProofHash(proofs)                  // → MsgPayForBlobs.proof_hash
//	envelope := da.Envelope{Tx: signed, Blobs: data, Proofs: proofs}
//
// Whoever receives one calls [DecodeEnvelope], [Envelope.Check] and, last, [Envelope.VerifyKZG].
//
// # Blocks
//
// A proposer asks a [SquareBuilder] what fits, then [BuildBlock]. Everybody else calls
// [ParseBlock], which checks all but KZG, and [Block.Verify]. [RebuildTxs] gets the block's
// transactions back from the DA header and the square.
//
// # Reading
//
// A light node gets a DA header by [HeaderProof.Verify] (through package da/chain) and
// samples it by [VerifySamples]. [NamespaceProof.VerifyEntries] yields all of a namespace's
// index entries of one block; [IndexFromRows] recomputes the whole index from the transaction
// rows, trusting nobody. [Entry.Extract] reads a blob from its rows, and [Entry.Verify] checks bytes
// somebody sent.
//
// # Attesting
//
// A validator that holds a height's square signs an [Attestation]; more than two thirds of an
// [AttesterSet] make a [Certificate], which [Certificate.Verify] checks without a node. It names the
// root of the chain's [History], so that a [HistoryProof] and a [BlobTreeProof] open any blob before.
//
// # Errors
//
// All errors wrap one of this package's sentinels or of erasure/kzg's: test with errors.Is.
package da
