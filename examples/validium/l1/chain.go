// Package l1 is Ethereum as the example has it: go-ethereum's simulated chain, under the rules of the main network, and the
// validium's contracts on it.
package l1

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"os"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/ethclient/simulated"
	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/holiman/uint256"
)

// maxGas is what one transaction may use (EIP-7825).
const maxGas = 1 << 24

// Wallet is an account of Ethereum.
type Wallet struct {
	key     *ecdsa.PrivateKey
	Address common.Address
}

// NewWallet makes the account that a name results in: for simulated money.
func NewWallet(name string) *Wallet {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("ashlar/validium/wallet/" + name)))
	if err != nil {
		panic(err) // fails for a hash that is no scalar of secp256k1: once in 2¹²⁸ names
	}
	return &Wallet{key, crypto.PubkeyToAddress(key.PublicKey)}
}

// WriteKey writes the wallet's private key to a file, as `ashlar relay` reads it.
func (w *Wallet) WriteKey(path string) error {
	if err := os.WriteFile(path, fmt.Appendf(nil, "%x\n", crypto.FromECDSA(w.key)), 0o600); err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	return nil
}

// Chain is a chain of its own. Every transaction gets its block, whose time is now.
type Chain struct {
	backend *simulated.Backend
	Client  simulated.Client
	id      *big.Int

	mu sync.Mutex // held while a block is made
}

// NewChain starts a chain where wallets have a thousand ether each.
func NewChain(wallets ...*Wallet) *Chain { return NewServedChain(0, wallets...) }

// NewServedChain is NewChain of a chain that answers JSON-RPC at a port of this machine, 0: at none.
func NewServedChain(port int, wallets ...*Wallet) *Chain {
	rules := *params.AllDevChainProtocolChanges
	rules.AmsterdamTime, rules.BogotaTime = nil, nil // what the main network has not
	alloc := types.GenesisAlloc{}
	for _, w := range wallets {
		alloc[w.Address] = types.Account{Balance: new(big.Int).Mul(big.NewInt(1000), big.NewInt(params.Ether))}
	}
	backend := simulated.NewBackend(alloc, func(stack *node.Config, conf *ethconfig.Config) {
		if port != 0 {
			stack.HTTPHost, stack.HTTPPort, stack.HTTPModules = "127.0.0.1", port, []string{"eth", "net", "web3"}
		}
		conf.Genesis.Config = &rules
		conf.RPCEVMTimeout = time.Minute // the first point evaluation loads the ceremony's points
	})
	return &Chain{backend: backend, Client: backend.Client(), id: rules.ChainID}
}

// Close stops the chain.
func (c *Chain) Close() error { return c.backend.Close() }

// Sleep makes the next block that much later.
func (c *Chain) Sleep(d time.Duration) error {
	c.backend.Rollback() // the pool may not have noticed yet that what was sent is in a block
	if err := c.backend.AdjustTime(d); err != nil {
		return fmt.Errorf("move the time: %w", err)
	}
	return nil
}

// Mine makes a block.
func (c *Chain) Mine() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.backend.Commit()
}

// Run makes a block a second, for what others send, until the context ends.
func (c *Chain) Run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if now, err := c.Now(ctx); err == nil && time.Since(now) > time.Second { // or its time would run ahead of ours
			c.Mine()
		}
	}
}

// Now is the time of the newest block.
func (c *Chain) Now(ctx context.Context) (time.Time, error) {
	head, err := c.Client.HeaderByNumber(ctx, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("the newest block: %w", err)
	}
	return time.Unix(int64(head.Time), 0), nil
}

// Transaction is what Send sends.
type Transaction struct {
	// To is nil to deploy.
	To    *common.Address
	Value *big.Int
	Data  []byte
	// Blobs make it one of type 3.
	Blobs []*kzg4844.Blob
}

// Send puts a transaction into a block. It fails if the transaction reverts, with a *Revert where the
// contract says why.
func (c *Chain) Send(ctx context.Context, from *Wallet, t Transaction) (*types.Receipt, error) {
	if now, err := c.Now(ctx); err == nil && time.Since(now) > time.Second {
		c.Mine() // calls run at the newest block's time
	}
	data, err := c.fill(ctx, from, t)
	if err != nil {
		return nil, err
	}
	if len(t.Blobs) == 0 { // the simulated node does not run calls with blobs
		if _, err := c.Call(ctx, from.Address, t); err != nil {
			return nil, err
		}
	}
	tx, err := types.SignNewTx(from.key, types.LatestSignerForChainID(c.id), data)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if err := c.Client.SendTransaction(ctx, tx); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	c.Mine()
	receipt, err := c.Client.TransactionReceipt(ctx, tx.Hash())
	if err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	if receipt.Status != types.ReceiptStatusSuccessful {
		return receipt, c.why(ctx, from.Address, t, tx.BlobHashes())
	}
	return receipt, nil
}

