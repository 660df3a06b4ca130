package da

import (
	"encoding/binary"
	"fmt"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// reader takes fixed-width big-endian fields off the front of rest. After the first that
// does not fit, everything reads as zero and finish fails.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) next(n int) []byte {
	if r.err == nil && len(r.rest) < n {
		r.err = fmt.Errorf("%w: it ends %d bytes early", ErrMalformed, n-len(r.rest))
	}
	if r.err != nil {
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) copy(dst []byte) { copy(dst, r.next(len(dst))) }

func (r *reader) uint8() uint8 {
	var b [1]byte
	r.copy(b[:])
	return b[0]
}

func (r *reader) uint16() uint16 {
	var b [2]byte
	r.copy(b[:])
	return binary.BigEndian.Uint16(b[:])
}

func (r *reader) uint32() uint32 {
	var b [4]byte
	r.copy(b[:])
	return binary.BigEndian.Uint32(b[:])
}

func (r *reader) uint64() uint64 {
	var b [8]byte
	r.copy(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// commitments reads n commitments, of at most limit, which are really there.
func (r *reader) commitments(n, limit int) []kzg.Commitment {
	if r.err == nil && n > limit {
		r.err = fmt.Errorf("%w: %d commitments, at most %d", ErrMalformed, n, limit)
	}
	encoded := r.next(n * kzg.PointSize)
	list := make([]kzg.Commitment, len(encoded)/kzg.PointSize)
	for i := range list {
		list[i] = kzg.Commitment(encoded[i*kzg.PointSize:])
	}
	return list
}

// finish fails if a field was missing or bytes are left.
func (r *reader) finish() error {
	if r.err == nil && len(r.rest) > 0 {
		r.err = fmt.Errorf("%w: %d bytes too many", ErrMalformed, len(r.rest))
	}
	return r.err
}
