package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// lostAfter is how many blocks may pass before a transaction that a node took is handed in
	// again, where no node can tell what became of it.
	lostAfter = 3
	// uploadRate is the least rate that uploads are given time for, in bytes per second.
	uploadRate = 64 << 10
)

// uploadTime is what sending a body may take.
func uploadTime(size int) time.Duration { return time.Duration(size/uploadRate+1) * time.Second }

// accountNow asks a node for an account, and for a height by which its answer held.
func (c *Client) accountNow(ctx context.Context, address string) (Account, uint64, error) {
	type answer struct {
		account Account
		height  uint64
	}
	found, err := attempt(ctx, c, func(ctx context.Context, node *endpoint) (answer, error) {
		state, err := getFrom[AccountState](ctx, c, node, "/v1/accounts/"+address)
		if CodeOf(err) == CodeNotFound {
			return answer{}, c.noAccount(address)
		}
		if err != nil {
			return answer{}, err
		}
		status, err := getFrom[Status](ctx, c, node, "/v1/status")
		if err != nil {
			return answer{}, err
		}
		return answer{Account{ChainID: status.ChainID, Number: state.Number, Sequence: state.Sequence}, status.ChainHeight}, nil
	})
	return found.account, found.height, err
}

// noAccount says what to do about an account that does not exist.
func (c *Client) noAccount(address string) error {
	hint := "fund it first"
	if address != c.signer.address {
		hint = "it is a lane that was not opened yet: see OpenLanes"
	}
	return &Error{Code: CodeInsufficientFunds, Message: "account " + address + " holds nothing", Hint: hint}
}

// sign signs a flight at the least free sequence, writes that down and puts it in flight.
func (l *lane) sign(ctx context.Context, f *flight) time.Duration {
	if f.signed != nil && f.signed.account.ChainID != l.account.ChainID {
		l.client.tracker.remove(f)
		f.signed = nil // on this chain it never was
	}
	fees, err := l.client.offer(ctx, f.prepared, Fees{})
	if err != nil {
		return l.stuck(err)
	}
	if err := l.signWith(ctx, f, fees); err != nil {
		return l.stuck(err)
	}
	l.client.tracker.add(f, l)
	return 0
}

// signWith signs a flight, at its own sequence where it is in flight.
func (l *lane) signWith(ctx context.Context, f *flight, fees Fees) error {
	head, err := l.client.tracker.trustedHead(ctx)
	if err != nil {
		return err
	}
	account, ok := l.accountFor(f)
	if !ok {
		return nil // it landed meanwhile
	}
	fees.Granter, fees.Expires = l.granter, head+l.client.expiry
	envelope, err := f.prepared.Sign(l.signer, account, fees)
	if err != nil {
		return err
	}
	signed := &signedTx{address: l.signer.address, account: account, fees: fees, since: head, raw: envelope.Tx}
	if f.signed != nil {
		signed.since = f.since // it is looked for from there on, whichever transaction it is in
	}
	if err := l.client.journal.signed(f.sub.key, signed); err != nil {
		return err
	}
	l.mu.Lock()
	if f.signed == nil {
		f.take(signed)
	}
	f.signed, f.sent, f.refusals = signed, false, 0
	l.place(f)
	l.mu.Unlock()
	f.sub.signed(signed)
	return nil
}

// accountFor returns the account with the sequence that a flight is to be signed at: its own
// where it is in flight, otherwise the least free one; false if it is not on the lane.
func (l *lane) accountFor(f *flight) (Account, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	account := l.account
	switch {
	case slices.Contains(l.flights, f):
		account.Sequence = f.sequence()
	case slices.Contains(l.queue, f):
		account.Sequence = l.free()
	default:
		return account, false
	}
	return account, true
}

// place moves a flight from the queue to where its sequence is. The caller holds mu.
func (l *lane) place(f *flight) {
	if i := slices.Index(l.queue, f); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
		l.insert(f)
	}
}

// send hands a transaction to a node and acts on the answer.
func (l *lane) send(ctx context.Context, f *flight) time.Duration {
	body := f.envelope()
	timeout := l.client.timeout + uploadTime(len(body))
	answer, err := attemptFor(ctx, l.client, timeout, func(ctx context.Context, node *endpoint) (*receipt, error) {
		return post[receipt](ctx, l.client, node, "/v1/txs?wait="+string(Accepted), body)
	})
	switch code := CodeOf(err); {
	case err == nil:
		return l.accepted(f, answer)
	case code == CodeBadSequence || code == CodeUnderpriced:
		return l.desync(ctx, f, err)
	case code == CodeFeeTooLow:
		return l.raise(ctx, f, err)
	case isRefusal(code) && !f.doubtful:
		l.fail(f, err)
		return 0
	case isNodesFault(err):
		f.doubtful = true
	}
	f.sub.hindered(err)
	return max(retryInterval, waitFor(err))
}

