package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// recordVersion is the first byte of records and markers.
const recordVersion = 1

// rowValueSize is the length of a row's value: the row, then its proofs.
const rowValueSize = kzg.RowSize + kzg.Columns*kzg.PointSize

func checksum(data []byte) uint32 {
	return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
}

// RowProofs is an original row and the proofs of its 128 cells.
type RowProofs struct {
	Row    kzg.Row
	Proofs [kzg.Columns]kzg.Proof
}

func (r *RowProofs) encode() []byte {
	out := append(make([]byte, 0, rowValueSize), r.Row[:]...)
	for i := range r.Proofs {
		out = append(out, r.Proofs[i][:]...)
	}
	return out
}

func decodeRow(value []byte) *RowProofs {
	r := new(RowProofs)
	rest := value[copy(r.Row[:], value):]
	for i := range r.Proofs {
		rest = rest[copy(r.Proofs[i][:], rest):]
	}
	return r
}

// record is what is stored of a height besides its rows and index.
type record struct {
	time  time.Time
	hash  [da.HashSize]byte
	proof da.HeaderProof
}

func (r *record) encode() []byte {
	out := binary.BigEndian.AppendUint64([]byte{recordVersion}, uint64(r.time.UnixNano()))
	out = append(out, r.hash[:]...)
	out = binary.BigEndian.AppendUint64(out, uint64(r.proof.Total))
	out = binary.BigEndian.AppendUint16(out, uint16(len(r.proof.Aunts)))
	for _, aunt := range r.proof.Aunts {
		out = append(out, aunt...)
	}
	return append(out, r.proof.Header...)
}

func decodeRecord(value []byte) (*record, error) {
	const fixed = 1 + 8 + da.HashSize + 8 + 2
	if len(value) < fixed || value[0] != recordVersion {
		return nil, fmt.Errorf("%w: a record of %d bytes", ErrCorrupt, len(value))
	}
	r := &record{time: time.Unix(0, int64(binary.BigEndian.Uint64(value[1:]))).UTC()}
	copy(r.hash[:], value[9:])
	r.proof.Total = int64(binary.BigEndian.Uint64(value[9+da.HashSize:]))
	aunts := int(binary.BigEndian.Uint16(value[fixed-2:]))
	value = value[fixed:]
	if len(value) < aunts*da.HashSize {
		return nil, fmt.Errorf("%w: a record with %d hashes in %d bytes", ErrCorrupt, aunts, len(value))
	}
	for range aunts {
		r.proof.Aunts, value = append(r.proof.Aunts, value[:da.HashSize:da.HashSize]), value[da.HashSize:]
	}
	r.proof.Header = value
	return r, nil
}

func encodeIndex(entries []da.Entry) []byte {
	var out []byte
	for i := range entries {
		e := entries[i].Encode()
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(e))), e...)
	}
	return out
}

func decodeIndex(value []byte) ([]da.Entry, error) {
	var entries []da.Entry
	for len(value) > 0 {
		if len(value) < 2 || int(binary.BigEndian.Uint16(value)) > len(value)-2 {
			return nil, fmt.Errorf("%w: index: it ends in the middle of an entry", ErrCorrupt)
		}
		size := 2 + int(binary.BigEndian.Uint16(value))
		e, err := da.DecodeEntry(value[2:size])
		if err != nil {
			return nil, fmt.Errorf("%w: index: %w", ErrCorrupt, err)
		}
		entries, value = append(entries, *e), value[size:]
	}
	return entries, nil
}

// marker is what makes a height exist.
type marker struct {
	height   uint64
	dataRoot [da.HashSize]byte
	record   uint32 // checksum
	index    held
	rows     []held // k
}

// held tells whether a value is stored, and its checksum.
type held struct {
	is  bool
	crc uint32
}

func holding(value []byte) held { return held{value != nil, checksum(value)} }

func (h held) append(out []byte) []byte {
	flag := byte(0)
	if h.is {
		flag = 1
	}
	return binary.BigEndian.AppendUint32(append(out, flag), h.crc)
}

const (
	heldSize        = 1 + 4
	markerFixedSize = 1 + 8 + da.HashSize + 4 + heldSize + 2 + 4
)

func (m *marker) encode() []byte {
	out := binary.BigEndian.AppendUint64([]byte{recordVersion}, m.height)
	out = append(out, m.dataRoot[:]...)
	out = binary.BigEndian.AppendUint32(out, m.record)
	out = m.index.append(out)
	out = binary.BigEndian.AppendUint16(out, uint16(len(m.rows)))
	for _, row := range m.rows {
		out = row.append(out)
	}
	return binary.BigEndian.AppendUint32(out, checksum(out))
}

func decodeMarker(value []byte) (*marker, error) {
	sum := len(value) - 4
	if len(value) < markerFixedSize || value[0] != recordVersion || binary.BigEndian.Uint32(value[sum:]) != checksum(value[:sum]) {
		return nil, fmt.Errorf("%w: a commit marker of %d bytes", ErrCorrupt, len(value))
	}
	m := &marker{height: binary.BigEndian.Uint64(value[1:])}
	rest := value[9+copy(m.dataRoot[:], value[9:]) : sum]
	m.record = binary.BigEndian.Uint32(rest)
	m.index = decodeHeld(rest[4:])
	k := int(binary.BigEndian.Uint16(rest[4+heldSize:]))
	rest = rest[4+heldSize+2:]
	if len(rest) != k*heldSize {
		return nil, fmt.Errorf("%w: a commit marker of %d rows in %d bytes", ErrCorrupt, k, len(rest))
	}
	for i := range k {
		m.rows = append(m.rows, decodeHeld(rest[i*heldSize:]))
	}
	return m, nil
}

func decodeHeld(b []byte) held { return held{b[0] == 1, binary.BigEndian.Uint32(b[1:])} }

// rowsHeld counts the rows that are stored.
func (m *marker) rowsHeld() int {
	n := 0
	for _, row := range m.rows {
		if row.is {
			n++
		}
	}
	return n
}
