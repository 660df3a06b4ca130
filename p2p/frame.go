package p2p

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

var (
	errFrameLength  = errors.New("length is not a minimal unsigned varint")
	errFrameTooLong = errors.New("length passes the cap")
)

// step is the most memory that bytes not yet received can claim.
const step = 64 << 10

// writeFrame writes a message after its length, in one call.
func writeFrame(w io.Writer, message []byte) error {
	_, err := w.Write(frame(message))
	return err
}

// frame returns a message after its length.
func frame(message []byte) []byte { return append(frameOf(len(message)), message...) }

// frameOf begins the frame of a message of a length, and has room for all of it.
func frameOf(length int) []byte {
	return binary.AppendUvarint(make([]byte, 0, binary.MaxVarintLen32+length), uint64(length))
}

// encodeFrame returns the frame of a message, encoded in its place there.
func encodeFrame(m codable) ([]byte, error) {
	size := m.Size()
	framed := frameOf(size)
	head := len(framed)
	framed = framed[:head+size]
	_, err := m.MarshalToSizedBuffer(framed[head:])
	return framed, err
}

// readFrame reads a message of at most limit bytes. It reads no byte beyond the
// message, and holds memory only for what has arrived, to the next step.
func readFrame(r io.Reader, limit int) ([]byte, error) {
	length, err := readLength(r)
	if err != nil {
		return nil, err
	}
	if length > uint64(limit) {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", errFrameTooLong, length, limit)
	}
	return readGrowing(r, int(length))
}

// readLength reads a minimal unsigned varint of at most 32 bits, byte by byte.
func readLength(r io.Reader) (uint64, error) {
	var encoded [binary.MaxVarintLen32]byte
	for i := range encoded {
		if _, err := io.ReadFull(r, encoded[i:i+1]); err != nil {
			return 0, err
		}
		if encoded[i] < 0x80 {
			if i > 0 && encoded[i] == 0 {
				return 0, errFrameLength
			}
			length, _ := binary.Uvarint(encoded[:i+1])
			return length, nil
		}
	}
	return 0, errFrameLength
}

func readGrowing(r io.Reader, length int) ([]byte, error) {
	message := make([]byte, 0, min(length, step))
	for len(message) < length {
		have := len(message)
		message = slices.Grow(message, min(length-have, step))
		message = message[:min(length, cap(message))]
		if _, err := io.ReadFull(r, message[have:]); err != nil {
			return nil, unexpected(err)
		}
	}
	return message, nil
}

// unexpected makes an end within a message differ from one before it.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
