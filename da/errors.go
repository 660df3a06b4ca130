package da

import "errors"

// What can be wrong with input. Messages wrap these with the cause and what to do.
var (
	// ErrInvalidNamespace means that a namespace is malformed or reserved.
	ErrInvalidNamespace = errors.New("da: invalid namespace")
	// ErrInvalidBlob means that a blob is empty, of an unknown encoding or of a length its encoding does not allow.
	ErrInvalidBlob = errors.New("da: invalid blob")
	// ErrTooLarge means that something exceeds a bound however empty the block is.
	ErrTooLarge = errors.New("da: too large")
	// ErrNoRoom means that a transaction does not fit into the square beside what is in it; it may fit the next.
	ErrNoRoom = errors.New("da: no room left in the square")
	// ErrMalformed means that bytes are not an encoding of what they should be, or not the canonical one.
	ErrMalformed = errors.New("da: malformed")
	// ErrMismatch means that two things that must agree do not: an envelope and its message, data and its hash.
	ErrMismatch = errors.New("da: mismatch")
	// ErrInvalidBlock means that a block's transactions are not laid out as the rules demand.
	ErrInvalidBlock = errors.New("da: invalid block")
	// ErrInvalidProof means that a Merkle proof does not prove what it should.
	ErrInvalidProof = errors.New("da: invalid proof")
	// ErrInvalidLimits means that limits contradict each other or the format's bounds.
	ErrInvalidLimits = errors.New("da: invalid limits")
)

// What a source of blocks answers when it has no data. They live here so that stores,
// protocols and APIs share them.
var (
	// ErrNotFound means that there is no such thing at any height the source knows.
	ErrNotFound = errors.New("da: not found")
	// ErrPruned means that the height is older than what the source retains.
	ErrPruned = errors.New("da: pruned")
	// ErrFutureHeight means that the source has not reached the height yet.
	ErrFutureHeight = errors.New("da: height in the future")
)
