package relay

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

var (
	// ErrNoContract means that there is no contract at the address.
	ErrNoContract = errors.New("no contract there")
	// ErrNotLightClient means that a contract is none that this relay can talk to.
	ErrNotLightClient = errors.New("not an AshlarLightClient")
	// ErrOtherChain means that the contract follows another Ashlar chain than the node.
	ErrOtherChain = errors.New("a contract for another chain")
	// ErrWrongL1 means that the RPC endpoint is of another chain than it should be.
	ErrWrongL1 = errors.New("the wrong chain behind --rpc")
	// ErrNothingToDo means that what was asked for cannot be done now, and waiting does not help.
	ErrNothingToDo = errors.New("cannot be done")
)

// Config is what a Relay is made of. RPC, Contract, Nodes, and Key and Journal unless DryRun, are required.
type Config struct {
	// RPC is the URL of a node of the chain that the contract is on.
	RPC string
	// ChainID is that chain's number, 0: the one of the journal, or whichever answers.
	ChainID  uint64
	Contract common.Address
	// Nodes are URLs of HTTP APIs of Ashlar nodes, asked in turn; Token is sent to them if it is not empty.
	Nodes []string
	Token string
	// Key pays. Each relay needs one of its own.
	Key *ecdsa.PrivateKey
	// Journal is the file that remembers what was sent. It is created if need be.
	Journal string
	Policy  Policy
	// Heights are to be covered by certificates in the contract, as soon as there are any.
	Heights []uint64
	// Poll is how often both chains are looked at.
	Poll time.Duration
	// Once has Run return when there is nothing left to do, or nothing more can be done.
	Once bool
	// DryRun has the relay send nothing and write nothing.
	DryRun bool
	Log    *slog.Logger
}

// DefaultPolicy is what a relay does unless told otherwise.
func DefaultPolicy() Policy {
	return Policy{
		Confirmations: 5, BumpAfter: 3, MaxFee: 50 * gwei, MaxRotationFee: 500 * gwei, MaxGas: 1 << 24,
		Warn: 72 * time.Hour, Patience: 10 * time.Minute,
	}
}

// check refuses what no relay can work with.
func (c *Config) check() error {
	switch {
	case c.RPC == "":
		return errors.New("no --rpc: give the URL of an Ethereum node, such as http://127.0.0.1:8545")
	case c.Contract == common.Address{}:
		return errors.New("no --contract: give the address of an AshlarLightClient")
	case len(c.Nodes) == 0:
		return errors.New("no --node: give the URL of an Ashlar node's HTTP API")
	case c.Key == nil && !c.DryRun:
		return errors.New("no --key: give a file with the key that pays, or --dry-run; `ashlar relay key` makes one")
	case c.Policy.Confirmations == 0 || c.Policy.BumpAfter == 0 || c.Policy.MaxGas == 0 || c.Poll <= 0:
		return errors.New("confirmations, blocks before a bump, gas and the time between looks have to be above 0")
	}
	return nil
}

// ReadKey reads a private key of secp256k1 from a file: 32 bytes in hex, with or without 0x.
func ReadKey(path string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key that pays: %w", err)
	}
	key, err := crypto.HexToECDSA(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"))
	if err != nil {
		return nil, fmt.Errorf("%s: want a private key, 32 bytes in hex: %w", path, err)
	}
	return key, nil
}

// NewKey makes a private key and writes it to a file that must not exist.
func NewKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := crypto.GenerateKey()
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(file, "%x\n", crypto.FromECDSA(key))
	if err == nil {
		err = file.Sync()
	}
	return key, errors.Join(err, file.Close())
}

// AddressOf is the account of a key.
func AddressOf(key *ecdsa.PrivateKey) common.Address { return crypto.PubkeyToAddress(key.PublicKey) }
