package p2p

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/ashlar-da/ashlar/proto/wire"
)

const (
	// answerShare is the part of Limits.Memory that one answer may take while it is built.
	answerShare = 8
	// minMemory is the least Limits.Memory, at which an answer of maxNamespace can be built.
	minMemory = answerShare * 2 * maxNamespace
)

// budget is what answering one request may take: cells of the asker's allowance, and memory
// within the limits of its stream, its peer, its protocol and the host. One goroutine uses it.
type budget struct {
	memory network.ResourceScope
	charge func(cells int) error
	most   int // bytes that one answer may take
	answer int // bytes that the encoded answer may have, as reserved
	held   int // bytes reserved
}

// take charges the asker, and reserves memory before any of it is used: for an encoded answer
// of at most so many bytes, for what it is encoded from, and for so many bytes beyond. It
// fails with ErrTooLarge where no wait would help, and with ErrRateLimited where one would;
// then nothing may be built.
func (b *budget) take(cells, answer, beyond int) error {
	bytes := 2*answer + beyond
	if bytes > b.most {
		return fmt.Errorf("%w: the answer may take %d bytes of memory, at most %d", ErrTooLarge, bytes, b.most)
	}
	if err := b.memory.ReserveMemory(bytes, network.ReservationPriorityMedium); err != nil {
		return fmt.Errorf("%w: %w", ErrRateLimited, err)
	}
	b.answer, b.held = answer, b.held+bytes
	return b.charge(cells)
}

// frame encodes a response within what was reserved for it, or the status alone that tells
// why there is none, and keeps no more memory than that takes: the peer may read it slowly.
// The error is why there is none.
func (b *budget) frame(response codable, err error) ([]byte, wire.Status, error) {
	if err == nil && response.Size() > b.answer {
		err = fmt.Errorf("%w: an answer of %d bytes, at most %d", ErrTooLarge, response.Size(), b.answer)
	}
	var framed []byte
	if err == nil {
		framed, err = encodeFrame(response)
	}
	if err != nil {
		b.shrink(0)
		return frame(refusal(statusOf(err))), statusOf(err), err
	}
	b.shrink(len(framed))
	return framed, wire.Status_STATUS_OK, nil
}

// shrink gives back all memory but so many bytes.
func (b *budget) shrink(to int) {
	if b.held > to {
		b.memory.ReleaseMemory(b.held - to)
		b.held = to
	}
}
