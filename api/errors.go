package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/ashlar-da/ashlar/api/token"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Code names the cause of an error.
type Code string

// The codes, all there are.
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

// What a node's methods answer besides the sentinels of packages da and kzg; the API
// turns each, wrapped or not, into the code of the same name. The wrapping message reaches
// the caller. Any other error is internal, and its message is logged instead.
var (
	ErrSyncing           = errors.New("the node is catching up with the chain")
	ErrNoPeer            = errors.New("no peer to ask")
	ErrNotAttested       = errors.New("not attested")
	ErrBadRequest        = errors.New("bad request")
	ErrUnauthorized      = token.ErrUnauthorized
	ErrInsufficientFunds = errors.New("insufficient funds")
	ErrFeeTooLow         = errors.New("fee too low")
	ErrBadSequence       = errors.New("wrong account sequence")
	ErrUnderpriced       = errors.New("replacement underpriced")
	ErrAccountLimit      = errors.New("too much of one account waits")
	ErrEvicted           = errors.New("evicted from the mempool")
	ErrReplaced          = errors.New("replaced by another transaction")
	ErrMempoolFull       = errors.New("mempool full")
	ErrDiskFull          = errors.New("the node's disk is full")
	ErrUnsupported       = errors.New("unsupported")
	ErrWrongChain        = errors.New("not signed for this chain")
	ErrRateLimited       = errors.New("too many requests")
)

// advised is an error that says itself what to do about it.
type advised struct {
	error
	hint string
}

// Unwrap returns the error that is advised on.
func (a *advised) Unwrap() error { return a.error }

// Advise returns err with what to do about it, which is told instead of its code's default
// hint.
func Advise(err error, hint string) error { return &advised{err, hint} }

// Hints that more than one endpoint gives.
const (
	namespaceHint = "write 58 hex digits: version 00, 36 zeros and 20 of your choice, the first 18 of which are not all zero"
	blobHint      = "a blob is found from when its block is stored here until it is pruned: see height and tail in /v1/status"
)

// kind is how a code answers.
type kind struct {
	status    int
	retryable bool
	hint      string
}

// kindOf returns the HTTP status, retryability and default hint of a code.
func kindOf(code Code) kind {
	switch code {
	case CodeNotFound:
		return kind{http.StatusNotFound, false, "see /v1/status for the heights that this node holds"}
	case CodePruned:
		return kind{http.StatusGone, false, "ask a node that retains more, such as an archive"}
	case CodeFutureHeight:
		return kind{http.StatusNotFound, true, "wait for the height, see height in /v1/status"}
	case CodeNotAttested:
		return kind{http.StatusNotFound, true, "wait for it with wait=10s; a later certificate covers the height too, see attestation in /v1/status"}
	case CodeSyncing:
		return kind{http.StatusServiceUnavailable, true, "wait until /v1/status says syncing: false"}
	case CodeNoPeer:
		return kind{http.StatusServiceUnavailable, true, "check the node's peers and network"}
	case CodeTimeout:
		return kind{http.StatusGatewayTimeout, true, "try again; after a POST look the blob up first, it may still be included"}
	case CodeTooLarge:
		return kind{http.StatusRequestEntityTooLarge, false, "split it: a transaction takes 16 rows at most"}
	case CodeUnauthorized:
		return kind{http.StatusUnauthorized, false, "send the header Authorization: Bearer TOKEN, with a token that the node's operator handed out"}
	case CodeInternal:
		return kind{http.StatusInternalServerError, true, "the node's log has the cause under this request_id"}
	case CodeUnsupported:
		return kind{http.StatusNotImplemented, false, "see /openapi.json for what this node answers"}
	case CodeRateLimited:
		return kind{http.StatusTooManyRequests, true, "wait as long as Retry-After says"}
	}
	return kindOfTx(code)
}

// kindOfTx is kindOf for what can be wrong with something posted.
func kindOfTx(code Code) kind {
	switch code {
	case CodeInsufficientFunds:
		return kind{http.StatusPaymentRequired, false, "fund the account, see /v1/accounts/ADDRESS"}
	case CodeFeeTooLow:
		return kind{http.StatusPaymentRequired, true, "raise the fee cap to at least base_fee of /v1/fees"}
	case CodeBadSequence:
		return kind{http.StatusConflict, true, "sign again with the pending_sequence of /v1/accounts/ADDRESS"}
	case CodeUnderpriced:
		return kind{http.StatusConflict, false, "raise fee cap, tip cap and fee to what the message says, or sign with the pending_sequence of /v1/accounts/ADDRESS"}
	case CodeAccountLimit:
		return kind{http.StatusTooManyRequests, true, "wait for a block, or post from another account too"}
	case CodeEvicted:
		return kind{http.StatusConflict, true, "sign it again, with the pending_sequence of /v1/accounts/ADDRESS and a higher tip or fee cap"}
	case CodeReplaced:
		return kind{http.StatusConflict, false, "follow the transaction that replaced it, see /v1/txs/ID"}
	case CodeMempoolFull:
		return kind{http.StatusServiceUnavailable, true, "wait for a block, or raise the tip cap"}
	case CodeDiskFull:
		return kind{http.StatusServiceUnavailable, true, "the node answers reads and takes posts again when its disk has room; post to another node until then"}
	case CodeInvalidProof:
		return kind{http.StatusUnprocessableEntity, false, "compute commitments, proofs and hashes anew from the bytes posted"}
	case CodeWrongChain:
		return kind{http.StatusUnprocessableEntity, false, "sign anew, for the chain_id of /v1/status and the account_number of /v1/accounts/ADDRESS, and change nothing after"}
	}
	return kind{http.StatusBadRequest, false, "correct what the message names; /openapi.json describes every parameter"}
}

