package l1

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	ours "github.com/ashlar-da/ashlar/contracts"
	"github.com/ashlar-da/ashlar/examples/validium/contracts"
)

// Contract is a deployed contract.
type Contract struct {
	chain   *Chain
	Address common.Address
	abi     abi.ABI
	// Receipt is that of its deployment.
	Receipt *types.Receipt
}

// load finds a contract among the example's and Ashlar's.
func load(name string) (parsed abi.ABI, bytecode []byte, _ error) {
	text, bytecode := []byte(nil), []byte(nil)
	if mine, err := contracts.Load(name); err == nil {
		text, bytecode = mine.ABI, mine.Bytecode
	} else if theirs, err := ours.Load(name); err == nil {
		text, bytecode = theirs.ABI, theirs.Bytecode
	} else {
		return parsed, nil, err
	}
	parsed, err := abi.JSON(bytes.NewReader(text))
	if err != nil {
		return parsed, nil, fmt.Errorf("ABI of %s: %w", name, err)
	}
	return parsed, bytecode, nil
}

// Deploy deploys a contract of the example or of Ashlar, by its name.
func (c *Chain) Deploy(ctx context.Context, from *Wallet, name string, args ...any) (*Contract, error) {
	parsed, bytecode, err := load(name)
	if err != nil {
		return nil, err
	}
	packed, err := parsed.Pack("", args...)
	if err != nil {
		return nil, fmt.Errorf("arguments of %s: %w", name, err)
	}
	receipt, err := c.Send(ctx, from, Transaction{Data: append(bytecode, packed...)})
	if err != nil {
		return nil, fmt.Errorf("deploy %s: %w", name, explain(err))
	}
	return &Contract{c, receipt.ContractAddress, parsed, receipt}, nil
}

// Send makes a transaction. It fails with a *Refusal if the contract names an error.
func (k *Contract) Send(ctx context.Context, from *Wallet, method string, args ...any) (*types.Receipt, error) {
	return k.send(ctx, from, Transaction{}, method, args)
}

// Pay is Send with money, in wei.
func (k *Contract) Pay(ctx context.Context, from *Wallet, wei *big.Int, method string, args ...any) (*types.Receipt, error) {
	return k.send(ctx, from, Transaction{Value: wei}, method, args)
}

// SendBlobs is Send in a transaction of type 3.
func (k *Contract) SendBlobs(ctx context.Context, from *Wallet, blobs []*kzg4844.Blob, method string, args ...any) (*types.Receipt, error) {
	return k.send(ctx, from, Transaction{Blobs: blobs}, method, args)
}

func (k *Contract) send(ctx context.Context, from *Wallet, t Transaction, method string, args []any) (*types.Receipt, error) {
	data, err := k.abi.Pack(method, args...)
	if err != nil {
		return nil, fmt.Errorf("arguments of %s: %w", method, err)
	}
	t.To, t.Data = &k.Address, data
	receipt, err := k.chain.Send(ctx, from, t)
	if err != nil {
		return receipt, fmt.Errorf("%s: %w", method, explain(err))
	}
	return receipt, nil
}

// Call reads: the one value that a method returns.
func Call[T any](ctx context.Context, k *Contract, method string, args ...any) (value T, _ error) {
	return CallNth[T](ctx, k, 0, method, args...)
}

// CallNth reads one of the values that a method returns.
func CallNth[T any](ctx context.Context, k *Contract, n int, method string, args ...any) (value T, _ error) {
	data, err := k.abi.Pack(method, args...)
	if err != nil {
		return value, fmt.Errorf("arguments of %s: %w", method, err)
	}
	out, err := k.chain.Call(ctx, common.Address{}, Transaction{To: &k.Address, Data: data})
	if err != nil {
		return value, fmt.Errorf("%s: %w", method, explain(err))
	}
	values, err := k.abi.Unpack(method, out)
	if err != nil {
		return value, fmt.Errorf("%s: %w", method, err)
	}
	value, ok := values[n].(T)
	if !ok {
		return value, fmt.Errorf("%s returns %T", method, values[n])
	}
	return value, nil
}

// Revert is how a transaction ended that a contract refused.
type Revert struct{ Data []byte }

// Error shows the data that the call reverted with.
func (r *Revert) Error() string { return fmt.Sprintf("reverted with %x", r.Data) }

// Refusal is a revert with a named error.
type Refusal struct {
	Name string
	text string
}

// Error names the error that the contract refused with, and its arguments.
func (r *Refusal) Error() string { return "refused: " + r.text }

// Refused is the name of the error that a contract refused with, or "".
func Refused(err error) string {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Name
	}
	return ""
}

// explain names a revert, which may have come from any contract below the one that was called.
func explain(err error) error {
	var revert *Revert
	if !errors.As(err, &revert) {
		return err
	}
	for _, name := range []string{"Validium", "Rollup", "Groth16Verifier", "AshlarBlobs", "IAshlarLightClient"} {
		parsed, _, loadErr := load(name)
		if loadErr != nil {
			return loadErr
		}
		for _, e := range parsed.Errors {
			if !bytes.HasPrefix(revert.Data, e.ID[:4]) {
				continue
			}
			if values, err := e.Unpack(revert.Data); err == nil {
				return &Refusal{e.Name, fmt.Sprintf("%s%v", e.Name, values)}
			}
		}
	}
	return err
}