func (c *Chain) fill(ctx context.Context, from *Wallet, t Transaction) (types.TxData, error) {
	nonce, err := c.Client.NonceAt(ctx, from.Address, nil)
	if err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	head, err := c.Client.HeaderByNumber(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("the newest block: %w", err)
	}
	value := t.Value
	if value == nil {
		value = new(big.Int)
	}
	tip := big.NewInt(params.GWei)
	fee := new(big.Int).Add(new(big.Int).Lsh(head.BaseFee, 1), tip)
	if len(t.Blobs) == 0 {
		return &types.DynamicFeeTx{ChainID: c.id, Nonce: nonce, To: t.To, Value: value, Data: t.Data, Gas: maxGas, GasTipCap: tip, GasFeeCap: fee}, nil
	}
	sidecar, err := newSidecar(t.Blobs)
	if err != nil {
		return nil, err
	}
	return &types.BlobTx{
		ChainID: uint256.MustFromBig(c.id), Nonce: nonce, To: *t.To, Value: uint256.MustFromBig(value), Data: t.Data, Gas: maxGas,
		GasTipCap: uint256.MustFromBig(tip), GasFeeCap: uint256.MustFromBig(fee), BlobFeeCap: uint256.NewInt(params.GWei),
		BlobHashes: sidecar.BlobHashes(), Sidecar: sidecar,
	}, nil
}

// newSidecar commits to blobs, and proves their cells.
func newSidecar(blobs []*kzg4844.Blob) (*types.BlobTxSidecar, error) {
	s := &types.BlobTxSidecar{Version: types.BlobSidecarVersion1}
	for _, b := range blobs {
		commitment, err := kzg4844.BlobToCommitment(b)
		if err != nil {
			return nil, fmt.Errorf("commit to a blob: %w", err)
		}
		proofs, err := kzg4844.ComputeCellProofs(b)
		if err != nil {
			return nil, fmt.Errorf("prove a blob's cells: %w", err)
		}
		s.Blobs, s.Commitments, s.Proofs = append(s.Blobs, *b), append(s.Commitments, commitment), append(s.Proofs, proofs...)
	}
	return s, nil
}

// Call runs a transaction on the newest state and keeps nothing.
func (c *Chain) Call(ctx context.Context, from common.Address, t Transaction) ([]byte, error) {
	out, err := c.Client.CallContract(ctx, ethereum.CallMsg{From: from, To: t.To, Value: t.Value, Data: t.Data, Gas: maxGas}, nil)
	return out, asRevert(err)
}

// why runs a transaction that failed again, with the hashes of its blobs alone, to learn the error.
func (c *Chain) why(ctx context.Context, from common.Address, t Transaction, hashes []common.Hash) error {
	msg := ethereum.CallMsg{From: from, To: t.To, Value: t.Value, Data: t.Data, Gas: maxGas, BlobHashes: hashes}
	if len(hashes) > 0 {
		msg.BlobGasFeeCap = big.NewInt(params.GWei)
	}
	if _, err := c.Client.CallContract(ctx, msg, nil); err != nil {
		return asRevert(err)
	}
	return errors.New("the transaction reverted, and would not any more")
}

// Balance is what an address has, in wei.
func (c *Chain) Balance(ctx context.Context, of common.Address) (*big.Int, error) {
	n, err := c.Client.BalanceAt(ctx, of, nil)
	if err != nil {
		return nil, fmt.Errorf("balance: %w", err)
	}
	return n, nil
}

// asRevert returns a *Revert for the error of a call that a contract refused.
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

// TakeBack ends the chain at an earlier block: what came after never was. Time goes on.
func (c *Chain) TakeBack(to common.Hash) error {
	if err := c.backend.Fork(to); err != nil {
		return fmt.Errorf("take the chain back: %w", err)
	}
	c.backend.Rollback() // or they would come again
	return nil
}
