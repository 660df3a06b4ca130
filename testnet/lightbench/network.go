package lightbench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ashlar-da/ashlar/testnet"
)

// The ways to count what the light node receives and sends.
const (
	CountedByInterface = "the byte counters of a veth interface in a network namespace of the node's own: Ethernet, IP, TCP and UDP headers included, no segmentation offload"
	CountedByNode      = "the node's own count of stream bytes: without what secures, multiplexes and transports them, because no network namespace could be made"
)

// Network is what a light node and its full nodes are connected by.
type Network struct {
	// Counted says how bytes are counted.
	Counted string
	// Nodes are the full nodes' addresses, each in a subnet of its own.
	Nodes []string
	// Light is the light node's address, API that of its HTTP API: another interface's, so
	// that asking the node about itself is not counted.
	Light, API string

	namespace string // empty without one
	device    string // the full nodes' end
}

// NewNetwork makes a network namespace, joined to this one by one pair of interfaces for
// peers and one for the API; number tells apart the networks of a process, which have
// subnets that are free. Remove gives everything back.
func NewNetwork(ctx context.Context, number, nodes int) (*Network, error) {
	id := fmt.Sprintf("%d-%d", os.Getpid(), number)
	peers, api, err := freeSubnets()
	if err != nil {
		return nil, err
	}
	n := &Network{
		Counted: CountedByInterface, namespace: "lightbench-" + id, device: "lb" + id,
		Light: fmt.Sprintf("10.%d.0.2", peers), API: fmt.Sprintf("10.%d.0.2", api),
	}
	for i := range nodes {
		n.Nodes = append(n.Nodes, fmt.Sprintf("10.%d.%d.1", peers, i+1))
	}
	commands := []string{"netns add " + n.namespace, "-n " + n.namespace + " link set lo up"}
	commands = append(commands, n.join(n.device, "peers", n.Nodes, n.Light)...)
	commands = append(commands, n.join("la"+id, "api", []string{fmt.Sprintf("10.%d.0.1", api)}, n.API)...)
	for _, command := range commands {
		if _, err := testnet.Run(ctx, "ip", strings.Fields(command)...); err != nil {
			n.Remove()
			return nil, fmt.Errorf("making a network namespace: %w", err)
		}
	}
	return n, nil
}

// freeSubnets draws two subnets 10.x.0.0/16 that no interface of this machine is in, so that
// several measurements can run side by side.
func freeSubnets() (peers, api int, err error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return 0, 0, fmt.Errorf("reading the addresses in use: %w", err)
	}
	var free []int // second bytes of 10.0.0.0/8
	for second := range 256 {
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(second)}), 16)
		if !slices.ContainsFunc(addresses, func(a net.Addr) bool {
			used, err := netip.ParsePrefix(a.String())
			return err == nil && used.Overlaps(prefix)
		}) {
			free = append(free, second)
		}
	}
	if len(free) < 2 {
		return 0, 0, errors.New("no two subnets of 10.0.0.0/8 are free")
	}
	rand.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	return free[0], free[1], nil
}

// join returns the commands that make a pair of interfaces, one of them in the namespace.
// Packets are cut to their size on the wire before they are counted, and IPv6's own
// chatter is kept out.
func (n *Network) join(outer, inner string, outerAddresses []string, innerAddress string) []string {
	end := func(device, where string, addresses ...string) (commands []string) {
		for _, address := range addresses {
			commands = append(commands, where+"addr add "+address+"/16 dev "+device)
		}
		return append(commands,
			where+"link set "+device+" gso_max_segs 1 gso_max_size 1500 addrgenmode none",
			where+"link set "+device+" up")
	}
	commands := []string{"link add " + outer + " type veth peer name " + inner + " netns " + n.namespace}
	commands = append(commands, end(outer, "", outerAddresses...)...)
	return append(commands, end(inner, "-n "+n.namespace+" ", innerAddress)...)
}

// Loopback returns the network of a machine where none can be made.
func Loopback(number, nodes int) *Network {
	n := &Network{Counted: CountedByNode, Light: fmt.Sprintf("127.%d.0.2", 1+number), API: fmt.Sprintf("127.%d.0.2", 1+number)}
	for i := range nodes {
		n.Nodes = append(n.Nodes, fmt.Sprintf("127.%d.%d.1", 1+number, i+1))
	}
	return n
}

// Remove takes the network away; what runs in it must have ended.
func (n *Network) Remove() {
	if n.namespace == "" {
		return
	}
	// Deleting the namespace deletes the interfaces in it, and these their other ends.
	_, _ = testnet.Run(context.Background(), "ip", "netns", "del", n.namespace)
}

// Command returns how to run a program where the light node is to run: as it is, and in
// its namespace if there is one. The process is the program's itself.
func (n *Network) Command(path string, args []string) (string, []string) {
	if n.namespace == "" {
		return path, args
	}
	return "ip", append([]string{"netns", "exec", n.namespace, path}, args...)
}

// errNoCounters means that the network does not count bytes.
var errNoCounters = errors.New("lightbench: the network has no byte counters")

// Bytes returns how many bytes have gone to the light node and come from it.
func (n *Network) Bytes() (received, sent uint64, err error) {
	if n.device == "" {
		return 0, 0, errNoCounters
	}
	if received, err = n.counter("tx_bytes"); err != nil { // what this end sends, the node receives
		return 0, 0, err
	}
	sent, err = n.counter("rx_bytes")
	return received, sent, err
}

func (n *Network) counter(name string) (uint64, error) {
	text, err := os.ReadFile(filepath.Join("/sys/class/net", n.device, "statistics", name))
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
}
