package client

import (
	"context"
	"fmt"
	"time"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/da"
)

// pollInterval is the time between two looks at what is waited for.
const pollInterval = 250 * time.Millisecond

// sendInOrder signs with the account's next sequence and hands the transaction to the
// node, one at a time, and returns the transaction's id. Where the node expects another
// sequence it is asked for the account again: until then transactions of this account
// that others sent wait for their block.
func (c *Client) sendInOrder(ctx context.Context, prepared *Prepared, wait Wait) (Hex, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w while other transactions were sent", ctx.Err())
	}
	for {
		account, err := c.nextAccount(ctx)
		if err != nil {
			return nil, err
		}
		id, err := c.send(ctx, prepared, account, wait)
		if err == nil {
			c.next = &Account{ChainID: account.ChainID, Number: account.Number, Sequence: account.Sequence + 1}
			return id, nil
		}
		c.next = nil
		if CodeOf(err) != CodeBadSequence {
			return nil, err
		}
		if err := pause(ctx, err); err != nil {
			return nil, err
		}
	}
}

// pause waits before another look; when ctx ends it returns what is being retried.
func pause(ctx context.Context, last error) error {
	select {
	case <-time.After(pollInterval):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w; last answer: %w", ctx.Err(), last)
	}
}

// nextAccount returns what the next signature commits to. It is the caller's turn.
func (c *Client) nextAccount(ctx context.Context) (Account, error) {
	if c.next != nil {
		return *c.next, nil
	}
	status, err := c.Status(ctx)
	if err != nil {
		return Account{}, err
	}
	state, err := c.Account(ctx, c.signer.Address())
	if CodeOf(err) == CodeNotFound {
		return Account{}, &Error{Code: CodeInsufficientFunds, Message: "account " + c.signer.Address() + " holds nothing", Hint: "fund it first"}
	}
	if err != nil {
		return Account{}, err
	}
	return Account{ChainID: status.ChainID, Number: state.Number, Sequence: state.Sequence}, nil
}

// send signs and hands in a transaction. The node answers once it has accepted it: what
// else is waited for must not keep others from their turn, except an attestation, which a
// node has to be asked for with the transaction.
func (c *Client) send(ctx context.Context, prepared *Prepared, account Account, wait Wait) (Hex, error) {
	fees, err := c.offer(ctx)
	if err != nil {
		return nil, err
	}
	envelope, err := prepared.Sign(c.signer, account, fees)
	if err != nil {
		return nil, err
	}
	if wait == Included {
		wait = Accepted
	}
	var answer receipt
	if err := c.post(ctx, "/v1/txs?wait="+string(wait), binaryType, envelope.Encode(), &answer); err != nil {
		return nil, err
	}
	return answer.Tx, nil
}

// offer asks for the base fee and offers enough above it to last some blocks.
func (c *Client) offer(ctx context.Context) (Fees, error) {
	fees, err := c.Fees(ctx)
	if err != nil {
		return Fees{}, err
	}
	base, ok := math.NewIntFromString(fees.BaseFee)
	if !ok || base.IsNegative() {
		return Fees{}, fmt.Errorf("the node says the base fee is %q", fees.BaseFee)
	}
	price, err := math.LegacyNewDecFromStr(fees.GasPrice)
	if err != nil || price.IsNegative() {
		return Fees{}, fmt.Errorf("the node says the price of execution gas is %q", fees.GasPrice)
	}
	return Fees{
		Cap:      base.MulRaw(capFactor),
		Tip:      base.QuoRaw(tipShare),
		GasLimit: gasLimit,
		GasPrice: math.MaxInt(c.gasPrice, price.Ceil().TruncateInt()),
	}, nil
}

// receive turns an accepted transaction into what the caller waits for.
func (c *Client) receive(ctx context.Context, prepared *Prepared, id Hex, since uint64, wait Wait) ([]Posted, error) {
	posted := make([]Posted, len(prepared.infos))
	for i := range posted {
		posted[i] = describe(&prepared.infos[i], id)
	}
	if wait == Accepted {
		return posted, nil
	}
	for {
		height, err := c.included(ctx, posted[0].ID, since)
		if err != nil {
			return posted, err
		}
		if height > 0 {
			for i := range posted {
				posted[i].Status, posted[i].Height = string(wait), height
			}
			return posted, nil
		}
		if err := pause(ctx, fmt.Errorf("transaction %x is not included yet", []byte(id))); err != nil {
			return posted, err
		}
	}
}

func describe(info *da.BlobInfo, tx Hex) Posted {
	p := Posted{
		ID: info.ID(), Status: string(Accepted), Tx: tx,
		Namespace: info.Namespace, Encoding: info.Encoding, Size: info.Size, Keccak256: info.Keccak256[:],
	}
	for _, commitment := range info.Commitments {
		hash := da.VersionedHash(commitment)
		p.VersionedHashes = append(p.VersionedHashes, hash[:])
	}
	return p
}

// included returns the height after since at which this client's account had a blob
// included, 0 if there is none yet.
func (c *Client) included(ctx context.Context, id da.BlobID, since uint64) (uint64, error) {
	var answer inclusions
	err := c.get(ctx, "/v1/blobs/"+id.String()+"?signer="+c.signer.Address(), &answer)
	if CodeOf(err) == CodeNotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, found := range answer.Inclusions {
		if found.Height > since && found.Entry.Signer == c.signer.Address() {
			return found.Height, nil
		}
	}
	return 0, nil
}
