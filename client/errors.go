package client

import (
	"errors"
	"fmt"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// Code names the cause of an error a node answered with.
type Code string

// The codes of the HTTP API.
const (
	CodeNotFound          Code = "not_found"
	CodePruned            Code = "pruned"
	CodeFutureHeight      Code = "future_height"
	CodeNotAttested       Code = "not_attested"
	CodeSyncing           Code = "syncing"
	CodeNoPeer            Code = "no_peer"
	CodeTimeout           Code = "timeout"
	CodeTooLarge          Code = "too_large"
	CodeBadRequest        Code = "bad_request"
	CodeUnauthorized      Code = "unauthorized"
	CodeInsufficientFunds Code = "insufficient_funds"
	CodeFeeTooLow         Code = "fee_too_low"
	CodeBadSequence       Code = "bad_sequence"
	CodeUnderpriced       Code = "underpriced_replacement"
	CodeAccountLimit      Code = "account_limit"
	CodeEvicted           Code = "evicted"
	CodeReplaced          Code = "replaced"
	CodeMempoolFull       Code = "mempool_full"
	CodeDiskFull          Code = "disk_full"
	CodeUnsupported       Code = "unsupported"
	CodeInvalidProof      Code = "invalid_proof"
	CodeWrongChain        Code = "wrong_chain"
	CodeRateLimited       Code = "rate_limited"
	CodeInternal          Code = "internal"
)

// Error is the error a node answered with. errors.Is holds for da.ErrNotFound,
// da.ErrPruned, da.ErrFutureHeight and da.ErrTooLarge where the code says the same.
type Error struct {
	Code      Code   `json:"code"`
	Message   string `json:"message"`
	Hint      string `json:"hint"`
	Retryable bool   `json:"retryable"`
	RequestID string `json:"request_id"`
	// Status is the HTTP status.
	Status int `json:"-"`
	// RetryAfter is how long the node asks to wait, 0 if it does not say.
	RetryAfter time.Duration `json:"-"`
}

// Error names the cause, and what to do about it if the node said.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s", e.Code, e.Message)
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// Is matches the sentinels of package da that the code stands for.
func (e *Error) Is(target error) bool {
	switch e.Code {
	case CodeNotFound:
		return target == da.ErrNotFound
	case CodePruned:
		return target == da.ErrPruned
	case CodeFutureHeight:
		return target == da.ErrFutureHeight
	case CodeTooLarge:
		return target == da.ErrTooLarge
	}
	return false
}

// CodeOf returns the code of the node's error in err's chain, "" if there is none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
