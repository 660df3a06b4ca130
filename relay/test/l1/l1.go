// Package l1 is a simulated Ethereum that processes talk to over HTTP, as they would to a node: its blocks are made when
// told to, its fees rise when told to, and its newest blocks vanish when told to.
package l1

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/ethclient/simulated"
	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ashlar-da/ashlar/contracts"
)

// maxGas is what one transaction may use (EIP-7825).
const maxGas = 1 << 24

// burner is a contract that uses all the gas it is given.
var burner = common.HexToAddress("0x00000000000000000000000000000000000b0b0b")

// Chain is a chain of its own. Its methods are one goroutine's; what talks to URL is not bound by that.
type Chain struct {
	*simulated.Backend
	Client simulated.Client
	// URL is where it answers JSON-RPC over HTTP.
	URL string
	// ID is the chain's number.
	ID *big.Int
	// Rich has money without end, and pays for what the methods do.
	Rich *ecdsa.PrivateKey
}

// Start starts a chain on a port of this machine, 0: a free one. Every account of funded has a thousand ETH.
func Start(port int, funded ...common.Address) (*Chain, error) {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("who pays")))
	if err != nil {
		return nil, err
	}
	if port == 0 {
		if port, err = freePort(); err != nil {
			return nil, err
		}
	}
	rules := osaka()
	c := &Chain{URL: fmt.Sprintf("http://127.0.0.1:%d", port), ID: rules.ChainID, Rich: key}
	alloc := types.GenesisAlloc{
		crypto.PubkeyToAddress(key.PublicKey): {Balance: new(big.Int).Lsh(big.NewInt(1), 120)},
		burner:                                {Balance: new(big.Int), Code: []byte{0xfe}}, // INVALID
	}
	for _, address := range funded {
		alloc[address] = types.Account{Balance: new(big.Int).Mul(big.NewInt(1e18), big.NewInt(1000))}
	}
	c.Backend = simulated.NewBackend(alloc, func(stack *node.Config, conf *ethconfig.Config) {
		conf.Genesis.Config = rules
		stack.HTTPHost, stack.HTTPPort, stack.HTTPModules = "127.0.0.1", port, []string{"eth", "net", "web3"}
	})
	c.Client = c.Backend.Client()
	return c, nil
}

// osaka is the rules of Ethereum's main network.
func osaka() *params.ChainConfig {
	rules := *params.AllDevChainProtocolChanges
	rules.AmsterdamTime = nil
	return &rules
}

// freePort finds a port that nothing listens on.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil || !ok {
		return 0, errors.Join(errors.New("no port to listen on"), err)
	}
	return address.Port, nil
}

// Mine makes blocks of what waits.
func (c *Chain) Mine(blocks int) {
	for range blocks {
		c.Commit()
	}
}

// Sleep makes a block that is so much later. What waits is dropped: time does not move while anything does, or while the pool
// has not noticed yet that what was sent is in a block.
func (c *Chain) Sleep(d time.Duration) error {
	c.Rollback()
	return c.AdjustTime(d)
}

// Reorganise takes the newest blocks away and makes one more in their place. What was in them waits again, as far as it
// still can.
func (c *Chain) Reorganise(blocks int) error {
	ctx := context.Background()
	head, err := c.Client.HeaderByNumber(ctx, nil)
	if err != nil {
		return err
	}
	ancestor, err := c.Client.HeaderByNumber(ctx, new(big.Int).Sub(head.Number, big.NewInt(int64(blocks))))
	if err != nil {
		return err
	}
	if err := c.Fork(ancestor.Hash()); err != nil {
		return err
	}
	c.Mine(blocks + 1)
	return nil
}

// Congest makes blocks that are full until the base fee has risen to at least so much, in wei per unit of gas. A full block
// raises it by up to an eighth.
func (c *Chain) Congest(baseFee uint64) error {
	for {
		now, err := c.BaseFee()
		if err != nil || now.Cmp(new(big.Int).SetUint64(baseFee)) >= 0 {
			return err
		}
		if err := c.fill(); err != nil {
			return err
		}
	}
}

// fill makes a block with as many transactions as it has room for.
func (c *Chain) fill() error {
	ctx := context.Background()
	head, err := c.Client.HeaderByNumber(ctx, nil)
	if err != nil {
		return err
	}
	nonce, err := c.Client.NonceAt(ctx, crypto.PubkeyToAddress(c.Rich.PublicKey), nil)
	if err != nil {
		return err
	}
	for i := range head.GasLimit / maxGas {
		err := c.send(ctx, nonce+i, &burner, nil, 2e6)
		if err != nil && !strings.Contains(err.Error(), "underpriced") && !strings.Contains(err.Error(), "already known") { // which wait from before
			return err
		}
	}
	c.Commit()
	return nil
}

// BaseFee is what the newest block charged per unit of gas, in wei.
func (c *Chain) BaseFee() (*big.Int, error) {
	head, err := c.Client.HeaderByNumber(context.Background(), nil)
	if err != nil {
		return nil, err
	}
	return head.BaseFee, nil
}

// send has Rich send a transaction, which waits.
func (c *Chain) send(ctx context.Context, nonce uint64, to *common.Address, data []byte, tip int64) error {
	head, err := c.Client.HeaderByNumber(ctx, nil)
	if err != nil {
		return err
	}
	tx, err := types.SignNewTx(c.Rich, types.LatestSignerForChainID(c.ID), &types.DynamicFeeTx{
		ChainID: c.ID, Nonce: nonce, To: to, Data: data, Gas: maxGas,
		GasTipCap: big.NewInt(tip), GasFeeCap: new(big.Int).Add(new(big.Int).Lsh(head.BaseFee, 1), big.NewInt(tip)),
	})
	if err != nil {
		return err
	}
	return c.Client.SendTransaction(ctx, tx)
}

// Deploy deploys a contract of contracts/out in a block of its own.
func (c *Chain) Deploy(name string, args ...any) (common.Address, error) {
	artifact, err := contracts.Load(name)
	if err != nil {
		return common.Address{}, err
	}
	parsed, err := abi.JSON(bytes.NewReader(artifact.ABI))
	if err != nil {
		return common.Address{}, err
	}
	packed, err := parsed.Pack("", args...)
	if err != nil {
		return common.Address{}, err
	}
	ctx := context.Background()
	rich := crypto.PubkeyToAddress(c.Rich.PublicKey)
	code := append(bytes.Clone(artifact.Bytecode), packed...)
	if _, err := c.Client.CallContract(ctx, ethereum.CallMsg{From: rich, Data: code, Gas: maxGas}, nil); err != nil {
		return common.Address{}, fmt.Errorf("deploying %s: %w", name, err)
	}
	nonce, err := c.Client.NonceAt(ctx, rich, nil)
	if err != nil {
		return common.Address{}, err
	}
	if err := c.send(ctx, nonce, nil, code, 1e9); err != nil {
		return common.Address{}, err
	}
	c.Commit()
	address := crypto.CreateAddress(rich, nonce)
	deployed, err := c.Client.CodeAt(ctx, address, nil)
	if err == nil && len(deployed) == 0 {
		err = fmt.Errorf("deploying %s failed", name)
	}
	return address, err
}