// cause is what a sentinel is answered with.
type cause struct {
	sentinel error
	code     Code
	// hint says more than the code's default; empty: it does not.
	hint string
}

// causes maps sentinels to codes; the first that matches wins.
func causes() []cause {
	return []cause{
		{ErrSyncing, CodeSyncing, ""},
		{ErrNoPeer, CodeNoPeer, ""},
		{ErrNotAttested, CodeNotAttested, ""},
		{ErrUnauthorized, CodeUnauthorized, ""},
		{ErrInsufficientFunds, CodeInsufficientFunds, ""},
		{ErrFeeTooLow, CodeFeeTooLow, ""},
		{ErrBadSequence, CodeBadSequence, ""},
		{ErrUnderpriced, CodeUnderpriced, ""},
		{ErrAccountLimit, CodeAccountLimit, ""},
		{ErrEvicted, CodeEvicted, ""},
		{ErrReplaced, CodeReplaced, ""},
		{ErrMempoolFull, CodeMempoolFull, ""},
		{ErrDiskFull, CodeDiskFull, ""},
		{ErrUnsupported, CodeUnsupported, ""},
		{ErrWrongChain, CodeWrongChain, ""},
		{ErrRateLimited, CodeRateLimited, ""},
		{ErrBadRequest, CodeBadRequest, ""},
		{da.ErrPruned, CodePruned, ""},
		{da.ErrFutureHeight, CodeFutureHeight, ""},
		{da.ErrNotFound, CodeNotFound, ""},
		{da.ErrTooLarge, CodeTooLarge, ""},
		{da.ErrNoRoom, CodeMempoolFull, ""},
		{da.ErrInvalidNamespace, CodeBadRequest, namespaceHint},
		{da.ErrInvalidBlob, CodeBadRequest, "post at least one byte: any bytes as encoding=data, a multiple of 32 as encoding=raw"},
		{kzg.ErrNonCanonicalScalar, CodeBadRequest, "post any bytes as encoding=data; encoding=raw takes big-endian scalars of 32 bytes below the BLS12-381 modulus"},
		{da.ErrMismatch, CodeInvalidProof, ""},
		{da.ErrInvalidProof, CodeInvalidProof, ""},
		{kzg.ErrInvalidProof, CodeInvalidProof, ""},
		{kzg.ErrInvalidPoint, CodeInvalidProof, ""},
		{context.DeadlineExceeded, CodeTimeout, ""},
		{context.Canceled, CodeTimeout, ""},
	}
}

// causeOf returns what an error is answered with.
func causeOf(err error) cause {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return cause{da.ErrTooLarge, CodeTooLarge, ""}
	}
	for _, c := range causes() {
		if errors.Is(err, c.sentinel) {
			return c
		}
	}
	return cause{err, CodeInternal, ""}
}

// CodeOf returns the code that an error is answered with.
func CodeOf(err error) Code { return causeOf(err).code }

// Problem is what "error" holds in an answer.
type Problem struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Hint says what to do about it.
	Hint string `json:"hint"`
	// Retryable tells whether the same request may succeed later.
	Retryable bool `json:"retryable"`
	// RequestID is also in the header X-Request-Id and in the node's log.
	RequestID string `json:"request_id"`
}

// ErrorBody is the answer to a request that failed.
type ErrorBody struct {
	Error Problem `json:"error"`
}

// problemOf describes an error; what is internal is not told.
func problemOf(err error, requestID string) (Problem, int) {
	c := causeOf(err)
	k := kindOf(c.code)
	message, hint := c.message(err), k.hint
	var told *advised
	switch {
	case c.code == CodeInternal:
		message = "the node failed to answer"
	case errors.As(err, &told):
		hint = told.hint
	case c.hint != "":
		hint = c.hint
	}
	return Problem{c.code, message, hint, k.retryable, requestID}, k.status
}

// message is an error's text, without the sentinel at its beginning where the code says the
// same.
func (c *cause) message(err error) string {
	repeated := []error{
		ErrUnauthorized, ErrInsufficientFunds, ErrFeeTooLow, ErrUnderpriced, ErrAccountLimit, ErrEvicted, ErrReplaced, ErrMempoolFull, ErrUnsupported, ErrRateLimited, ErrBadRequest, ErrNotAttested,
		da.ErrPruned, da.ErrFutureHeight, da.ErrNotFound, da.ErrTooLarge,
	}
	if !slices.Contains(repeated, c.sentinel) {
		return err.Error()
	}
	return strings.TrimPrefix(err.Error(), c.sentinel.Error()+": ")
}
