package opaltda

import (
	"encoding/binary"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// The first byte of an encoded commitment, see the [specification].
//
// [specification]: https://github.com/ethereum-optimism/specs/blob/fd72cf79/specs/experimental/alt-da.md#input-commitment-submission
const (
	keccakType  = 0x00
	genericType = 0x01
)

const (
	// Layer is the byte that tells Ashlar's generic commitments from those of other layers.
	Layer = 0x61
	// GenericSize is the length of an encoded generic commitment in bytes: type, layer, height, blob id.
	GenericSize = 2 + 8 + da.HashSize
	// KeccakSize is that of a keccak commitment: type, hash.
	KeccakSize = 1 + da.HashSize
)

// commitment is a decoded one: of a generic one ref is set, of the others keccak.
type commitment struct {
	generic bool
	ref     gateway.Ref
	keccak  [da.HashSize]byte
}

// encodeGeneric writes type, layer, height big-endian and blob id.
func encodeGeneric(ref gateway.Ref) []byte {
	encoded := binary.BigEndian.AppendUint64([]byte{genericType, Layer}, ref.Height)
	return append(encoded, ref.ID[:]...)
}

// decodeCommitment fails with gateway.ErrBadRequest.
func decodeCommitment(encoded []byte) (commitment, error) {
	switch {
	case len(encoded) == KeccakSize && encoded[0] == keccakType:
		return commitment{keccak: [da.HashSize]byte(encoded[1:])}, nil
	case len(encoded) == GenericSize && encoded[0] == genericType && encoded[1] == Layer:
		ref := gateway.Ref{Height: binary.BigEndian.Uint64(encoded[2:]), ID: da.BlobID(encoded[10:])}
		return commitment{generic: true, ref: ref}, nil
	case len(encoded) > 1 && encoded[0] == genericType && encoded[1] != Layer:
		return commitment{}, fmt.Errorf("%w: a commitment of layer %#02x, and Ashlar's is %#02x: is this the DA server of this rollup?", gateway.ErrBadRequest, encoded[1], Layer)
	}
	return commitment{}, fmt.Errorf("%w: %d bytes are no commitment: want 0x00 and a keccak256, or 0x01%02x, a height of 8 bytes and a blob id", gateway.ErrBadRequest, len(encoded), Layer)
}
