package adversary

import (
	"errors"
	"fmt"
	"io"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/ashlar-da/ashlar/p2p"
)

// maxRequest is more than any request takes.
const maxRequest = 16 << 10

// Raw is a libp2p host that speaks our protocols as it likes, stream by stream.
type Raw struct {
	host.Host
	chainID string
}

// NewRaw listens on a loopback port.
func NewRaw(chainID string) (*Raw, error) {
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(), libp2p.ResourceManager(&network.NullResourceManager{}))
	if err != nil {
		return nil, err
	}
	return &Raw{h, chainID}, nil
}

// Address is where the host can be reached, /p2p/ID included.
func (r *Raw) Address() string { return fmt.Sprintf("%s/p2p/%s", r.Addrs()[0], r.ID()) }

// On returns the name of a protocol on the chain.
func (r *Raw) On(p p2p.Protocol) protocol.ID {
	return protocol.ID("/ashlar/" + r.chainID + "/" + string(p))
}

// Answer makes the host speak a protocol: it begins to read each request, and goes on as given.
func (r *Raw) Answer(p p2p.Protocol, then func(network.Stream)) {
	r.SetStreamHandler(r.On(p), func(s network.Stream) {
		if _, err := s.Read(make([]byte, maxRequest)); err == nil || errors.Is(err, io.EOF) {
			then(s)
		}
	})
}
