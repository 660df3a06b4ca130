package p2p

import (
	"errors"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// What can come of a request besides an answer. da.ErrNotFound, da.ErrPruned and
// da.ErrFutureHeight belong to the list: the peer says so of the height asked for.
var (
	// ErrSyncing means that the peer does not know yet, because it is catching up.
	ErrSyncing = errors.New("p2p: the peer is catching up")
	// ErrTooLarge means that the request or its answer passes the peer's bounds; ask for less.
	ErrTooLarge = errors.New("p2p: too large")
	// ErrRateLimited means that the peer has answered enough for now; ask another.
	ErrRateLimited = errors.New("p2p: rate limited")
	// ErrBadRequest means that the request breaks the protocol.
	ErrBadRequest = errors.New("p2p: bad request")
	// ErrRemote means that the peer failed and does not say how.
	ErrRemote = errors.New("p2p: the peer failed")

	// ErrGarbage means that the peer's answer breaks the protocol or is not what was asked for.
	ErrGarbage = errors.New("p2p: garbage")
	// ErrWrongChain means that the peer serves another chain.
	ErrWrongChain = errors.New("p2p: wrong chain")
	// ErrUnsupported means that the peer does not serve this protocol.
	ErrUnsupported = errors.New("p2p: not served by the peer")
	// ErrBanned means that the peer is banned for what it sent.
	ErrBanned = errors.New("p2p: banned")
	// ErrNoPeer means that there is nobody to ask.
	ErrNoPeer = errors.New("p2p: no peer")
)

// statuses pairs errors with what stands for them on the wire. ErrRemote is last, and
// stands for every error that is none of the others.
var statuses = [...]struct {
	status wire.Status
	err    error
}{
	{wire.Status_STATUS_NOT_FOUND, da.ErrNotFound},
	{wire.Status_STATUS_PRUNED, da.ErrPruned},
	{wire.Status_STATUS_FUTURE_HEIGHT, da.ErrFutureHeight},
	{wire.Status_STATUS_SYNCING, ErrSyncing},
	{wire.Status_STATUS_TOO_LARGE, ErrTooLarge},
	{wire.Status_STATUS_RATE_LIMITED, ErrRateLimited},
	{wire.Status_STATUS_BAD_REQUEST, ErrBadRequest},
	{wire.Status_STATUS_INTERNAL, ErrRemote},
}

// statusOf returns what tells a peer of an error.
func statusOf(err error) wire.Status {
	if err == nil {
		return wire.Status_STATUS_OK
	}
	for _, pair := range statuses {
		if errors.Is(err, pair.err) {
			return pair.status
		}
	}
	return wire.Status_STATUS_INTERNAL
}

// errorOf returns the error a status stands for: nil for OK, ErrGarbage for one that
// does not exist.
func errorOf(status wire.Status) error {
	if status == wire.Status_STATUS_OK {
		return nil
	}
	for _, pair := range statuses {
		if pair.status == status {
			return pair.err
		}
	}
	return ErrGarbage
}
