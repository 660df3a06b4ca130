package testnet

import (
	"net"
	"testing"
)

func TestPortsSkipsWhatIsTaken(t *testing.T) {
	ports := Ports{Next: 20000}
	first, err := ports.Take()
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.ListenPacket("udp", hostPort(first))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	again := Ports{Next: first}
	second, err := again.Take()
	if err != nil || second <= first {
		t.Errorf("have %d, %v; want a port after %d, which holds a UDP socket", second, err, first)
	}
	third, err := again.Take()
	if err != nil || third <= second {
		t.Errorf("have %d, %v; want a port after %d", third, err, second)
	}
}

func TestPortsRunOut(t *testing.T) {
	ports := Ports{Next: maxPort}
	if port, err := ports.Take(); err == nil {
		t.Errorf("have %d; want an error past the end of the range", port)
	}
}
