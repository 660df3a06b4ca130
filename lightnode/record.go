package lightnode

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/ashlar-da/ashlar/sampling"
)

// hash is a SHA-256 digest.
type hash [32]byte

// toHash copies a hash out of bytes of the chain, where an absent one is empty.
func toHash(b []byte) (h hash) {
	copy(h[:], b)
	return h
}

// record is what the node knows of a height. Its header was verified before the record
// was made.
type record struct {
	Height    uint64
	Time      time.Time // of the block
	BlockHash hash
	LastHash  hash // of the block below; zero in the chain's first
	// DataRoot and K, the rows of the square, are zero until the DA header is known;
	// Session, the encoding of a sampling.Session, is empty until then.
	DataRoot hash
	K        int
	Session  []byte
	// Checked is when the verdict was last looked into; zero if it never was.
	Checked time.Time
	// Verdict is what that found; Asked is what came of each peer that was asked for cells.
	Verdict sampling.Availability
	Asked   []asked
	// Voucher is how the header was verified.
	Voucher voucher
}

// finished tells whether nothing can change the verdict any more.
func (r *record) finished() bool {
	return r.Verdict.Verdict == sampling.Available || r.Verdict.Verdict == sampling.Invalid
}

const (
	recordVersion = 2 // 1 had no ledger
	recordCounts  = 6
	recordFixed   = 1 + 1 + 8 + 8 + 8 + 3*32 + 2 + 2*recordCounts + 8 + 8
)

var errRecord = errors.New("lightnode: a stored height does not decode: the database is damaged; move the home folder's data away to start over")

// tally returns the counts of a verdict in the order they are stored.
func tally(a *sampling.Availability) [recordCounts]*int {
	return [recordCounts]*int{&a.Samples, &a.Verified, &a.Refused, &a.TimedOut, &a.Garbled, &a.Peers}
}

// encode returns the record's stored form: fixed-width, big-endian, then the ledger and
// the session.
func (r *record) encode() []byte {
	out := make([]byte, 0, recordFixed+len(r.Session))
	out = append(out, recordVersion, byte(r.Verdict.Verdict))
	out = binary.BigEndian.AppendUint64(out, r.Height)
	out = binary.BigEndian.AppendUint64(out, nanoseconds(r.Time))
	out = binary.BigEndian.AppendUint64(out, nanoseconds(r.Checked))
	for _, h := range []hash{r.BlockHash, r.LastHash, r.DataRoot} {
		out = append(out, h[:]...)
	}
	out = binary.BigEndian.AppendUint16(out, uint16(r.K))
	for _, count := range tally(&r.Verdict) {
		out = binary.BigEndian.AppendUint16(out, uint16(*count))
	}
	out = appendFloat(out, r.Verdict.Confidence)
	out = appendFloat(out, r.Verdict.Miss)
	return append(r.appendLedger(out), r.Session...)
}

// decodeRecord reads what encode wrote, except that it does not decode the session.
func decodeRecord(in []byte) (*record, error) {
	if len(in) < recordFixed || in[0] == 0 || in[0] > recordVersion || in[1] > byte(sampling.Invalid) {
		return nil, errRecord
	}
	r := &record{Verdict: sampling.Availability{Verdict: sampling.Verdict(in[1])}}
	number := func() (n uint64) { n, in = binary.BigEndian.Uint64(in), in[8:]; return n }
	small := func() (n int) { n, in = int(binary.BigEndian.Uint16(in)), in[2:]; return n }
	version := in[0]
	in = in[2:]
	r.Height = number()
	r.Verdict.Height = r.Height
	r.Time, r.Checked = instant(number()), instant(number())
	for _, h := range []*hash{&r.BlockHash, &r.LastHash, &r.DataRoot} {
		*h, in = toHash(in[:len(h)]), in[len(h):]
	}
	r.K = small()
	for _, count := range tally(&r.Verdict) {
		*count = small()
	}
	r.Verdict.Confidence, r.Verdict.Miss = toFloat(number()), toFloat(number())
	var err error
	if version > 1 {
		in, err = r.decodeLedger(in)
	}
	if len(in) > 0 {
		r.Session = append([]byte(nil), in...)
	}
	return r, err
}
