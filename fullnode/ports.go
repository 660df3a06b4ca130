package fullnode

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// listening is an address that a node listens on, and the setting and flag that says so.
type listening struct{ setting, network, address string }

// checkPorts fails for the first address that another process listens on. libp2p would
// share the port with it and CometBFT find out when everything else runs.
func (c *Config) checkPorts(ctx context.Context) error {
	for _, l := range c.listening() {
		if errors.Is(tryListen(ctx, l.network, l.address), syscall.EADDRINUSE) {
			return fmt.Errorf("%s %s is taken by another process, perhaps another node: stop that, or choose another address with --%s", l.network, l.address, l.setting)
		}
	}
	return nil
}

func tryListen(ctx context.Context, network, address string) error {
	var config net.ListenConfig
	if network == "udp" {
		packets, err := config.ListenPacket(ctx, network, address)
		if err != nil {
			return err
		}
		return packets.Close()
	}
	listener, err := config.Listen(ctx, network, address)
	if err != nil {
		return err
	}
	return listener.Close()
}

// listening lists what the configuration has the node listen on, as far as it is TCP or UDP
// on an IP address.
func (c *Config) listening() []listening {
	var all []listening
	for _, l := range []listening{
		{"api.address", "tcp", c.API.Address},
		{"rpc.laddr", "tcp", strings.TrimPrefix(c.Comet.RPC.ListenAddress, "tcp://")},
		{"p2p.laddr", "tcp", strings.TrimPrefix(c.Comet.P2P.ListenAddress, "tcp://")},
	} {
		if l.address != "" && !strings.Contains(l.address, "://") {
			all = append(all, l)
		}
	}
	for _, multiaddress := range c.Libp2p.Listen {
		parts := strings.Split(multiaddress, "/") // such as /ip4/0.0.0.0/udp/26660/quic-v1
		if len(parts) > 4 && (parts[1] == "ip4" || parts[1] == "ip6") && (parts[3] == "tcp" || parts[3] == "udp") {
			all = append(all, listening{"libp2p.listen", parts[3], net.JoinHostPort(parts[2], parts[4])})
		}
	}
	return all
}
