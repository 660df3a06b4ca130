package client

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// A journal is journalMagic and records: the length of the payload and its CRC-32C, four bytes
// each, big-endian, and the payload, which begins with the kind. Numbers are big-endian, texts
// have their length before them in two bytes. The first record names the account.
const (
	journalMagic = "ashlar journal 1\n"
	frameSize    = 8
	// maxPayload bounds a record: that of the largest transaction.
	maxPayload = da.MaxEnvelopeSize + 1<<16
)

// The kinds of records.
const (
	recordAddress = byte(iota + 1)
	recordContent
	recordSigned
	recordFinal
	recordFailed
)

// finalRecord is what is remembered of a content that is final.
type finalRecord struct {
	height uint64
	signer string
	tx     []byte
	infos  []da.BlobInfo
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// decodeJournal calls apply for each record of a file of that size and returns how many bytes
// hold: what follows them is one record that was not finished. It fails with ErrJournal where
// a record that does not hold is followed by one that does, or where apply fails.
func decodeJournal(from io.Reader, size int64, apply func(kind byte, body []byte) error) (int64, error) {
	magic := make([]byte, len(journalMagic))
	if _, err := io.ReadFull(from, magic); err != nil {
		return 0, ignoreEnd(err)
	}
	if string(magic) != journalMagic {
		return 0, fmt.Errorf("%w: this is no journal", ErrJournal)
	}
	good, damaged := int64(len(journalMagic)), false
	at := good
	for {
		payload, ok, err := readRecord(from, size-at)
		if payload == nil || err != nil {
			return good, err
		}
		at += frameSize + int64(len(payload))
		switch {
		case ok && damaged:
			return 0, fmt.Errorf("%w: the record at byte %d is damaged and others follow it: it cannot be told what was posted", ErrJournal, good)
		case !ok:
			damaged = true
			continue
		}
		if err := apply(payload[0], payload[1:]); err != nil {
			return 0, fmt.Errorf("record at byte %d: %w", good, err)
		}
		good = at
	}
}

// readRecord reads a payload and tells whether its checksum is right; nil at the end, or
// where less is left than a whole record.
func readRecord(from io.Reader, left int64) (payload []byte, ok bool, err error) {
	var frame [frameSize]byte
	if _, err := io.ReadFull(from, frame[:]); err != nil {
		return nil, false, ignoreEnd(err)
	}
	length := binary.BigEndian.Uint32(frame[:])
	if length == 0 || length > maxPayload || int64(length) > left-frameSize {
		return nil, false, nil
	}
	payload = make([]byte, length)
	if _, err := io.ReadFull(from, payload); err != nil {
		return nil, false, ignoreEnd(err)
	}
	return payload, crc32.Checksum(payload, castagnoli()) == binary.BigEndian.Uint32(frame[4:]), nil
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// writer makes a record.
type writer struct{ bytes.Buffer }

// newWriter begins a record of a kind.
func newWriter(kind byte) *writer {
	w := new(writer)
	w.Write(make([]byte, frameSize))
	w.WriteByte(kind)
	return w
}

func (w *writer) u64(n uint64) { w.Write(binary.BigEndian.AppendUint64(nil, n)) }
func (w *writer) u32(n int)    { w.Write(binary.BigEndian.AppendUint32(nil, uint32(n))) }

func (w *writer) text(s string) {
	w.Write(binary.BigEndian.AppendUint16(nil, uint16(len(s))))
	w.WriteString(s)
}

func (w *writer) long(data []byte) {
	w.u32(len(data))
	w.Write(data)
}

// record returns the record with its frame.
func (w *writer) record() []byte {
	encoded := w.Bytes()
	payload := encoded[frameSize:]
	binary.BigEndian.PutUint32(encoded, uint32(len(payload)))
	binary.BigEndian.PutUint32(encoded[4:], crc32.Checksum(payload, castagnoli()))
	return encoded
}

func encodeAddress(address string) []byte {
	w := newWriter(recordAddress)
	w.text(address)
	return w.record()
}

func encodeContent(key contentKey, p *Prepared) []byte {
	w := newWriter(recordContent)
	w.Write(key[:])
	w.infos(p.infos)
	for _, data := range p.data {
		w.long(data)
	}
	w.u32(len(p.proofs))
	for i := range p.proofs {
		w.Write(p.proofs[i][:])
	}
	return w.record()
}

func (w *writer) infos(infos []da.BlobInfo) {
	w.u32(len(infos))
	for i := range infos {
		info := &infos[i]
		w.Write(info.Namespace[:])
		w.WriteByte(byte(info.Encoding))
		w.u64(info.Size)
		w.Write(info.Keccak256[:])
		w.u32(len(info.Commitments))
		for j := range info.Commitments {
			w.Write(info.Commitments[j][:])
		}
	}
}

func encodeSigned(key contentKey, s *signedTx) []byte {
	w := newWriter(recordSigned)
	w.Write(key[:])
	w.text(s.address)
	w.text(s.account.ChainID)
	for _, n := range []uint64{s.account.Number, s.account.Sequence, s.since, s.fees.Expires, s.fees.GasLimit} {
		w.u64(n)
	}
	for _, amount := range []math.Int{s.fees.Cap, s.fees.Tip, s.fees.GasPrice} {
		w.text(amount.String())
	}
	w.text(s.fees.Granter)
	w.long(s.raw)
	return w.record()
}

func encodeFinal(key contentKey, f *finalRecord) []byte {
	w := newWriter(recordFinal)
	w.Write(key[:])
	w.u64(f.height)
	w.text(f.signer)
	w.long(f.tx)
	w.infos(f.infos)
	return w.record()
}

func encodeFailed(key contentKey) []byte {
	w := newWriter(recordFailed)
	w.Write(key[:])
	return w.record()
}

// reader takes a record's body apart. After the first error it returns zero values.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrJournal}, args...)...)
	}
	r.rest = nil
}

