package l1

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// Batch is the contract's struct of that name; so are Evaluation, Place, Posted and Account.
type Batch struct {
	NewRoot  *big.Int
	Deposits uint64
	Exits    uint16
	Digest   *big.Int
	Proof    []byte
}

// Evaluation is a value of a blob's polynomial, proven.
type Evaluation struct {
	Y                 *big.Int
	Commitment, Proof []byte
}

// Place is a height, and the path from its leaf to a history root.
type Place struct {
	Height                 uint64
	DataRoot, BlobTreeRoot [32]byte
	History                [][32]byte
}

// Posted is where on Ashlar a blob was posted.
type Posted struct {
	VersionedHash, DataKeccak, HistoryRoot [32]byte
	Place                                  Place
	Tree                                   [][32]byte
}

// Account is a leaf of the state.
type Account struct {
	X, Y    *big.Int
	Owner   common.Address
	Balance uint64
	Nonce   uint32
}

// Terms are what a validium is deployed with.
type Terms struct {
	// Blobs is AshlarBlobs.
	Blobs     common.Address
	Operator  common.Address
	Namespace da.Namespace
	// Retention is how long Ashlar keeps data; Patience how long the operator may be silent.
	Retention, Patience time.Duration
	// Grace is how long the operator has to serve an exit that was asked for, Pace how much longer for each batch that has to come before.
	Grace, Pace time.Duration
	// MinDeposit is the least deposit, ExitFee what asking for an exit costs, in gwei.
	MinDeposit, ExitFee uint64
	// FreezeOnExpiry lets anyone freeze when the light client has expired. Else the operator goes on with
	// blobs of Ethereum.
	FreezeOnExpiry bool
	Shape          ledger.Shape
	// BatchKey and CheckpointKey are what verifies.
	BatchKey, CheckpointKey []byte
}

// parameters is Validium.Parameters.
type parameters struct {
	Blobs, Batches, Checkpoints, Operator          common.Address
	Namespace                                      [29]byte
	Retention, Patience                            uint64
	Grace, Pace, MinDeposit, ExitFee               uint64
	FreezeOnExpiry                                 bool
	Depth, SliceDepth, DepositSlots, TransferSlots uint8
	GenesisRoot                                    *big.Int
}

// Validium is the contract on L1.
type Validium struct {
	*Contract
	shape   ledger.Shape
	exitFee uint64
}

// DeployValidium deploys the verifiers of both circuits, and the contract.
func (c *Chain) DeployValidium(ctx context.Context, from *Wallet, t Terms) (*Validium, error) {
	batches, err := c.Deploy(ctx, from, "Groth16Verifier", t.BatchKey)
	if err != nil {
		return nil, err
	}
	checkpoints, err := c.Deploy(ctx, from, "Groth16Verifier", t.CheckpointKey)
	if err != nil {
		return nil, err
	}
	contract, err := c.Deploy(ctx, from, "Validium", parameters{
		Blobs: t.Blobs, Batches: batches.Address, Checkpoints: checkpoints.Address, Operator: t.Operator, Namespace: t.Namespace,
		Retention: uint64(t.Retention / time.Second), Patience: uint64(t.Patience / time.Second), Grace: uint64(t.Grace / time.Second),
		Pace: uint64(t.Pace / time.Second), MinDeposit: t.MinDeposit, ExitFee: t.ExitFee, FreezeOnExpiry: t.FreezeOnExpiry,
		Depth: uint8(t.Shape.Depth), SliceDepth: uint8(t.Shape.SliceDepth), DepositSlots: uint8(t.Shape.Deposits),
		TransferSlots: uint8(t.Shape.Transfers), GenesisRoot: number(ledger.New(t.Shape).Root()),
	})
	if err != nil {
		return nil, err
	}
	return &Validium{contract, t.Shape, t.ExitFee}, nil
}

// Root is the state root.
func (v *Validium) Root(ctx context.Context) (ledger.Scalar, error) { return v.scalar(ctx, "root") }

// Domain is what transfers are signed for.
func (v *Validium) Domain(ctx context.Context) (ledger.Scalar, error) { return v.scalar(ctx, "domain") }

// Queue is the chain of the first n deposits.
func (v *Validium) Queue(ctx context.Context, n int) (ledger.Scalar, error) {
	return v.scalar(ctx, "queue", big.NewInt(int64(n)))
}

