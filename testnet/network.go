package testnet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Config describes a network.
type Config struct {
	// Dir is where everything the network writes goes. What an earlier network left
	// there is removed.
	Dir string
	// Bin is the folder of the binaries ashlar and ashlar-light.
	Bin     string
	ChainID string
	// Validators and FullNodes count the processes; FullNodes do not validate.
	Validators, FullNodes int
	// FirstPort is where the search for free ports begins.
	FirstPort int
	// CommitTimeout is how long validators wait after a block: with the time consensus
	// takes it makes the time between blocks.
	CommitTimeout time.Duration
	// Accounts are the addresses of further accounts that the genesis funds, Genesis values
	// that it holds in place of its own, and Comet settings of every full node's config.toml.
	Accounts []string
	Genesis  Genesis
	Comet    Settings
	// Retain is how long full nodes keep squares and blocks; 0: their default.
	Retain time.Duration
	// Measure has full nodes tell what takes their time, at ports of their own.
	Measure bool
	// Link lies between any two nodes; nil: they share a loopback interface.
	Link *Link
}

// stopPatience is how long a process may take to end in order.
const stopPatience = 10 * time.Second

// Network is a chain of real processes on the loopback address.
type Network struct {
	// FullNodes are the validators, then the other full nodes.
	FullNodes []*FullNode

	config Config
	ports  Ports
	fail   context.CancelCauseFunc

	mu        sync.Mutex
	processes []*Process // all that were ever described
	relays    []*Relay
	exited    func(*Process, error) // told of unexpected ends; nil: fail is
}

// New creates the network's homes and its genesis; no process runs yet. The context it
// returns ends when a process ends by itself, with the reason as its cause.
func New(ctx context.Context, config Config) (*Network, context.Context, error) {
	if err := prepareDir(&config); err != nil {
		return nil, ctx, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	n := &Network{config: config, ports: Ports{Next: config.FirstPort}, fail: fail}
	for i := range config.Validators + config.FullNodes {
		name := fmt.Sprintf("validator-%d", i+1)
		if i >= config.Validators {
			name = fmt.Sprintf("full-%d", i+1-config.Validators)
		}
		node, err := n.newFullNode(name)
		if err != nil {
			return nil, ctx, err
		}
		node.Process = n.newProcess(name, n.binary("ashlar"), []string{"start", "--home", node.Home})
		n.FullNodes = append(n.FullNodes, node)
	}
	return n, ctx, n.createHomes(ctx)
}

// AddFullNode describes one more full node, of a binary of its own, which is started with
// --home and args; it is not started. It is not among FullNodes, and the others do not
// know it as a peer.
func (n *Network) AddFullNode(ctx context.Context, name, binary string, args ...string) (*FullNode, error) {
	node, err := n.newFullNode(name)
	if err != nil {
		return nil, err
	}
	node.Process = n.newProcess(name, binary, append([]string{"--home", node.Home}, args...))
	if err := n.createHome(ctx, node); err != nil {
		return nil, err
	}
	if err := n.copyGenesis(node); err != nil {
		return nil, err
	}
	return node, n.configure(node)
}

// prepareDir empties the network's folder and makes its paths absolute.
func prepareDir(config *Config) error {
	var err error
	if config.Dir, err = filepath.Abs(config.Dir); err != nil {
		return fmt.Errorf("find %s: %w", config.Dir, err)
	}
	if config.Bin, err = filepath.Abs(config.Bin); err != nil {
		return fmt.Errorf("find %s: %w", config.Bin, err)
	}
	for _, sub := range []string{"homes", "logs"} {
		dir := filepath.Join(config.Dir, sub)
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove what an earlier run left: %w", err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make a folder for the network: %w", err)
		}
	}
	return nil
}

// Validators returns the full nodes that validate.
func (n *Network) Validators() []*FullNode { return n.FullNodes[:n.config.Validators] }

// other returns a full node that is not the one of an index; turn varies which.
func (n *Network) other(index, turn int) *FullNode {
	count := len(n.FullNodes)
	return n.FullNodes[(index+1+turn%(count-1))%count]
}

// Logs returns the folder of the logs.
func (n *Network) Logs() string { return filepath.Join(n.config.Dir, "logs") }

// binary returns the path of a binary.
func (n *Network) binary(name string) string { return filepath.Join(n.config.Bin, name) }

// home returns the folder of a process's files.
func (n *Network) home(name string) string { return filepath.Join(n.config.Dir, "homes", name) }

// newProcess describes a process whose unexpected end ends the network's context, unless
// onExit says otherwise.
func (n *Network) newProcess(name, path string, args []string) *Process {
	var p *Process
	p = NewProcess(name, n.Logs(), path, args, func(err error) {
		n.mu.Lock()
		exited := n.exited
		n.mu.Unlock()
		if exited == nil {
			n.fail(err)
			return
		}
		exited(p, err)
	})
	n.mu.Lock()
	defer n.mu.Unlock()
	n.processes = append(n.processes, p)
	return p
}

// onExit has unexpected ends of processes told to exited from now on.
func (n *Network) onExit(exited func(*Process, error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.exited = exited
}

// StartFullNodes starts all full nodes and waits until each has stored a height.
func (n *Network) StartFullNodes(ctx context.Context, limit time.Duration, height uint64) error {
	for _, node := range n.FullNodes {
		if err := node.Start(); err != nil {
			return err
		}
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, node := range n.FullNodes {
		group.Go(func() error { return node.WaitHeight(groupCtx, limit, height) })
	}
	return group.Wait()
}

// PeakMemory returns the peak resident memory of each process, in bytes.
func (n *Network) PeakMemory() map[string]uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	peaks := map[string]uint64{}
	for _, p := range n.processes {
		peaks[p.Name()] = max(peaks[p.Name()], p.PeakMemory())
	}
	return peaks
}

// Stop stops every process. It returns when none runs any more.
func (n *Network) Stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	var stopping sync.WaitGroup
	for _, p := range n.processes {
		stopping.Go(func() { p.Stop(stopPatience) })
	}
	stopping.Wait()
	for _, r := range n.relays {
		_ = r.Close() // a second time, where Stop is called again
	}
}

// Remove stops every process and removes its files; the logs stay.
func (n *Network) Remove() {
	n.Stop()
	_ = os.RemoveAll(filepath.Join(n.config.Dir, "homes"))
	_ = os.Remove(filepath.Join(n.config.Dir, "accounts.json"))
}
