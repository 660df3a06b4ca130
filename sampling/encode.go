package sampling

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// The encoding of a session: version, expired, height, hash, data root, k, number of
// draws; then row, column and what last came of each. Big-endian, fixed width.
const (
	encodingVersion = 1
	headSize        = 1 + 1 + 8 + 32 + 32 + 2 + 4
	drawSize        = 2 + 1 + 1
)

// stored lists outcomes by their byte in an encoding.
var stored = [...]Outcome{Unasked, Verified, Refused, TimedOut, Garbled}

// MarshalBinary encodes the block, the coordinates and what last came of asking for each. What
// was under way, and who was asked, is forgotten.
func (s *Session) MarshalBinary() ([]byte, error) {
	out := make([]byte, 0, headSize+len(s.draws)*drawSize)
	out = append(out, encodingVersion, bit(s.expired))
	out = binary.BigEndian.AppendUint64(out, s.block.Height)
	out = append(out, s.block.Hash[:]...)
	out = append(out, s.block.DataRoot[:]...)
	out = binary.BigEndian.AppendUint16(out, uint16(s.block.K))
	out = binary.BigEndian.AppendUint32(out, uint32(len(s.draws)))
	for _, d := range s.draws {
		out = binary.BigEndian.AppendUint16(out, uint16(d.coord.Row))
		out = append(out, byte(d.coord.Column), byte(slices.Index(stored[:], d.last)))
	}
	return out, nil
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// DecodeSession reads what MarshalBinary wrote, and nothing else.
func DecodeSession(encoded []byte) (*Session, error) {
	if len(encoded) < headSize || encoded[0] != encodingVersion || encoded[1] > 1 {
		return nil, fmt.Errorf("%w: %d bytes are no session of version %d", ErrBadSession, len(encoded), encodingVersion)
	}
	s := emptySession(Block{
		Height:   binary.BigEndian.Uint64(encoded[2:]),
		Hash:     [32]byte(encoded[10:42]),
		DataRoot: [32]byte(encoded[42:74]),
		K:        int(binary.BigEndian.Uint16(encoded[74:])),
	})
	s.expired = encoded[1] == 1
	draws := encoded[headSize:]
	count := int64(binary.BigEndian.Uint32(encoded[76:]))
	if s.block.K > maxK || count > int64(s.block.cells()) || int64(len(draws)) != count*drawSize || count == 0 && s.block.K > 0 {
		return nil, fmt.Errorf("%w: %d draws in %d bytes for %d rows", ErrBadSession, count, len(draws), s.block.K)
	}
	for ; len(draws) > 0; draws = draws[drawSize:] {
		if err := s.decodeDraw(draws[:drawSize]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Session) decodeDraw(encoded []byte) error {
	d := draw{coord: erasure.Coord{Row: int(binary.BigEndian.Uint16(encoded)), Column: int(encoded[2])}}
	if int(encoded[3]) >= len(stored) {
		return fmt.Errorf("%w: draw %x", ErrBadSession, encoded)
	}
	if d.last = stored[encoded[3]]; d.last == Verified {
		d.standing = settled
	}
	if d.coord.Row >= 2*s.block.K || d.coord.Column >= kzg.Columns || !s.add(d) {
		return fmt.Errorf("%w: draw %x", ErrBadSession, encoded)
	}
	return nil
}
