package testnet

import (
	"fmt"
	"net"
	"strconv"
)

// Loopback is the address every process of a network listens on.
const Loopback = "127.0.0.1"

// maxPort ends the range that ports are taken from: it lies below the range that Linux
// takes the ports of outgoing connections from, so that a process that is killed and
// started again finds its ports free.
const maxPort = 32000

// Ports hands out free ports in ascending order. The zero value starts at 1024.
type Ports struct {
	// Next is the first port that is tried next.
	Next int
}

// Take returns the next port that is free for TCP and for UDP on the loopback address.
func (p *Ports) Take() (int, error) {
	for port := max(p.Next, 1024); port < maxPort; port++ {
		if free(port) {
			p.Next = port + 1
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port from %d to %d: stop what holds them, or start elsewhere", p.Next, maxPort)
}

// free tells whether a port can be listened on.
func free(port int) bool {
	addr := hostPort(port)
	stream, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	_ = stream.Close()
	packets, err := net.ListenPacket("udp", addr)
	if err != nil {
		return false
	}
	_ = packets.Close()
	return true
}

// hostPort joins the loopback address and a port.
func hostPort(port int) string {
	return net.JoinHostPort(Loopback, strconv.Itoa(port))
}
