package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/ethclient"

	"github.com/ashlar-da/ashlar/da"
)

// maxLogBlocks bounds how far back the contract's events are asked for: what endpoints commonly allow.
const maxLogBlocks = 900

// l1 is the chain that the contract is on.
type l1 struct {
	*ethclient.Client
	client   *lightClient
	contract common.Address
}

// header is a block as a view is taken of it: everything in a view is of one block.
type header struct {
	number, time uint64
	hash         common.Hash
}

// call asks the contract at a block, and stores the answers in to.
func (l *l1) call(ctx context.Context, at common.Hash, to any, method string, args ...any) error {
	input, err := l.client.Pack(method, args...)
	if err != nil {
		return err
	}
	answer, err := l.CallContractAtHash(ctx, ethereum.CallMsg{To: &l.contract, Data: input}, at)
	if _, refused := l.client.refusal(err); err != nil && !refused {
		return fmt.Errorf("ask the contract for %s: %w", method, err)
	}
	if err == nil && len(answer) == 0 {
		return fmt.Errorf("%w: %s answers nothing to %s", ErrNotLightClient, l.contract, method)
	}
	if err == nil {
		err = l.client.UnpackIntoInterface(to, method, answer)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %s: %w", ErrNotLightClient, l.contract, method, err)
	}
	return nil
}

// verify asks the contract whether a certificate is one that it takes at a block.
func (l *l1) verify(ctx context.Context, at common.Hash, c *da.Certificate) error {
	input, err := l.client.certificate("verify", c)
	if err != nil {
		return err
	}
	_, err = l.CallContractAtHash(ctx, ethereum.CallMsg{To: &l.contract, Data: input}, at)
	if text, refused := l.client.refusal(err); err != nil && refused {
		return fmt.Errorf("%w: the contract would refuse it: %s", da.ErrMismatch, text)
	}
	if err != nil {
		return fmt.Errorf("have the contract verify: %w", err)
	}
	return nil
}

// contractState is what the contract says at a block.
type contractState struct {
	Contract
	setHash Root
	// maxAge is how old a certificate may be, in seconds.
	maxAge uint64
}

// state reads the contract at a block.
func (l *l1) state(ctx context.Context, at *header) (*contractState, error) {
	var s contractState
	var setTime, trusted uint64
	for _, field := range []struct {
		method string
		to     any
	}{
		{"epoch", &s.Epoch}, {"setHash", &s.setHash}, {"expired", &s.Expired}, {"setTime", &setTime}, {"TRUSTING_PERIOD", &trusted}, {"MAX_AGE", &s.maxAge},
	} {
		if err := l.call(ctx, at.hash, field.to, field.method); err != nil {
			return nil, err
		}
	}
	if ends := saturatingAdd(setTime, trusted); ends < 1<<40 {
		s.Expires = time.Unix(int64(ends), 0)
	}
	s.Attested = make(map[Root]bool)
	return &s, nil
}

// checkContract fails unless there is a contract, a light client, of the chain with an id.
func (l *l1) checkContract(ctx context.Context, chainID string) error {
	code, err := l.CodeAt(ctx, l.contract, nil)
	if err != nil {
		return fmt.Errorf("ask the Ethereum node, is --rpc right and the node up? %w", err)
	}
	if len(code) == 0 {
		return fmt.Errorf("%w: %s has no code: is --contract right, and is --rpc of the chain it is on?", ErrNoContract, l.contract)
	}
	head, err := l.head(ctx)
	if err != nil {
		return err
	}
	var follows Root
	if err := l.call(ctx, head.hash, &follows, "CHAIN"); err != nil {
		return err
	}
	if want := da.Keccak256([]byte(chainID)); follows != want {
		return fmt.Errorf("%w: %s follows a chain whose id hashes to %x, and the node's is %q, which hashes to %x", ErrOtherChain, l.contract, follows[:4], chainID, want[:4])
	}
	return nil
}

// head is the newest block.
func (l *l1) head(ctx context.Context) (*header, error) {
	h, err := l.HeaderByNumber(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the Ethereum node, is it up? %w", err)
	}
	return &header{h.Number.Uint64(), h.Time, h.Hash()}, nil
}

