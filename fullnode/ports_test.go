package fullnode

import (
	"net"
	"strconv"
	"strings"
	"testing"
)

// TestTakenPortsAreNamed has another process listen where one setting at a time says.
func TestTakenPortsAreNamed(t *testing.T) {
	stream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stream.Close() })
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = packets.Close() })
	taken := stream.Addr().String()
	tcp := strconv.Itoa(stream.Addr().(*net.TCPAddr).Port)
	udp := strconv.Itoa(packets.LocalAddr().(*net.UDPAddr).Port)
	for _, test := range []struct {
		name  string
		apply func(*Config)
		flag  string // empty: nothing is taken
	}{
		{"nothing", func(*Config) {}, ""},
		{"the API's", func(c *Config) { c.API.Address = taken }, "--api.address"},
		{"the RPC's", func(c *Config) { c.Comet.RPC.ListenAddress = "tcp://" + taken }, "--rpc.laddr"},
		{"CometBFT's", func(c *Config) { c.Comet.P2P.ListenAddress = "tcp://" + taken }, "--p2p.laddr"},
		{"libp2p's", func(c *Config) { c.Libp2p.Listen = append(c.Libp2p.Listen, "/ip4/127.0.0.1/tcp/"+tcp) }, "--libp2p.listen"},
		{"QUIC's", func(c *Config) { c.Libp2p.Listen = []string{"/ip4/127.0.0.1/udp/" + udp + "/quic-v1"} }, "--libp2p.listen"},
		{"a name's, which is not looked at", func(c *Config) { c.Libp2p.Listen = []string{"/dns4/localhost/tcp/" + tcp, "nonsense"} }, ""},
		{"a socket's, which is not looked at", func(c *Config) { c.Comet.RPC.ListenAddress = "unix:///tmp/x" }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := testConfig(t, t.TempDir())
			test.apply(&cfg)
			err := cfg.checkPorts(t.Context())
			if (err != nil) != (test.flag != "") || err != nil && !strings.Contains(err.Error(), test.flag) {
				t.Errorf("it fails with %v, want %q", err, test.flag)
			}
		})
	}
}
