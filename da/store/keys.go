package store

import (
	"encoding/binary"

	"github.com/ashlar-da/ashlar/da"
)

// The first byte of a key says what its value is. Heights are 8 bytes, big-endian.
const (
	keyMarker  = 'm' // height → marker
	keyPending = 'p' // height → nothing: being written or deleted
	keyRecord  = 'h' // height → record
	keyIndex   = 'i' // height → index entries
	keyRow     = 'r' // height, row (2 bytes) → row and its proofs
	keyID      = 'b' // blob id, height inverted, entry (4 bytes) → nothing
	keyKeccak  = 'k' // keccak256, height inverted, entry → blob id
	keyHash    = 'v' // versioned hash, height inverted, entry → blob id
)

func heightKey(kind byte, height uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kind}, height)
}

func rowKey(height uint64, row int) []byte {
	return binary.BigEndian.AppendUint16(heightKey(keyRow, height), uint16(row))
}

// lookupKey sorts the inclusions of what hash names newest first.
func lookupKey(kind byte, hash [da.HashSize]byte, height uint64, entry int) []byte {
	key := binary.BigEndian.AppendUint64(lookupPrefix(kind, hash), ^height)
	return binary.BigEndian.AppendUint32(key, uint32(entry))
}

func lookupPrefix(kind byte, hash [da.HashSize]byte) []byte {
	return append([]byte{kind}, hash[:]...)
}

// lookupHeight is the height in a key of lookupKey.
func lookupHeight(key []byte) uint64 {
	return ^binary.BigEndian.Uint64(key[1+da.HashSize:])
}

// keyHeight is the height in a key of heightKey.
func keyHeight(key []byte) uint64 { return binary.BigEndian.Uint64(key[1:]) }

// lookups calls visit with the key and value of every look-up of a height's entries.
func lookups(height uint64, entries []da.Entry, visit func(key, value []byte)) {
	for i := range entries {
		e := &entries[i]
		visit(lookupKey(keyID, e.ID, height, i), nil)
		visit(lookupKey(keyKeccak, e.Keccak256, height, i), e.ID[:])
		for _, c := range e.Commitments {
			visit(lookupKey(keyHash, da.VersionedHash(c), height, i), e.ID[:])
		}
	}
}
