// Package evm runs contracts on a simulated Ethereum: deploy, send, call, expect a custom error, count gas.
package evm

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/ethclient/simulated"
	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
)

// MaxGas is what one transaction may use (EIP-7825).
const MaxGas = 1 << 24

// Genesis is when every chain begins, in seconds since 1970: later than now, so that a block comes one second after the last.
const Genesis = 4_000_000_000

// Chain is a chain of its own, with one account that has money. Every transaction gets its block.
type Chain struct {
	*simulated.Backend
	Client simulated.Client
	// ID is the chain's, Key and Account who pays.
	ID      *big.Int
	Key     *ecdsa.PrivateKey
	Account common.Address
	// gas is how much every transaction and call may use.
	gas uint64
}

// Osaka returns the rules of Ethereum's main network, as the release of go-ethereum that is required knows them.
func Osaka() *params.ChainConfig {
	rules := *params.AllDevChainProtocolChanges
	rules.AmsterdamTime, rules.BogotaTime = nil, nil
	return &rules
}

// Amsterdam returns the rules of the fork after Osaka, which test networks have.
func Amsterdam() *params.ChainConfig {
	rules, genesis := Osaka(), uint64(0)
	rules.AmsterdamTime = &genesis
	return rules
}

// New starts a chain under Osaka's rules, which ends with the test.
func New(tb testing.TB) *Chain { return NewUnder(tb, Osaka()) }

// NewUnder starts a chain under other rules.
func NewUnder(tb testing.TB, rules *params.ChainConfig) *Chain {
	tb.Helper()
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("who pays")))
	if err != nil {
		tb.Fatal(err)
	}
	c := &Chain{ID: rules.ChainID, Key: key, Account: crypto.PubkeyToAddress(key.PublicKey), gas: MaxGas}
	if rules.AmsterdamTime != nil {
		c.gas = 9 * MaxGas // what is above the bound may be used for state
	}
	money := new(big.Int).Lsh(big.NewInt(1), 100)
	c.Backend = simulated.NewBackend(types.GenesisAlloc{c.Account: {Balance: money}}, func(_ *node.Config, conf *ethconfig.Config) {
		conf.Genesis.Config, conf.Genesis.Timestamp, conf.Miner.GasPrice, conf.RPCEVMTimeout = rules, Genesis, big.NewInt(1), 0
		conf.Genesis.GasLimit = max(conf.Genesis.GasLimit, c.gas)
		conf.Miner.GasCeil, conf.RPCGasCap = conf.Genesis.GasLimit, conf.Genesis.GasLimit
	})
	c.Client = c.Backend.Client()
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// Now returns the time of the newest block, in seconds since 1970.
func (c *Chain) Now(tb testing.TB) uint64 {
	tb.Helper()
	head, err := c.Client.HeaderByNumber(context.Background(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return head.Time
}

// Sleep makes the next block that much later.
func (c *Chain) Sleep(tb testing.TB, d time.Duration) {
	tb.Helper()
	c.Rollback() // the pool may not have noticed yet that what was sent is in a block
	if err := c.AdjustTime(d); err != nil {
		tb.Fatal(err)
	}
}

// Send puts a transaction into a block, whether it succeeds or not; a nil `to` deploys.
func (c *Chain) Send(tb testing.TB, to *common.Address, data []byte) *types.Receipt {
	tb.Helper()
	ctx := context.Background()
	nonce, err := c.Client.PendingNonceAt(ctx, c.Account)
	if err != nil {
		tb.Fatal(err)
	}
	head, err := c.Client.HeaderByNumber(ctx, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return c.SendTx(tb, &types.DynamicFeeTx{
		ChainID: c.ID, Nonce: nonce, To: to, Data: data, Gas: c.gas,
		GasTipCap: big.NewInt(1), GasFeeCap: new(big.Int).Add(new(big.Int).Lsh(head.BaseFee, 1), big.NewInt(1)),
	})
}

// SendTx signs a transaction of any type and puts it into a block, whether it succeeds or not.
func (c *Chain) SendTx(tb testing.TB, data types.TxData) *types.Receipt {
	tb.Helper()
	tx, err := types.SignNewTx(c.Key, types.LatestSignerForChainID(c.ID), data)
	if err != nil {
		tb.Fatal(err)
	}
	ctx := context.Background()
	if err := c.Client.SendTransaction(ctx, tx); err != nil {
		tb.Fatal(err)
	}
	return c.receipt(tb, c.Commit(), tx.Hash())
}

// receipt looks a receipt up in its block: looking it up by its transaction waits for an index.
func (c *Chain) receipt(tb testing.TB, block, tx common.Hash) *types.Receipt {
	tb.Helper()
	client, ok := c.Client.(interface {
		BlockReceipts(context.Context, rpc.BlockNumberOrHash) ([]*types.Receipt, error)
	})
	if !ok {
		tb.Fatalf("%T has no BlockReceipts", c.Client)
	}
	receipts, err := client.BlockReceipts(context.Background(), rpc.BlockNumberOrHashWithHash(block, false))
	if err != nil {
		tb.Fatal(err)
	}
	for _, receipt := range receipts {
		if receipt.TxHash == tx {
			return receipt
		}
	}
	tb.Fatalf("transaction %s is not in the block: it was refused", tx)
	return nil
}

// call runs a message on the newest state. A revert is a *Revert.
func (c *Chain) call(to common.Address, data []byte) ([]byte, error) {
	out, err := c.Client.CallContract(context.Background(), ethereum.CallMsg{From: c.Account, To: &to, Data: data, Gas: c.gas}, nil)
	return out, asRevert(err)
}

// Revert is how a call ended that a contract refused.
type Revert struct {
	// Data is the encoded custom error, empty if it has none.
	Data []byte
}

// Error shows the data that the call reverted with.
func (r *Revert) Error() string { return fmt.Sprintf("reverted with %x", r.Data) }

func asRevert(err error) error {
	var withData rpc.DataError
	if !errors.As(err, &withData) {
		return err
	}
	encoded, ok := withData.ErrorData().(string)
	if !ok {
		return err
	}
	data, decodeErr := hexutil.Decode(encoded)
	if decodeErr != nil {
		return err
	}
	return &Revert{data}
}

// create runs a deployment without making it.
func (c *Chain) create(data []byte) ([]byte, error) {
	out, err := c.Client.CallContract(context.Background(), ethereum.CallMsg{From: c.Account, Data: data, Gas: c.gas}, nil)
	return out, asRevert(err)
}
