package client

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/math"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/gogoproto/proto"

	"github.com/ashlar-da/ashlar/da"
)

// SignMessages signs a transaction of messages without blobs, which must be the signer's. Of the fees,
// Cap is per unit of the blob gas that the transaction's own bytes take; there is no tip and no granter.
func SignMessages(signer *Signer, account Account, fees Fees, messages ...proto.Message) ([]byte, error) {
	body, err := messageBody(messages)
	if err != nil {
		return nil, err
	}
	return signBody(signer, account, fees, body)
}

func messageBody(messages []proto.Message) ([]byte, error) {
	var body tx.TxBody
	for _, m := range messages {
		packed, err := codectypes.NewAnyWithValue(m)
		if err != nil {
			return nil, fmt.Errorf("pack message: %w", err)
		}
		body.Messages = append(body.Messages, packed)
	}
	return body.Marshal()
}

func signBody(signer *Signer, account Account, fees Fees, body []byte) ([]byte, error) {
	blobGas := math.NewIntFromUint64(da.TxBlobGas(len(body) + framing))
	amount := fees.Cap.Mul(blobGas).Add(fees.GasPrice.Mul(math.NewIntFromUint64(fees.GasLimit)))
	return signTx(signer, account, &tx.Fee{Amount: sdk.NewCoins(sdk.NewCoin(Denom, amount)), GasLimit: fees.GasLimit}, body)
}

// Execute signs messages without blobs in one transaction, with so much execution gas, and waits until a block
// includes it. It fails where the chain refuses what they ask, too. It takes a sequence of Signer's own account: nothing
// else may post from that meanwhile.
func (c *Client) Execute(ctx context.Context, gas uint64, messages ...proto.Message) (Hex, error) {
	if c.signer == nil {
		return nil, errors.New("messages need a signer: set Config.Signer")
	}
	body, err := messageBody(messages)
	if err != nil {
		return nil, err
	}
	answer, err := c.sendBody(ctx, body, gas)
	if err != nil {
		return nil, err
	}
	status, err := c.Tx(ctx, answer.Tx)
	switch {
	case err != nil:
		return answer.Tx, fmt.Errorf("transaction %x is included, and what came of it is not known: %w", []byte(answer.Tx), err)
	case status.Included != nil && status.Included.Code != 0:
		return answer.Tx, fmt.Errorf("the chain refused it: code %d of %s, in transaction %x of block %d: `ashlar query block-results %d` says why", status.Included.Code, status.Included.Codespace, []byte(answer.Tx), status.Height, status.Height)
	}
	return answer.Tx, nil
}

// sendBody signs a transaction without blobs, with a fee that lasts some blocks, and waits until a block includes it.
func (c *Client) sendBody(ctx context.Context, body []byte, gas uint64) (*receipt, error) {
	account, _, err := c.accountNow(ctx, c.signer.address)
	if err != nil {
		return nil, err
	}
	base, price, err := c.prices(ctx)
	if err != nil {
		return nil, err
	}
	signed, err := signBody(c.signer, account, Fees{Cap: base.MulRaw(capFactor), GasLimit: gas, GasPrice: price}, body)
	if err != nil {
		return nil, err
	}
	return attemptFor(ctx, c, requestTimeout, func(ctx context.Context, node *endpoint) (*receipt, error) {
		return post[receipt](ctx, c, node, "/v1/txs?wait="+string(Included), signed)
	})
}
