package nitro

import (
	"context"
	"crypto/ecdsa"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bls12-381"
	goethereum "github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/ethclient/simulated"
	gethnode "github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/ashlar-da/ashlar/gateway/conformance/world"
)

// ethereum is a simulated Ethereum with AshlarNitro, whose light client has a set of the devnet's attesters.
type ethereum struct {
	*simulated.Backend
	key   *ecdsa.PrivateKey
	nitro *contract
}

// contract is one of contracts/out, deployed.
type contract struct {
	abi.ABI
	address common.Address
	chain   *ethereum
}

// trustedSet is AshlarLightClient's struct.
type trustedSet struct {
	Epoch, Time, Total     uint64
	OperatorsHash, SetHash [32]byte
	Powers, Keys           []byte
}

// startEthereum starts one whose light client trusts the set of an epoch.
func startEthereum(t *testing.T, epoch uint64) *ethereum {
	t.Helper()
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	e := &ethereum{key: key}
	rich := types.GenesisAlloc{crypto.PubkeyToAddress(key.PublicKey): {Balance: new(big.Int).Lsh(big.NewInt(1), 100)}}
	e.Backend = simulated.NewBackend(rich, func(_ *gethnode.Config, config *ethconfig.Config) {
		config.RPCEVMTimeout = 0 // go-ethereum loads its setup at the first point evaluation, which takes seconds
	})
	t.Cleanup(func() { _ = e.Close() })
	var status struct {
		ChainID string `json:"chain_id"`
	}
	node(t, "/v1/status", &status)
	const day = 24 * 60 * 60
	light := e.deploy(t, "AshlarLightClient", status.ChainID, uint64(day), uint64(14*day), readSet(t, epoch))
	e.nitro = e.deploy(t, "AshlarNitro", light.address)
	return e
}

// node asks the devnet.
func node(t *testing.T, path string, into any) {
	t.Helper()
	response, err := http.Get(world.At(t, "NODE") + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, response.Status, err)
	}
}

// readSet reads the set of an epoch as the light client takes it.
func readSet(t *testing.T, epoch uint64) trustedSet {
	t.Helper()
	var set struct {
		Epoch, Total, Time uint64
		Hash               string
		Attesters          []struct {
			Operator, Key string
			Power         uint64
		}
	}
	node(t, fmt.Sprintf("/v1/attesters/%d", epoch), &set)
	trusted := trustedSet{Epoch: set.Epoch, Time: set.Time, Total: set.Total, SetHash: common.HexToHash(set.Hash)}
	var operators []byte
	for _, a := range set.Attesters {
		var point bls12381.G1Affine
		if _, err := point.SetBytes(common.FromHex(a.Key)); err != nil {
			t.Fatal(err)
		}
		key := point.RawBytes()
		trusted.Keys = append(trusted.Keys, key[:]...)
		trusted.Powers = binary.BigEndian.AppendUint64(trusted.Powers, a.Power)
		operators = append(operators, unbech32(a.Operator)...)
	}
	trusted.OperatorsHash = crypto.Keccak256Hash(operators)
	return trusted
}

// unbech32 returns the bytes of an address, whose checksum is not looked at.
func unbech32(address string) (decoded []byte) {
	digits := address[strings.LastIndex(address, "1")+1 : len(address)-6]
	var bits, count uint
	for _, digit := range digits {
		bits = bits<<5 | uint(strings.IndexRune("qpzry9x8gf2tvdw0s3jn54khce6mua7l", digit))
		if count += 5; count >= 8 {
			count -= 8
			decoded = append(decoded, byte(bits>>count))
		}
	}
	return decoded
}

func (e *ethereum) deploy(t *testing.T, name string, args ...any) *contract {
	t.Helper()
	return e.deployFile(t, "../../../contracts/out/"+name+".json", args...)
}

// deployFile deploys what a compiler's output has.
func (e *ethereum) deployFile(t *testing.T, path string, args ...any) *contract {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var artifact struct {
		ABI      abi.ABI
		Bytecode hexutil.Bytes
	}
	if err := json.Unmarshal(text, &artifact); err != nil {
		t.Fatal(err)
	}
	packed, err := artifact.ABI.Pack("", args...)
	if err != nil {
		t.Fatal(err)
	}
	receipt := e.send(t, nil, append(artifact.Bytecode, packed...))
	return &contract{artifact.ABI, receipt.ContractAddress, e}
}

// send puts a transaction into a block of now.
func (e *ethereum) send(t *testing.T, to *common.Address, data []byte) *types.Receipt {
	t.Helper()
	ctx, client := context.Background(), e.Client()
	nonce, err := client.NonceAt(ctx, crypto.PubkeyToAddress(e.key.PublicKey), nil)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := client.ChainID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := types.SignNewTx(e.key, types.LatestSignerForChainID(chain), &types.DynamicFeeTx{
		ChainID: chain, Nonce: nonce, To: to, Data: data, Gas: 1 << 24, GasTipCap: big.NewInt(1e9), GasFeeCap: big.NewInt(1e10),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.SendTransaction(ctx, tx); err != nil {
		t.Fatal(err)
	}
	e.Commit()
	var receipt *types.Receipt
	world.Eventually(t, func() (bool, error) {
		receipt, err = client.TransactionReceipt(ctx, tx.Hash())
		return err == nil, err
	})
	if receipt.Status != types.ReceiptStatusSuccessful {
		t.Fatalf("a transaction failed with %d gas used", receipt.GasUsed)
	}
	return receipt
}

// call calls a method with one result. The error names the custom error of the contract that it reverted with, or has the text.
func (c *contract) call(t *testing.T, method string, args ...any) (any, error) {
	t.Helper()
	data, err := c.Pack(method, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.chain.Client().CallContract(context.Background(), goethereum.CallMsg{To: &c.address, Data: data, Gas: 1 << 24}, nil)
	var revert rpc.DataError
	if errors.As(err, &revert) {
		encoded, _ := revert.ErrorData().(string)
		for _, e := range c.Errors {
			if strings.HasPrefix(encoded, hexutil.Encode(e.ID[:4])) {
				return nil, errors.New(e.Name)
			}
		}
		if text, unpacked := abi.UnpackRevert(common.FromHex(encoded)); unpacked == nil {
			return nil, errors.New(text)
		}
		return nil, fmt.Errorf("%w: %s", err, encoded)
	}
	if err != nil {
		return nil, err
	}
	values, err := c.Unpack(method, out)
	if err != nil {
		t.Fatal(err)
	}
	return values[0], nil
}