func (v *Validium) scalar(ctx context.Context, method string, args ...any) (s ledger.Scalar, _ error) {
	n, err := Call[*big.Int](ctx, v.Contract, method, args...)
	if err != nil {
		return s, err
	}
	return *s.SetBigInt(n), nil
}

// Deposit opens an account with some gwei.
func (v *Validium) Deposit(ctx context.Context, from *Wallet, key ledger.Key, gwei uint64) error {
	_, err := v.Pay(ctx, from, wei(gwei), "deposit", number(key.X), number(key.Y))
	return err
}

func wei(gwei uint64) *big.Int {
	return new(big.Int).Mul(new(big.Int).SetUint64(gwei), big.NewInt(params.GWei))
}

// AskExit has the operator bound to take out all that an account has, which the wallet owns.
func (v *Validium) AskExit(ctx context.Context, from *Wallet, index int) error {
	_, err := v.Pay(ctx, from, wei(v.exitFee), "askExit", big.NewInt(int64(index)))
	return err
}

// Asked lists the accounts whose exit was asked for and not served, in the order in which that was last asked for.
func (v *Validium) Asked(ctx context.Context) ([]int, error) {
	event := v.abi.Events["ExitAsked"]
	logs, err := v.chain.Client.FilterLogs(ctx, ethereum.FilterQuery{Addresses: []common.Address{v.Address}, Topics: [][]common.Hash{{event.ID}}})
	if err != nil {
		return nil, fmt.Errorf("exits asked for: %w", err)
	}
	var asked []int
	for _, log := range slices.Backward(logs) {
		account := log.Topics[1].Big()
		due, err := Call[uint64](ctx, v.Contract, "exitDue", account)
		if err != nil {
			return nil, err
		}
		if index := int(account.Int64()); due != 0 && !slices.Contains(asked, index) {
			asked = append(asked, index)
		}
	}
	slices.Reverse(asked)
	return asked, nil
}

// Deposits reads all deposits, in order, from the chain's log.
func (v *Validium) Deposits(ctx context.Context) ([]ledger.Deposit, error) {
	event := v.abi.Events["Deposited"]
	logs, err := v.chain.Client.FilterLogs(ctx, ethereum.FilterQuery{Addresses: []common.Address{v.Address}, Topics: [][]common.Hash{{event.ID}}})
	if err != nil {
		return nil, fmt.Errorf("deposits: %w", err)
	}
	deposits := make([]ledger.Deposit, len(logs))
	for i, log := range logs {
		values, err := event.Inputs.NonIndexed().Unpack(log.Data)
		if err != nil {
			return nil, fmt.Errorf("deposits: %w", err)
		}
		d := &deposits[i]
		d.Owner = common.BytesToAddress(log.Topics[2][:])
		d.Amount = values[0].(uint64)
		d.Key.X.SetBigInt(values[1].(*big.Int))
		d.Key.Y.SetBigInt(values[2].(*big.Int))
	}
	return deposits, nil
}

// Exit pays an account out, in a frozen validium.
func (v *Validium) Exit(ctx context.Context, from *Wallet, l *ledger.Ledger, index int) (gas uint64, _ error) {
	account, path := Leaf(l, index)
	receipt, err := v.Send(ctx, from, "exit", big.NewInt(int64(index)), account, path)
	if err != nil {
		return 0, err
	}
	return receipt.GasUsed, nil
}

// ShowEmpty answers whoever asked for the exit of an account that has nothing.
func (v *Validium) ShowEmpty(ctx context.Context, from *Wallet, l *ledger.Ledger, index int) error {
	account, path := Leaf(l, index)
	_, err := v.Send(ctx, from, "showEmpty", big.NewInt(int64(index)), account, path)
	return err
}

// Leaf is an account and the siblings from it up, as the contract takes them.
func Leaf(l *ledger.Ledger, index int) (Account, []*big.Int) {
	a, path := l.Account(index)
	siblings := make([]*big.Int, len(path))
	for i := range path {
		siblings[i] = number(path[i])
	}
	return Account{number(a.Key.X), number(a.Key.Y), a.Owner, a.Balance, a.Nonce}, siblings
}

func number(s ledger.Scalar) *big.Int { return s.BigInt(new(big.Int)) }
