package adversary

import (
	"encoding/binary"

	"github.com/libp2p/go-libp2p/core/network"
)

// Oversized announces a frame of a gibibyte, and sends it for as long as anybody reads.
func Oversized(s network.Stream) {
	if _, err := s.Write(binary.AppendUvarint(nil, 1<<30)); err == nil {
		neverEnding(s)
	}
}

// Truncated ends a frame halfway.
func Truncated(s network.Stream) {
	_, _ = s.Write(append(binary.AppendUvarint(nil, 2000), make([]byte, 1000)...))
	_ = s.Close()
}

// NeverEnding sends a length that does not end, for as long as anybody reads.
func NeverEnding(s network.Stream) { neverEnding(s) }

// neverEnding writes bytes that each say that another follows.
func neverEnding(s network.Stream) {
	more := make([]byte, 64<<10)
	for i := range more {
		more[i] = 0xff
	}
	for {
		if _, err := s.Write(more); err != nil {
			return
		}
	}
}
