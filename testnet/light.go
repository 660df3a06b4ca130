package testnet

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// LightNode is a process of ashlar-light.
type LightNode struct {
	*Process
	API
	Home string
}

// LightConfig describes a light node.
type LightConfig struct {
	Name string
	// Trust is the header the node begins with, as height:hash.
	Trust string
	// Peers are the addresses of the full nodes it knows; it finds no others.
	Peers []string
	// Deadline is how long a block's cells may take before it is unavailable; 0 is the
	// node's default.
	Deadline time.Duration
	// Samples is how many cells of a block it draws; 0 is the node's default.
	Samples int
	// Namespace is one whose blobs the node delivers from the height From on, 0: from 1, to the folder
	// Out, after it has recomputed each block's index; empty: none.
	Namespace, Out string
	From           uint64
}

// Availability is what a light node says of a height.
type Availability struct {
	Height     uint64  `json:"height"`
	Verdict    string  `json:"verdict"`
	Confidence float64 `json:"confidence"`
	// Samples counts the cells drawn, Verified those that were delivered and proved right.
	Samples  int `json:"samples"`
	Verified int `json:"verified"`
	// Rows is the number of rows of the square.
	Rows int `json:"rows"`
	// Checked is when the verdict was last looked into.
	Checked time.Time `json:"checked_at"`
	// Coordinates are the cells drawn, as row and column.
	Coordinates [][2]int `json:"coordinates"`
}

// LightStatus is what a light node says of itself.
type LightStatus struct {
	Witnesses int    `json:"witnesses"`
	Alarm     string `json:"alarm"`
}

// AddLightNode describes one more light node, or one that is to run again in the same
// home, perhaps with other peers; it is not started.
func (n *Network) AddLightNode(config LightConfig) (*LightNode, error) {
	port, err := n.ports.Take()
	if err != nil {
		return nil, err
	}
	node := &LightNode{API: API{"http://" + hostPort(port)}, Home: n.home(config.Name)}
	// These chains are short, and some stand still: every head is verified as it comes.
	args := []string{
		"start", "--home", node.Home, "--chain-id", n.config.ChainID, "--api.addr", hostPort(port), "--commit-every", "1",
		"--trust", config.Trust, "--dht=false", "--listen", fmt.Sprintf("/ip4/%s/tcp/0", Loopback),
	}
	for _, peer := range config.Peers {
		args = append(args, "--peer", peer)
	}
	if config.Deadline != 0 {
		args = append(args, "--deadline", config.Deadline.String())
	}
	if config.Samples != 0 {
		args = append(args, "--samples", strconv.Itoa(config.Samples))
	}
	if config.Namespace != "" {
		args = append(args, "--namespace", config.Namespace, "--out", config.Out, "--from", strconv.FormatUint(max(config.From, 1), 10), "--verify-index")
	}
	node.Process = n.newProcess(config.Name, n.binary("ashlar-light"), args)
	return node, nil
}

// Status asks the node for its status.
func (l *LightNode) Status(ctx context.Context) (LightStatus, error) {
	var status LightStatus
	return status, l.Get(ctx, "/v1/status", &status)
}

// Availability asks the node what it knows of a height.
func (l *LightNode) Availability(ctx context.Context, height uint64) (Availability, error) {
	var found Availability
	return found, l.Get(ctx, fmt.Sprintf("/v1/availability/%d", height), &found)
}
