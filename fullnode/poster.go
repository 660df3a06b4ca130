package fullnode

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/gogoproto/proto"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// sequenceInterval is how long the poster waits for a block before it looks at the account
// again.
const sequenceInterval = 250 * time.Millisecond

// poster signs blobs with the node's own key and pays for them.
type poster struct {
	node   *Node
	signer *client.Signer

	turn chan struct{} // holds an element from the choice of a sequence to the mempool's verdict
}

func newPoster(node *Node, signer *client.Signer) *poster {
	return &poster{node: node, signer: signer, turn: make(chan struct{}, 1)}
}

// post computes what goes beside a blob, signs and submits it.
func (p *poster) post(ctx context.Context, blob da.Blob) (*api.Posted, error) {
	prepared, err := client.Prepare(p.node.setup, []da.Blob{blob})
	if err != nil {
		return nil, err
	}
	id, err := p.send(ctx, prepared)
	if err != nil {
		return nil, err
	}
	return &api.Posted{Tx: id, Info: prepared.Blobs()[0]}, nil
}

// send signs with the sequence after what waits. Where the mempool expects another then, or
// has one of it, this account is used elsewhere too, or a block was committed just now: it is
// looked up again.
func (p *poster) send(ctx context.Context, prepared *client.Prepared) ([da.HashSize]byte, error) {
	if err := p.take(ctx); err != nil {
		return [da.HashSize]byte{}, err
	}
	defer func() { <-p.turn }()
	for {
		account, err := p.account(ctx)
		if err != nil {
			return [da.HashSize]byte{}, err
		}
		id, err := p.sign(ctx, prepared, account)
		if err == nil || !errors.Is(err, api.ErrBadSequence) && !errors.Is(err, api.ErrUnderpriced) {
			return id, err
		}
		select {
		case <-time.After(sequenceInterval):
		case <-ctx.Done():
			return id, fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// take waits for the turn, which whoever has it gives back.
func (p *poster) take(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w while others posted with the node's key", ctx.Err())
	}
}

func (p *poster) account(ctx context.Context) (client.Account, error) {
	address, err := sdk.AccAddressFromBech32(p.signer.Address())
	if err != nil {
		return client.Account{}, err
	}
	state, err := view{p.node}.Account(ctx, [da.AddressSize]byte(address))
	if errors.Is(err, da.ErrNotFound) {
		return client.Account{}, api.Advise(fmt.Errorf("%w: the node's key %s holds nothing", api.ErrInsufficientFunds, p.signer.Address()), "fund that address, or sign with a key of your own (POST /v1/txs, ashlar blob submit --from)")
	}
	if err != nil {
		return client.Account{}, err
	}
	return client.Account{ChainID: p.node.ChainID(), Number: state.Number, Sequence: state.PendingSequence}, nil
}

// execute signs and submits messages without blobs.
func (p *poster) execute(ctx context.Context, gas uint64, messages ...proto.Message) ([da.HashSize]byte, error) {
	if err := p.take(ctx); err != nil {
		return [da.HashSize]byte{}, err
	}
	defer func() { <-p.turn }()
	account, err := p.account(ctx)
	if err != nil {
		return [da.HashSize]byte{}, err
	}
	state, err := view{p.node}.state()
	if err != nil {
		return [da.HashSize]byte{}, err
	}
	prices, err := p.node.prices(state)
	if err != nil {
		return [da.HashSize]byte{}, err
	}
	signed, err := client.SignMessages(p.signer, account, client.Fees{Cap: prices.BaseFee.MulRaw(2), GasLimit: gas, GasPrice: prices.Gas}, messages...)
	if err != nil {
		return [da.HashSize]byte{}, err
	}
	submitted, err := submitter{p.node}.SubmitTx(ctx, signed)
	return submitted.Tx, err
}

func (p *poster) sign(ctx context.Context, prepared *client.Prepared, account client.Account) ([da.HashSize]byte, error) {
	fees, err := p.fees(prepared)
	if err != nil {
		return [da.HashSize]byte{}, err
	}
	envelope, err := prepared.Sign(p.signer, account, fees)
	if err != nil {
		return [da.HashSize]byte{}, err
	}
	submitted, err := submitter{p.node}.SubmitTx(ctx, envelope.Encode())
	return submitted.Tx, err
}

func (p *poster) fees(prepared *client.Prepared) (client.Fees, error) {
	state, err := view{p.node}.state()
	if err != nil {
		return client.Fees{}, err
	}
	prices, err := p.node.prices(state)
	if err != nil {
		return client.Fees{}, err
	}
	return prepared.Fees(prices.BaseFee, prices.Gas), nil
}
