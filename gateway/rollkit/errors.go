package rollkit

import (
	"context"
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// Error is one of [go-da's], which its client knows by the code.
//
// [go-da's]: https://github.com/rollkit/go-da/blob/v0.9.0/errors.go
type Error struct {
	Code    int
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// The errors that a gateway has a use for; what else goes wrong has codeOther.
var (
	// ErrNotFound means that it is proven that there is no such blob.
	ErrNotFound = &Error{32001, "blob: not found"}
	// ErrTooLarge means that what is submitted at once is more than a transaction has room for.
	ErrTooLarge = &Error{32002, "blob: over size limit"}
	// ErrTimedOut means that a blob was not final in time: submitting it again waits on.
	ErrTimedOut = &Error{32003, "timed out waiting for tx to be included in a block"}
	// ErrFuture means that the chain, or the nodes asked, have not come so far.
	ErrFuture = &Error{32008, "given height is from the future"}
)

// codeOther is that of errors which go-da has none for.
const codeOther = 1

// code is the code of an error.
func code(err error) int {
	var known *Error
	if errors.As(err, &known) {
		return known.Code
	}
	return codeOther
}

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
