package celestia

import (
	"context"
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// codeError is the code of every error that a Celestia node's method fails with.
const codeError = 1

// What clients look for in an error's text, [as ev-node does].
//
// [as ev-node does]: https://github.com/evstack/ev-node/blob/v1.2.2/pkg/da/types/errors.go
var (
	// ErrNotFound means that it is proven that there is no such blob.
	ErrNotFound = errors.New("blob: not found")
	// ErrFuture means that the chain, or the nodes asked, have not come so far.
	ErrFuture = errors.New("header: given height is from the future")
	// ErrTooLarge means that what is submitted at once is more than a transaction has room for.
	ErrTooLarge = errors.New("blob: over size limit")
	// ErrTimedOut means that a blob was not final in time: submitting it again waits on.
	ErrTimedOut = errors.New("timed out waiting for tx to be included in a block")
	// ErrInvalidProof means that a proof is not of the blob.
	ErrInvalidProof = errors.New("blob: invalid proof")
	// ErrNoSquare means that something is asked for that only Celestia's squares have.
	ErrNoSquare = errors.New("there is no square of Celestia's here to prove it of")
)

// unread puts why something was not read into the protocol's words.
func unread(err error) error {
	switch {
	case errors.Is(err, da.ErrNotFound):
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case errors.Is(err, gateway.ErrBehind):
		return fmt.Errorf("%w: %w", ErrFuture, err)
	}
	return err
}

// unsubmitted puts why something was not posted into the protocol's words.
func unsubmitted(err error) error {
	switch {
	case errors.Is(err, da.ErrTooLarge):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrTimedOut, err)
	}
	return err
}