// isAttested tells whether the contract remembers a history root at a block.
func (l *l1) isAttested(ctx context.Context, at common.Hash, root Root) (bool, error) {
	var remembered struct{ Height, Time uint64 }
	err := l.call(ctx, at, &remembered, "attested", root)
	return remembered.Height > 0, err
}

// account reads the relay's account at a block and at the depth of confirmation.
func (l *l1) account(ctx context.Context, address common.Address, at *header, confirmations uint64) (a Account, err error) {
	if address == (common.Address{}) { // a relay that sends nothing and needs nothing
		return Account{Balance: new(big.Int).Lsh(big.NewInt(1), 200)}, nil
	}
	if a.Balance, err = l.BalanceAtHash(ctx, address, at.hash); err != nil {
		return a, err
	}
	if a.Nonce, err = l.NonceAtHash(ctx, address, at.hash); err != nil {
		return a, err
	}
	if at.number+1 >= confirmations {
		if a.Settled, err = l.NonceAt(ctx, address, new(big.Int).SetUint64(at.number+1-confirmations)); err != nil {
			return a, err
		}
	}
	a.Pending, err = l.PendingNonceAt(ctx, address)
	return a, err
}

// fees are what the next block charges at most, and what blocks are tipped.
func (l *l1) fees(ctx context.Context, at *header) (baseFee, tip uint64, _ error) {
	h, err := l.HeaderByHash(ctx, at.hash)
	if err != nil {
		return 0, 0, err
	}
	suggested, err := l.SuggestGasTipCap(ctx)
	if err != nil {
		return 0, 0, err
	}
	if h.BaseFee == nil {
		return 0, 0, errors.New("the chain behind --rpc has no base fee: EIP-1559 is needed")
	}
	return eighthMore(saturated(h.BaseFee)), saturated(suggested), nil
}

func saturated(wei *big.Int) uint64 {
	if !wei.IsUint64() {
		return ^uint64(0)
	}
	return wei.Uint64()
}

// sight finds out what became of a slot.
func (l *l1) sight(ctx context.Context, slot Slot, nonce uint64) (Sighting, error) {
	s := Sighting{Slot: slot}
	if slot.Nonce >= nonce {
		_, _, err := l.TransactionByHash(ctx, common.Hash(s.last().Hash))
		s.Known = err == nil
		if errors.Is(err, ethereum.NotFound) {
			err = nil
		}
		return s, err
	}
	for i := range slot.Attempts {
		receipt, err := l.TransactionReceipt(ctx, common.Hash(slot.Attempts[i].Hash))
		if errors.Is(err, ethereum.NotFound) {
			continue
		}
		if err != nil {
			return s, err
		}
		s.Included, s.Block, s.Reverted = &slot.Attempts[i], receipt.BlockNumber.Uint64(), receipt.Status != types.ReceiptStatusSuccessful
		block, err := l.HeaderByHash(ctx, receipt.BlockHash)
		if err != nil {
			return s, err
		}
		s.Time = time.Unix(int64(block.Time), 0)
		s.Paid = new(big.Int).Mul(receipt.EffectiveGasPrice, new(big.Int).SetUint64(receipt.GasUsed))
		return s, nil
	}
	return s, nil
}

// posted is a certificate that the contract took, whoever sent it.
type posted struct {
	height, block uint64
	root          Root
}

// posts lists the certificates that the contract took in the newest blocks.
func (l *l1) posts(ctx context.Context, at *header, blocks uint64) ([]posted, error) {
	blocks = min(blocks, at.number)
	logs, err := l.FilterLogs(ctx, ethereum.FilterQuery{
		FromBlock: new(big.Int).SetUint64(at.number - blocks), ToBlock: new(big.Int).SetUint64(at.number),
		Addresses: []common.Address{l.contract}, Topics: [][]common.Hash{{l.client.Events["Attested"].ID}},
	})
	if err != nil {
		return nil, fmt.Errorf("ask for the contract's events: %w", err)
	}
	var all []posted
	for i := range logs {
		if topics := logs[i].Topics; len(topics) == 3 && !logs[i].Removed && bytes.Equal(topics[2][:24], make([]byte, 24)) {
			all = append(all, posted{topics[2].Big().Uint64(), logs[i].BlockNumber, Root(topics[1])})
		}
	}
	return all, nil
}