// fixed returns the next n bytes; n zeros where there are fewer.
func (r *reader) fixed(n int) []byte {
	if r.err != nil || len(r.rest) < n {
		r.fail("the record ends early")
		return make([]byte, min(n, maxFixed))
	}
	next := r.rest[:n:n]
	r.rest = r.rest[n:]
	return next
}

// maxFixed is the longest of what has a fixed length.
const maxFixed = 64

func (r *reader) u64() uint64 { return binary.BigEndian.Uint64(r.fixed(8)) }

func (r *reader) text() string {
	n := binary.BigEndian.Uint16(r.fixed(2))
	return string(r.some(int(n)))
}

func (r *reader) long() []byte { return r.some(int(binary.BigEndian.Uint32(r.fixed(4)))) }

// some returns the next n bytes, none where there are fewer.
func (r *reader) some(n int) []byte {
	if n > len(r.rest) {
		r.fail("the record ends early")
		return nil
	}
	return bytes.Clone(r.fixed(n))
}

// count returns how many items of at least size bytes follow.
func (r *reader) count(size int) int {
	n := int(binary.BigEndian.Uint32(r.fixed(4)))
	if n > len(r.rest)/size {
		r.fail("%d items in %d bytes", n, len(r.rest))
		return 0
	}
	return n
}

// end fails unless all was read.
func (r *reader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail("%d bytes too many", len(r.rest))
	}
	return r.err
}

func (r *reader) infos() []da.BlobInfo {
	infos := make([]da.BlobInfo, r.count(da.NamespaceSize+1+8+da.HashSize+4))
	for i := range infos {
		info := &infos[i]
		info.Namespace = da.Namespace(r.fixed(da.NamespaceSize))
		info.Encoding = da.Encoding(r.fixed(1)[0])
		info.Size = r.u64()
		info.Keccak256 = [da.HashSize]byte(r.fixed(da.HashSize))
		info.Commitments = make([]kzg.Commitment, r.count(kzg.PointSize))
		for j := range info.Commitments {
			info.Commitments[j] = kzg.Commitment(r.fixed(kzg.PointSize))
		}
	}
	if r.err == nil && len(infos) == 0 {
		r.fail("no blobs")
	}
	return infos
}

func (r *reader) prepared() *Prepared {
	p := &Prepared{infos: r.infos()}
	for i := range p.infos {
		data := r.long()
		if r.err == nil && p.infos[i].Match(data) != nil {
			r.fail("blob %d is not what is said of it", i)
		}
		p.data = append(p.data, data)
	}
	p.proofs = make([]kzg.Proof, r.count(kzg.PointSize))
	for i := range p.proofs {
		p.proofs[i] = kzg.Proof(r.fixed(kzg.PointSize))
	}
	return p
}

func (r *reader) signed() *signedTx {
	s := &signedTx{address: r.text()}
	s.account.ChainID = r.text()
	for _, n := range []*uint64{&s.account.Number, &s.account.Sequence, &s.since, &s.fees.Expires, &s.fees.GasLimit} {
		*n = r.u64()
	}
	for _, amount := range []*math.Int{&s.fees.Cap, &s.fees.Tip, &s.fees.GasPrice} {
		*amount = r.amount()
	}
	s.fees.Granter = r.text()
	s.raw = r.long()
	if _, err := da.ParseAddress(s.address); err != nil {
		r.fail("signer: %w", err)
	}
	return s
}

func (r *reader) amount() math.Int {
	amount, ok := math.NewIntFromString(r.text())
	if !ok || amount.IsNegative() {
		r.fail("an amount is no number")
		return math.ZeroInt()
	}
	return amount
}

func (r *reader) final() *finalRecord {
	return &finalRecord{height: r.u64(), signer: r.text(), tx: r.long(), infos: r.infos()}
}
