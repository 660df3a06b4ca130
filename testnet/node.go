package testnet

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// FullNode is a process of `ashlar start`, a validator or not.
type FullNode struct {
	*Process
	API
	Name string
	// Home is the folder of the node's keys, settings and data.
	Home string
	// Address is the node's account, which pays for what is posted through it, and
	// Mnemonic its key.
	Address, Mnemonic string
	// Peer is the multiaddress that light nodes know the node by.
	Peer string

	cometID                 string
	rpc, comet, api, libp2p int // ports
	metrics, profile        int // ports
}

// Status is what a full node says of itself.
type Status struct {
	ChainID string `json:"chain_id"`
	// Height is the newest height the node has stored.
	Height uint64 `json:"height"`
}

// newFullNode describes a full node on ports of its own, without its process.
func (n *Network) newFullNode(name string) (*FullNode, error) {
	node := &FullNode{Name: name, Home: n.home(name)}
	for _, port := range []*int{&node.rpc, &node.comet, &node.api, &node.libp2p, &node.metrics, &node.profile} {
		var err error
		if *port, err = n.ports.Take(); err != nil {
			return nil, err
		}
	}
	node.API = API{"http://" + hostPort(node.api)}
	return node, nil
}

// config returns the path of a file in the node's configuration folder.
func (f *FullNode) config(name string) string { return filepath.Join(f.Home, "config", name) }

// listen is the multiaddress that the node serves peers on.
func (f *FullNode) listen() string { return fmt.Sprintf("/ip4/%s/tcp/%d", Loopback, f.libp2p) }

// Status asks the node for its status.
func (f *FullNode) Status(ctx context.Context) (Status, error) {
	var status Status
	return status, f.Get(ctx, "/v1/status", &status)
}

// WaitHeight waits until the node has stored a height.
func (f *FullNode) WaitHeight(ctx context.Context, limit time.Duration, height uint64) error {
	return Wait(ctx, limit, fmt.Sprintf("%s to store height %d", f.Name, height), func(ctx context.Context) (bool, error) {
		status, err := f.Status(ctx)
		return status.Height >= height, err
	})
}

// Block asks the node for a block.
func (f *FullNode) Block(ctx context.Context, height uint64) (Block, error) {
	var found struct {
		Height   uint64    `json:"height"`
		Time     time.Time `json:"time"`
		DAHeader struct {
			K int `json:"k"`
		} `json:"da_header"`
	}
	err := f.Get(ctx, fmt.Sprintf("/v1/blocks/%d", height), &found)
	return Block{Height: found.Height, Time: found.Time, Rows: found.DAHeader.K}, err
}

// Trust asks the node for a header that a light node can begin with, as height:hash.
func (f *FullNode) Trust(ctx context.Context, height uint64) (string, error) {
	var header struct {
		Hash string `json:"hash"`
	}
	if err := f.Get(ctx, fmt.Sprintf("/v1/headers/%d", height), &header); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d:%s", height, strings.ToLower(header.Hash)), nil
}
