package testnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-da/ashlar/api"
)

// Validator is what the chain says of a validator.
type Validator struct {
	Operator    string `json:"operator_address"`
	Jailed      bool   `json:"jailed"`
	Status      string `json:"status"`
	Tokens      string `json:"tokens"`
	Description struct {
		Moniker string `json:"moniker"`
	} `json:"description"`
}

// Bonded tells whether the validator votes.
func (v *Validator) Bonded() bool { return v.Status == "BOND_STATUS_BONDED" && !v.Jailed }

// ash is how much stake a validator has, in ASH.
func (v *Validator) ash() float64 {
	tokens, err := strconv.ParseFloat(v.Tokens, 64)
	if err != nil {
		return 0
	}
	return tokens / 1e18
}

// rpcURL is where a node answers the SDK's commands.
func (f *FullNode) rpcURL() string { return "tcp://" + hostPort(f.rpc) }

// Stake asks a node for all validators, by the names of their nodes.
func (n *Network) Stake(ctx context.Context, node *FullNode) (map[string]*Validator, error) {
	var answer struct {
		Validators []*Validator `json:"validators"`
	}
	out, err := n.ashlar(ctx, node, "query", "staking", "validators", "--node", node.rpcURL(), "--output", "json")
	if err != nil {
		return nil, err
	}
	if err := decodeJSON("query staking validators", out, &answer); err != nil {
		return nil, err
	}
	byName := make(map[string]*Validator, len(answer.Validators))
	for _, v := range answer.Validators {
		byName[v.Description.Moniker] = v
	}
	return byName, nil
}

// tombstoned counts the validators that can never come back.
func (n *Network) tombstoned(ctx context.Context, node *FullNode) (count int, err error) {
	out, err := n.ashlar(ctx, node, "query", "slashing", "signing-infos", "--node", node.rpcURL(), "--output", "json")
	if err != nil {
		return 0, err
	}
	var answer struct {
		Info []struct {
			Tombstoned bool `json:"tombstoned"`
		} `json:"info"`
	}
	if err := decodeJSON("query slashing signing-infos", out, &answer); err != nil {
		return 0, err
	}
	for _, info := range answer.Info {
		if info.Tombstoned {
			count++
		}
	}
	return count, nil
}

// WaitStake waits until something holds of the validators, as a node tells of them, and returns them.
func (n *Network) WaitStake(ctx context.Context, limit time.Duration, node *FullNode, what string, holds func(map[string]*Validator) bool) (found map[string]*Validator, err error) {
	err = Wait(ctx, limit, what, func(ctx context.Context) (bool, error) {
		var err error
		found, err = n.Stake(ctx, node)
		return err == nil && holds(found), err
	})
	return found, err
}

// txFee is several times what a transaction costs.
const txFee = "100000000000000" + denom // 0.0001 ASH

// Send sends a transaction of a node's account and waits until a block has executed it.
func (n *Network) Send(ctx context.Context, node *FullNode, command ...string) error {
	args := append([]string{"tx"}, command...)
	args = append(args, "--from", operatorKey, "--keyring-backend", "test", "--chain-id", n.config.ChainID, "--node", node.rpcURL(),
		"--gas", "600000", "--fees", txFee, "--yes", "--output", "json")
	out, err := n.ashlar(ctx, node, args...)
	if err != nil {
		return err
	}
	var sent struct {
		Hash string `json:"txhash"`
		Code int    `json:"code"`
		Log  string `json:"raw_log"`
	}
	if err := decodeJSON("tx", out, &sent); err != nil {
		return err
	}
	if sent.Code != 0 {
		return fmt.Errorf("%v was refused: %s", command, sent.Log)
	}
	return node.executed(ctx, sent.Hash)
}

// errNotExecuted means that a transaction failed in its block.
var errNotExecuted = errors.New("the transaction failed")

// executed waits for a transaction.
func (f *FullNode) executed(ctx context.Context, hash string) error {
	var became api.TxStatus
	err := Wait(ctx, startLimit, "the transaction "+hash, func(ctx context.Context) (bool, error) {
		err := f.Get(ctx, "/v1/txs/"+strings.ToLower(hash), &became)
		return became.Included != nil, err
	})
	if err == nil && became.Included.Code != 0 {
		err = fmt.Errorf("%w with code %d: %s", errNotExecuted, became.Included.Code, became.Reason)
	}
	return err
}

// Join has a full node that runs become a validator with as much stake as the others, which attests.
func (n *Network) Join(ctx context.Context, node *FullNode) error {
	key, err := n.ashlar(ctx, node, "comet", "show-validator")
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(map[string]any{
		"pubkey": json.RawMessage(key), "amount": bonded, "moniker": node.Name,
		"commission-rate": "0.1", "commission-max-rate": "0.2", "commission-max-change-rate": "0.01", "min-self-delegation": "1",
	})
	if err != nil {
		return err
	}
	file := filepath.Join(n.config.Dir, node.Name+"-validator.json")
	if err := os.WriteFile(file, encoded, 0o644); err != nil {
		return err
	}
	if err := n.Send(ctx, node, "staking", "create-validator", file); err != nil {
		return err
	}
	if _, err := n.ashlar(ctx, node, "attest", "register", "--node", node.Base, "--from", operatorKey, "--keyring-backend", "test"); err != nil {
		return err
	}
	node.Stop(stopPatience) // it reads its key when it starts
	if err := node.Start(); err != nil {
		return err
	}
	return node.WaitHeight(ctx, startLimit, 1)
}

// Leave has a validator take all of its stake back.
func (n *Network) Leave(ctx context.Context, node *FullNode) error {
	stake, err := n.Stake(ctx, node)
	if err != nil {
		return err
	}
	own := stake[node.Name]
	if own == nil {
		return fmt.Errorf("%s is no validator", node.Name)
	}
	return n.Send(ctx, node, "staking", "unbond", own.Operator, own.Tokens+denom)
}

// consensusAddress is by what commits name a validator, in hex.
func (f *FullNode) consensusAddress() (string, error) {
	text, err := os.ReadFile(f.config("priv_validator_key.json"))
	if err != nil {
		return "", err
	}
	var key struct {
		Address string `json:"address"`
	}
	return key.Address, decodeJSON("priv_validator_key.json", text, &key)
}

// commit is of CometBFT's what tells who voted for a block.
type commit struct {
	Result struct {
		SignedHeader struct {
			Commit struct {
				Signatures []struct {
					Flag    int    `json:"block_id_flag"`
					Address string `json:"validator_address"`
				} `json:"signatures"`
			} `json:"commit"`
		} `json:"signed_header"`
	} `json:"result"`
}

// voted counts the heights from first to last whose commits have a validator's vote for the block.
func (f *FullNode) voted(ctx context.Context, first, last uint64, address string) (votes int, err error) {
	for height := first; height <= last; height++ {
		var answer commit
		if err := (API{"http://" + hostPort(f.rpc)}).Get(ctx, fmt.Sprintf("/commit?height=%d", height), &answer); err != nil {
			return 0, err
		}
		for _, signature := range answer.Result.SignedHeader.Commit.Signatures {
			if signature.Flag == 2 && signature.Address == address {
				votes++
			}
		}
	}
	return votes, nil
}