// isRefusal tells whether a node refuses a transaction for what it is.
func isRefusal(code Code) bool {
	switch code {
	case CodeInsufficientFunds, CodeTooLarge, CodeBadRequest, CodeUnauthorized, CodeUnsupported, CodeInvalidProof, CodeWrongChain, CodeNotFound:
		return true
	}
	return false
}

// waitFor is how long a node asks to wait.
func waitFor(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return min(e.RetryAfter, time.Minute)
	}
	return 0
}

func (l *lane) accepted(f *flight, answer *receipt) time.Duration {
	l.mu.Lock()
	f.sent, f.doubtful, f.refusals = true, true, 0
	f.checkedAt = l.client.tracker.head()
	id := f.signed.id()
	l.mu.Unlock()
	if answer.Height > 0 {
		l.client.tracker.rewind(f, answer.Height)
	}
	if !f.sub.State().State.has(Accepted) {
		f.sub.note(Update{State: Accepted, Tx: id, Signer: l.signer.address})
	}
	return 0
}

// desync acts on a node that expects another sequence. Either this one was used up: then the
// blocks tell by what. Or what came before it was lost: then that is sent again. Or another
// transaction holds its place in the mempool: then the next block tells.
func (l *lane) desync(ctx context.Context, f *flight, cause error) time.Duration {
	if err := l.refresh(ctx); err != nil {
		return l.stuck(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f.refusals++
	lost := false
	for _, before := range l.flights {
		if s := before.sequence(); s >= l.account.Sequence && s < f.sequence() && before.sent {
			before.sent, lost = false, true
		}
	}
	if lost && f.refusals == 1 {
		return 0
	}
	if f.sequence() < l.account.Sequence {
		cause = fmt.Errorf("its sequence was used: waiting until the blocks tell what by: %w", cause)
	}
	f.sub.hindered(cause)
	return pollInterval
}

// raise signs a flight again at its sequence with a higher fee, if the bounds allow it.
func (l *lane) raise(ctx context.Context, f *flight, cause error) time.Duration {
	fees, err := l.client.offer(ctx, f.prepared, f.signed.fees)
	if err == nil {
		err = l.signWith(ctx, f, fees)
	}
	if err != nil {
		f.sub.hindered(errors.Join(cause, err))
		return retryInterval
	}
	return pollInterval
}

// review looks after the transaction that comes next on the chain, once a block: whether it
// still waits, and whether what it offers is still enough.
func (l *lane) review(ctx context.Context) time.Duration {
	f, head := l.first(), l.client.tracker.head()
	if f == nil || head <= f.checkedAt {
		return pollInterval
	}
	status, why := l.client.txStatus(ctx, f.signed.id())
	switch status {
	case txWaiting:
		l.checked(f, head)
		return l.outbid(ctx, f)
	case txUnknown:
		if head < f.checkedAt+lostAfter {
			return l.outbid(ctx, f)
		}
		fallthrough
	case txLost:
		f.sub.hindered(why)
		l.resend(f)
		return 0
	}
	return pollInterval
}

// first returns the flight with the least sequence that is not used up.
func (l *lane) first() *flight {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.flights {
		if f.sequence() >= l.account.Sequence {
			return f
		}
	}
	return nil
}

func (l *lane) checked(f *flight, head uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.checkedAt = head
}

// resend has a flight sent again, and those after it: without it no mempool keeps them.
func (l *lane) resend(f *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, other := range l.flights {
		if other.sequence() >= f.sequence() {
			other.sent = false
		}
	}
}

// outbid raises the fee of a flight that the base fee has risen above.
func (l *lane) outbid(ctx context.Context, f *flight) time.Duration {
	base, _, err := l.client.prices(ctx)
	if err != nil || base.LTE(f.signed.fees.Cap) {
		return pollInterval
	}
	cause := &Error{Code: CodeFeeTooLow, Message: fmt.Sprintf("the base fee is %s%s, the transaction's cap %s%s", base, Denom, f.signed.fees.Cap, Denom)}
	return l.raise(ctx, f, cause)
}

// txState is what a node says of a transaction.
type txState int

const (
	txUnknown txState = iota // it cannot tell
	txWaiting                // it waits in the mempool, or is in a block
	txLost                   // it does not have it
)

// txStatus asks what became of a transaction, and why it was lost, if it was.
func (c *Client) txStatus(ctx context.Context, id Hex) (txState, error) {
	answer, err := c.Tx(ctx, id)
	if err != nil {
		return txUnknown, errNotIncluded
	}
	switch answer.Status {
	case "waiting", "included":
		return txWaiting, nil
	case "evicted", "replaced", "refused", "unknown":
		return txLost, fmt.Errorf("%w: the node says it is %s; %s", errNotIncluded, answer.Status, answer.Reason)
	}
	return txUnknown, errNotIncluded
}

// errNotIncluded is why a transaction is sent again.
var errNotIncluded = errors.New("a node took the transaction and it is in no block: sending it again")
