package adversary

import (
	"encoding/binary"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

// Trickle announces a frame of a plausible length and sends a byte of it now and then, which
// keeps the stream from being idle.
func Trickle(s network.Stream) {
	if _, err := s.Write(binary.AppendUvarint(nil, 2100)); err != nil {
		return
	}
	for {
		time.Sleep(50 * time.Millisecond)
		if _, err := s.Write([]byte{0}); err != nil {
			return
		}
	}
}

// Silence reads a request and never answers.
func Silence(network.Stream) {}
