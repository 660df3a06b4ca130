package client

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"cosmossdk.io/math"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/x/feegrant"

	"github.com/ashlar-da/ashlar/da"
)

const (
	// laneMessage is what a signer signs to derive its lanes. It begins with a byte that no
	// transaction to sign begins with, so that the signature is good for nothing else.
	laneMessage = "Ashlar lanes, version 1. Whoever has this signature can sign for the sub-accounts of this key."
	// grantsAtOnce bounds the grants of one transaction.
	grantsAtOnce = 64
	// grantGas is the execution gas that a transaction of grants offers for each, and once.
	grantGas = 100_000
)

// Lane returns the signer of a sub-account, number i. It is derived from a signature, so
// that it is always the same as far as the signer's signatures are: those of keys held in
// memory or in a keyring are, by RFC 6979.
func (s *Signer) Lane(i int) (*Signer, error) {
	signature, err := s.sign([]byte(laneMessage))
	if err != nil {
		return nil, fmt.Errorf("derive lane %d: %w", i, err)
	}
	mac := hmac.New(sha256.New, signature)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(i)))
	return NewSigner(secp256k1.GenPrivKeyFromSecret(mac.Sum(nil)))
}

// Accounts returns the addresses that post: the lanes', or the signer's own.
func (c *Client) Accounts() []string {
	addresses := make([]string, len(c.lanes))
	for i, l := range c.lanes {
		addresses[i] = l.signer.address
	}
	return addresses
}

// OpenLanes creates the accounts of those lanes that have none, in one transaction of Signer's
// for up to 64, and waits until they exist. Signer grants each to pay for blobs, and for
// nothing else, from Signer's account, up to an amount of aash; nil: no bound. The amount must
// cover the most that all of a lane's waiting transactions may cost. Lanes that are open stay
// as they are.
//
// It takes a sequence of Signer's own account, so that nothing else may post from that
// meanwhile.
func (c *Client) OpenLanes(ctx context.Context, each math.Int) error {
	var missing []*lane
	for _, l := range c.lanes {
		if l.granter == "" {
			continue
		}
		_, err := c.Account(ctx, l.signer.address)
		if CodeOf(err) == CodeNotFound {
			missing = append(missing, l)
		} else if err != nil {
			return err
		}
	}
	for len(missing) > 0 {
		n := min(len(missing), grantsAtOnce)
		if err := c.grant(ctx, missing[:n], each); err != nil {
			return fmt.Errorf("open lanes: %w", err)
		}
		missing = missing[n:]
	}
	return nil
}

// grant has the chain create the accounts of lanes.
func (c *Client) grant(ctx context.Context, lanes []*lane, each math.Int) error {
	body, err := c.grants(lanes, each)
	if err != nil {
		return err
	}
	if _, err := c.sendBody(ctx, body, grantGas*uint64(len(lanes)+1)); err != nil {
		return err
	}
	if _, err := c.Account(ctx, lanes[len(lanes)-1].signer.address); err != nil {
		return fmt.Errorf("the transaction was included and the accounts do not exist, does %s grant to them already? %w", c.signer.address, err)
	}
	return nil
}

// grants is the body of a transaction that grants lanes to pay for blobs.
func (c *Client) grants(lanes []*lane, each math.Int) ([]byte, error) {
	basic := &feegrant.BasicAllowance{}
	if !each.IsNil() {
		basic.SpendLimit = sdk.NewCoins(sdk.NewCoin(Denom, each))
	}
	within, err := codectypes.NewAnyWithValue(basic)
	if err != nil {
		return nil, err
	}
	allowance, err := codectypes.NewAnyWithValue(&feegrant.AllowedMsgAllowance{Allowance: within, AllowedMessages: []string{da.PayForBlobsURL}})
	if err != nil {
		return nil, err
	}
	var body tx.TxBody
	for _, l := range lanes {
		grant := &feegrant.MsgGrantAllowance{Granter: c.signer.address, Grantee: l.signer.address, Allowance: allowance}
		message, err := codectypes.NewAnyWithValue(grant)
		if err != nil {
			return nil, err
		}
		body.Messages = append(body.Messages, message)
	}
	return body.Marshal()
}
