package evm

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ashlar-da/ashlar/contracts"
)

// Contract is a deployed contract.
type Contract struct {
	Chain   *Chain
	Address common.Address
	ABI     abi.ABI
	// Deployed is the receipt of its deployment, nil if it was not deployed by Deploy.
	Deployed *types.Receipt
}

// Interface returns the ABI of a contract or interface of contracts/out.
func Interface(tb testing.TB, name string) abi.ABI {
	tb.Helper()
	parsed, _ := load(tb, name)
	return parsed
}

func load(tb testing.TB, name string) (abi.ABI, []byte) {
	tb.Helper()
	artifact, err := contracts.Load(name)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := abi.JSON(bytes.NewReader(artifact.ABI))
	if err != nil {
		tb.Fatalf("ABI of %s: %v", name, err)
	}
	return parsed, artifact.Bytecode
}

// Deploy deploys a contract of contracts/out.
func (c *Chain) Deploy(tb testing.TB, name string, args ...any) *Contract {
	tb.Helper()
	parsed, bytecode := load(tb, name)
	data := deployment(tb, parsed, bytecode, args)
	receipt := c.Send(tb, nil, data)
	if receipt.Status != types.ReceiptStatusSuccessful {
		_, err := c.create(data)
		tb.Fatalf("deploying %s failed with %d gas used: %s", name, receipt.GasUsed, explain(parsed, err))
	}
	return &Contract{Chain: c, Address: receipt.ContractAddress, ABI: parsed, Deployed: receipt}
}

// RefusesDeploy fails the test unless a constructor reverts with a custom error of the contract.
func (c *Chain) RefusesDeploy(tb testing.TB, errorName, name string, args ...any) {
	tb.Helper()
	parsed, bytecode := load(tb, name)
	_, err := c.create(deployment(tb, parsed, bytecode, args))
	expect(tb, parsed, errorName, err)
}

func deployment(tb testing.TB, parsed abi.ABI, bytecode []byte, args []any) []byte {
	tb.Helper()
	packed, err := parsed.Pack("", args...)
	if err != nil {
		tb.Fatal(err)
	}
	return append(bytes.Clone(bytecode), packed...)
}

// Pack encodes a call.
func (k *Contract) Pack(tb testing.TB, method string, args ...any) []byte {
	tb.Helper()
	data, err := k.ABI.Pack(method, args...)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// Send makes a transaction, and fails the test unless it succeeds.
func (k *Contract) Send(tb testing.TB, method string, args ...any) *types.Receipt {
	tb.Helper()
	data := k.Pack(tb, method, args...)
	receipt := k.Chain.Send(tb, &k.Address, data)
	if receipt.Status != types.ReceiptStatusSuccessful {
		_, err := k.Chain.call(k.Address, data)
		tb.Fatalf("%s failed with %d gas used: %v", method, receipt.GasUsed, k.Explain(err))
	}
	return receipt
}

// Call calls on the newest state, fails the test unless that succeeds, and returns what the method does.
func (k *Contract) Call(tb testing.TB, method string, args ...any) []any {
	tb.Helper()
	out, err := k.Chain.call(k.Address, k.Pack(tb, method, args...))
	if err != nil {
		tb.Fatalf("%s: %v", method, k.Explain(err))
	}
	values, err := k.ABI.Unpack(method, out)
	if err != nil {
		tb.Fatal(err)
	}
	return values
}

// CallRaw calls with any bytes. What a contract refuses is a *Revert.
func (k *Contract) CallRaw(data []byte) ([]byte, error) { return k.Chain.call(k.Address, data) }

// Refuses fails the test unless the call reverts with a custom error of the contract's ABI. An empty name means a revert
// without data, as of calldata that cannot be decoded.
func (k *Contract) Refuses(tb testing.TB, errorName, method string, args ...any) {
	tb.Helper()
	_, err := k.Chain.call(k.Address, k.Pack(tb, method, args...))
	expect(tb, k.ABI, errorName, err)
}

// RefusesRaw is Refuses with any bytes.
func (k *Contract) RefusesRaw(tb testing.TB, errorName string, data []byte) {
	tb.Helper()
	_, err := k.Chain.call(k.Address, data)
	expect(tb, k.ABI, errorName, err)
}

// Explain names the custom error that a call reverted with.
func (k *Contract) Explain(err error) string { return explain(k.ABI, err) }

func expect(tb testing.TB, parsed abi.ABI, errorName string, err error) {
	tb.Helper()
	want := errorName
	if want == "" {
		want = noData
	}
	if got := explain(parsed, err); err == nil || name(got) != want {
		tb.Errorf("ended with %s, want %s", got, want)
	}
}

const noData = "a revert without data"

func explain(parsed abi.ABI, err error) string {
	if err == nil {
		return "success"
	}
	var revert *Revert
	if !errors.As(err, &revert) {
		return err.Error()
	}
	if len(revert.Data) == 0 {
		return noData
	}
	for _, e := range parsed.Errors {
		if bytes.HasPrefix(revert.Data, e.ID[:4]) {
			if values, err := e.Unpack(revert.Data); err == nil {
				return fmt.Sprintf("%s%v", e.Name, values)
			}
		}
	}
	return revert.Error()
}

// name cuts the values off what explain returned.
func name(explained string) string {
	for i, r := range explained {
		if r == '[' {
			return explained[:i]
		}
	}
	return explained
}
