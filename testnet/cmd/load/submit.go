package main

import (
	"context"
	"fmt"
	"math/big"
	"sync/atomic"
	"time"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/testnet/load"
)

// submitters are a group before the capacity is known.
type submitters struct {
	name string
	// accounts are as many, each with a client of its own: one account's transactions go one
	// after the other.
	accounts int
	// share of the capacity is what they offer together.
	share float64
	// most is what they pay for blob gas at most, in multiples of the reserve price; 0: anything.
	most float64
	// tip is what they tip at least, in multiples of the reserve price; 0: what the client does.
	tip float64
	// patience is in multiples of that of the run.
	patience time.Duration
}

// halfLoad is one submitter at half of capacity, who pays what it takes.
func halfLoad() []submitters {
	return []submitters{{name: "one submitter", accounts: 1, share: 0.5, patience: 1}}
}

// twiceLoad is twice the capacity. Those who pay any price offer less than half of it, so that
// there is a price at which blocks are half full, and tip, since what they pay is to get in.
func twiceLoad() []submitters {
	return []submitters{
		{name: "pays any price", accounts: 2, share: 0.4, tip: 1, patience: 2},
		{name: "up to 4×", accounts: 3, share: 0.6, most: 4, patience: 1},
		{name: "up to 1.5×", accounts: 4, share: 1.0, most: 1.5, patience: 1},
	}
}

// names are those of the accounts.
func (s *submitters) names() []string {
	var names []string
	for i := range s.accounts {
		names = append(names, fmt.Sprintf("%s, account %d", s.name, i+1))
	}
	return names
}

// group opens the clients of a group, which take turns.
func (n *network) group(ctx context.Context, s submitters, rate float64) (load.Group, error) {
	var clients []*client.Client
	for _, name := range s.names() {
		c, err := n.open(ctx, name, s)
		if err != nil {
			return load.Group{}, err
		}
		clients = append(clients, c)
	}
	n.clients = append(n.clients, clients...)
	return load.Group{Name: s.name, Rate: rate, Post: post(clients), Patience: s.patience * n.patience}, nil
}

// open opens the client of one of a group's accounts.
func (n *network) open(ctx context.Context, name string, s submitters) (*client.Client, error) {
	signer, err := n.signer(name)
	if err != nil {
		return nil, err
	}
	config := client.Config{URL: n.Network.FullNodes[0].Base, Signer: signer, Setup: n.setup, Tip: n.reserves(s.tip)}
	for _, node := range n.Network.FullNodes[1:entry] {
		config.Fallbacks = append(config.Fallbacks, node.Base)
	}
	if s.most > 0 {
		config.MaxFeePerGas = n.reserves(s.most)
	}
	return client.New(ctx, config)
}

// reserves is a multiple of the reserve price.
func (n *network) reserves(multiple float64) math.Int {
	price, _ := new(big.Float).Mul(new(big.Float).SetInt(n.market.Reserve), big.NewFloat(multiple)).Int(nil)
	return math.NewIntFromBigInt(price)
}

// post submits by one client after another and waits until the blob is final.
func post(clients []*client.Client) load.Post {
	var turn atomic.Uint64
	return func(ctx context.Context, prepared *client.Prepared) (uint64, error) {
		submission, err := clients[turn.Add(1)%uint64(len(clients))].SubmitPrepared(ctx, prepared)
		if err != nil {
			return 0, err
		}
		posted, err := submission.Wait(ctx, client.Final)
		if err == nil {
			return posted[0].Height, nil
		}
		if last := submission.State(); ctx.Err() != nil && last.Err == nil {
			return 0, &load.Unfinished{State: string(last.State), Err: err}
		}
		return 0, err
	}
}
