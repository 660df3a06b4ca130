package l1

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ashlar-da/ashlar/da"
)

// trustedSet is AshlarLightClient's struct.
type trustedSet struct {
	Epoch, Time, Total     uint64
	OperatorsHash, SetHash [32]byte
	Powers, Keys           []byte
}

// attestation is AshlarLightClient's struct.
type attestation struct {
	Epoch, Height, Time                             uint64
	HeaderHash, DataRoot, BlobTreeRoot, HistoryRoot [32]byte
}

// Bounds are what a light client is deployed with.
type Bounds struct {
	// MaxAge is how old an attestation may be, TrustingPeriod how old a set.
	MaxAge, TrustingPeriod time.Duration
	// Window is how many heights an attestation speaks for.
	Window uint64
}

// Ashlar is what Ethereum knows of an Ashlar chain.
type Ashlar struct {
	Client, Blobs *Contract
}

// DeployAshlar deploys a light client that trusts a set, taken at a time, and AshlarBlobs on it.
func (c *Chain) DeployAshlar(ctx context.Context, from *Wallet, chainID string, set *da.AttesterSet, taken uint64, b Bounds) (*Ashlar, error) {
	trusted, err := trust(set, taken)
	if err != nil {
		return nil, err
	}
	client, err := c.Deploy(ctx, from, "AshlarLightClient", chainID, seconds(b.MaxAge), seconds(b.TrustingPeriod), trusted)
	if err != nil {
		return nil, err
	}
	blobs, err := c.Deploy(ctx, from, "AshlarBlobs", client.Address, b.Window)
	if err != nil {
		return nil, err
	}
	return &Ashlar{client, blobs}, nil
}

func seconds(d time.Duration) uint64 { return uint64(d / time.Second) }

func trust(set *da.AttesterSet, taken uint64) (t trustedSet, err error) {
	t = trustedSet{Epoch: set.Epoch, Time: taken, Total: set.Total}
	if t.SetHash, err = set.Hash(); err != nil {
		return t, fmt.Errorf("the attester set: %w", err)
	}
	var operators []byte
	for _, a := range set.Attesters {
		key, err := a.Key.Coordinates()
		if err != nil {
			return t, fmt.Errorf("the attester set: %w", err)
		}
		t.Keys = append(t.Keys, key[:]...)
		t.Powers = binary.BigEndian.AppendUint64(t.Powers, a.Power)
		operators = append(operators, a.Operator[:]...)
	}
	t.OperatorsHash = da.Keccak256(operators)
	return t, nil
}

// Attest relays a certificate: anyone may.
func (a *Ashlar) Attest(ctx context.Context, from *Wallet, c *da.Certificate) (*types.Receipt, error) {
	signature, err := c.Signature.EIP2537()
	if err != nil {
		return nil, fmt.Errorf("the certificate: %w", err)
	}
	return a.Client.Send(ctx, from, "attest", attestation{
		c.Epoch, c.Height, c.Time, c.HeaderHash, c.DataRoot, c.BlobTreeRoot, c.HistoryRoot,
	}, new(big.Int).SetBytes(c.Signers[:]), signature[:])
}

// Attested is the transaction by which a history root came to the light client, whoever sent it.
func (a *Ashlar) Attested(ctx context.Context, root [32]byte) (*types.Receipt, error) {
	logs, err := a.Client.chain.Client.FilterLogs(ctx, ethereum.FilterQuery{
		Addresses: []common.Address{a.Client.Address}, Topics: [][]common.Hash{{a.Client.abi.Events["Attested"].ID}, {root}},
	})
	if err != nil {
		return nil, fmt.Errorf("history roots attested: %w", err)
	}
	if len(logs) == 0 {
		return nil, fmt.Errorf("nobody brought history root %x to the light client", root[:4])
	}
	receipt, err := a.Client.chain.Client.TransactionReceipt(ctx, logs[0].TxHash)
	if err != nil {
		return nil, fmt.Errorf("receipt: %w", err)
	}
	return receipt, nil
}

// HasKey tells whether an attester of the light client's set signs with a key.
func (a *Ashlar) HasKey(ctx context.Context, key da.AttestationKey) (bool, error) {
	point, err := key.Coordinates()
	if err != nil {
		return false, fmt.Errorf("a key: %w", err)
	}
	keys, err := CallNth[[]byte](ctx, a.Client, 1, "attesters")
	if err != nil {
		return false, err
	}
	for at := range slices.Chunk(keys, len(point)) {
		if bytes.Equal(at, point[:]) {
			return true, nil
		}
	}
	return false, nil
}

// Address is that of AshlarBlobs.
func (a *Ashlar) Address() common.Address { return a.Blobs.Address }
