package faces

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// nitroCertificate writes a certificate as docs/rollups.md has it.
func nitroCertificate(height uint64, id da.BlobID, dataRoot, blobTreeRoot [32]byte, path da.BlobTreeProof) []byte {
	encoded := binary.BigEndian.AppendUint64([]byte{0x01, 0x61}, height)
	encoded = append(append(append(encoded, id[:]...), dataRoot[:]...), blobTreeRoot[:]...)
	encoded = append(encoded, byte(len(path)))
	for i := range path {
		encoded = append(encoded, path[i][:]...)
	}
	return encoded
}

// nitroAt is the certificate of the blob with an index among those of a height.
func nitroAt(tb testing.TB, height uint64, index int) []byte {
	tb.Helper()
	p := blob(tb, 0, height, index)
	dataRoot, blobTreeRoot := blockAt(height).roots()
	return nitroCertificate(height, p.BlobId, dataRoot, blobTreeRoot, p.Tree)
}

// batch is a blob alone in its block, which Nitro reads.
type batch struct {
	blob        da.Blob
	info        da.BlobInfo
	rows        []*kzg.Row
	certificate []byte
}

func newBatch(tb testing.TB, b da.Blob) *batch {
	tb.Helper()
	rows, _ := scalars(tb, &b)
	commitments := make([]kzg.Commitment, len(rows))
	for i := range rows {
		commitments[i] = must(setup().Commit(rows[i]))
	}
	n := &batch{blob: b, info: da.DescribeBlobs([]da.Blob{b}, [][]kzg.Commitment{commitments})[0], rows: rows}
	ids := []da.BlobID{n.info.ID()}
	n.certificate = nitroCertificate(7, ids[0], [32]byte{1}, da.BlobTreeRoot(ids), nil)
	return n
}

// reading proves what is at an offset.
func (n *batch) reading(tb testing.TB, offset uint64) *calldata.NitroReading {
	tb.Helper()
	r, err := calldata.ReadNitro(setup(), &n.info, n.rows, offset)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func (n *batch) proof(tb testing.TB, offset uint64) []byte {
	tb.Helper()
	return calldata.NitroProof(n.certificate, encoded(tb, n.reading(tb, offset)))
}

func encoded(tb testing.TB, r *calldata.NitroReading) []byte {
	tb.Helper()
	b, err := r.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// chunk is what is at an offset.
func (n *batch) chunk(offset uint64) []byte {
	from := min(offset, uint64(len(n.blob.Data)))
	return n.blob.Data[from:min(from+32, uint64(len(n.blob.Data)))]
}

func newNitro(tb testing.TB) (*world, *evm.Contract) {
	tb.Helper()
	pointEvaluation()
	w := newWorld(tb)
	return w, w.Deploy(tb, "AshlarNitro", w.client.Address)
}

// TestNitroReads: every piece of a batch is what the blob's bytes say, in either encoding, and there is nothing behind the end.
func TestNitroReads(t *testing.T) {
	_, c := newNitro(t)
	for _, b := range []da.Blob{
		dataBlob(2, da.DataRowSize+5), dataBlob(9, 1), dataBlob(9, 31), dataBlob(9, 32), dataBlob(9, 33), dataBlob(9, 63), rawBlob(3, 70), rawBlob(3, kzg.RowScalars),
	} {
		n, size := newBatch(t, b), uint64(len(b.Data))
		offsets := []uint64{0, 1, 30, 31, 32, 64, size - 1, size / 32 * 32, size, size + 1, size + 32, math.MaxUint64}
		if size > da.DataRowSize {
			offsets = append(offsets, da.DataRowSize-32, da.DataRowSize-31, da.DataRowSize-5, da.DataRowSize, da.DataRowSize+1)
		}
		for _, offset := range offsets {
			got := c.Call(t, "validateReadPreimage", da.Keccak256(n.certificate), number(offset), n.proof(t, offset))[0].([]byte)
			if !bytes.Equal(got, n.chunk(offset)) {
				t.Errorf("%d bytes, encoding %d, from %d on: %x, want %x", size, b.Encoding, offset, got, n.chunk(offset))
			}
		}
	}
}

// TestNitroMostRows: as many rows as a proof has room for, in the number's one byte, are read; of more there is no proof.
func TestNitroMostRows(t *testing.T) {
	_, c := newNitro(t)
	n := newBatch(t, dataBlob(2, da.DataRowSize))
	row, commitment := n.rows, n.info.Commitments
	of := func(rows int) *calldata.NitroReading {
		n.rows, n.info.Commitments = slices.Repeat(row, rows), slices.Repeat(commitment, rows)
		n.info.Size = uint64(rows) * da.DataRowSize
		id := n.info.ID()
		n.certificate = nitroCertificate(7, id, [32]byte{1}, da.BlobTreeRoot([]da.BlobID{id}), nil)
		return n.reading(t, n.info.Size-32)
	}
	most := encoded(t, of(255))
	proof := calldata.NitroProof(n.certificate, most)
	got := c.Call(t, "validateReadPreimage", da.Keccak256(n.certificate), number(n.info.Size-32), proof)[0].([]byte)
	if want := n.blob.Data[da.DataRowSize-32:]; !bytes.Equal(got, want) {
		t.Errorf("the last of 255 rows ends with %x, want %x", got, want)
	}
	for _, rows := range []int{256, 257, 511} {
		if b, err := of(rows).Encode(); !errors.Is(err, da.ErrTooLarge) || b != nil {
			t.Errorf("%d rows: %d bytes, %v", rows, len(b), err)
		}
	}
}

// nitroQuestion is one for a piece of a batch, with everything that may be wrong.
type nitroQuestion struct {
	hash        [32]byte
	offset      *big.Int
	certificate []byte
	reading     *calldata.NitroReading
	tail        []byte
	// cut is how many bytes of the proof are left away at the end.
	cut int
}

func (q *nitroQuestion) ask(t *testing.T, c *evm.Contract) ([]byte, error) {
	t.Helper()
	proof := append(calldata.NitroProof(q.certificate, encoded(t, q.reading)), q.tail...)
	return c.CallRaw(c.Pack(t, "validateReadPreimage", q.hash, q.offset, proof[:len(proof)-q.cut]))
}

// TestNitroReadRefuses: one thing wrong at a time.
func TestNitroReadRefuses(t *testing.T) {
	_, c := newNitro(t)
	n, other := newBatch(t, dataBlob(2, da.DataRowSize+5)), newBatch(t, dataBlob(8, da.DataRowSize+5))
	const offset = 64 // scalars 2 and 3
	plusOne := func(q *nitroQuestion, i int) {
		q.reading.Openings[i].Value = new(big.Int).Add(q.reading.Openings[i].Value, big.NewInt(1))
	}
	at := func(q *nitroQuestion, offset uint64) { q.offset = number(offset) }
	for _, row := range []struct {
		name, want string
		corrupt    func(q *nitroQuestion)
	}{
		{"nothing", "", func(*nitroQuestion) {}},
		{"another certificate's hash", "WrongCertificate", func(q *nitroQuestion) { q.hash[0] ^= 1 }},
		{"another certificate", "WrongCertificate", func(q *nitroQuestion) { q.certificate = other.certificate }},
		{"another certificate and its hash", "WrongPreimage", func(q *nitroQuestion) { q.certificate, q.hash = other.certificate, da.Keccak256(other.certificate) }},
		{"a certificate that is none", "MalformedCertificate", func(q *nitroQuestion) {
			q.certificate = append(bytes.Clone(n.certificate), 0)
			q.hash = da.Keccak256(q.certificate)
		}},
		{"another provider's certificate", "MalformedCertificate", func(q *nitroQuestion) {
			q.certificate = bytes.Clone(n.certificate)
			q.certificate[1] = 0xff
			q.hash = da.Keccak256(q.certificate)
		}},
		{"the value of the first", "WrongOpening", func(q *nitroQuestion) { plusOne(q, 0) }},
		{"the value of the second", "WrongOpening", func(q *nitroQuestion) { plusOne(q, 1) }},
		{"the first plus the modulus", "WrongOpening", func(q *nitroQuestion) {
			q.reading.Openings[0].Value = new(big.Int).Add(q.reading.Openings[0].Value, modulus())
		}},
		{"openings swapped", "WrongOpening", func(q *nitroQuestion) {
			o := q.reading.Openings
			o[0], o[1] = o[1], o[0]
		}},
		{"the second is the first", "WrongOpening", func(q *nitroQuestion) { q.reading.Openings[1] = q.reading.Openings[0] }},
		{"openings of the next piece", "WrongOpening", func(q *nitroQuestion) { q.reading.Openings = n.reading(t, offset+32).Openings }},
		{"openings of another blob", "WrongOpening", func(q *nitroQuestion) { q.reading.Openings = other.reading(t, offset).Openings }},
		{"openings of the other row", "WrongOpening", func(q *nitroQuestion) {
			q.reading.Openings = []*calldata.ElementOpening{must(calldata.OpenElement(setup(), n.rows[1], 2)), must(calldata.OpenElement(setup(), n.rows[1], 3))}
		}},
		{"the proof for another blob", "WrongPreimage", func(q *nitroQuestion) { q.reading = other.reading(t, offset) }},
		{"the next piece", "WrongOpening", func(q *nitroQuestion) { at(q, offset+32) }},
		{"the piece before", "WrongOpening", func(q *nitroQuestion) { at(q, offset-32) }},
		{"the same piece in the other row", "WrongProofLength", func(q *nitroQuestion) { at(q, da.DataRowSize) }},
		{"an offset behind the end", "WrongProofLength", func(q *nitroQuestion) { at(q, da.DataRowSize+5) }},
		{"an offset of 256 bits", "WrongProofLength", func(q *nitroQuestion) {
			q.offset = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
		}},
		{"an opening less", "WrongProofLength", func(q *nitroQuestion) { q.reading.Openings = q.reading.Openings[:1] }},
		{"an opening more", "WrongProofLength", func(q *nitroQuestion) { q.reading.Openings = append(q.reading.Openings, q.reading.Openings[0]) }},
		{"a byte less", "WrongProofLength", func(q *nitroQuestion) { q.cut = 1 }},
		{"a byte more", "WrongProofLength", func(q *nitroQuestion) { q.tail = []byte{0} }},
		{"no openings", "WrongProofLength", func(q *nitroQuestion) { q.reading.Openings = nil }},
		{"a versioned hash cut", "ProofTooShort", func(q *nitroQuestion) { q.reading.Openings, q.cut = nil, 1 }},
		{"no preimage", "ProofTooShort", func(q *nitroQuestion) { q.reading.Openings, q.cut = nil, 64+1 }},
		{"nothing behind the certificate", "ProofTooShort", func(q *nitroQuestion) { q.reading.Openings, q.cut = nil, 64+70 }},
		{"half a certificate", "ProofTooShort", func(q *nitroQuestion) { q.reading.Openings, q.cut = nil, 64+70+50 }},
		{"half a length", "ProofTooShort", func(q *nitroQuestion) { q.reading.Openings, q.cut = nil, 64+70+len(n.certificate)+4 }},
		{"another namespace", "WrongPreimage", func(q *nitroQuestion) { q.reading.Blob.Namespace[28] ^= 1 }},
		{"another Keccak-256", "WrongPreimage", func(q *nitroQuestion) { q.reading.Blob.DataKeccak[0] ^= 1 }},
		{"a size more", "WrongPreimage", func(q *nitroQuestion) { q.reading.Blob.Size++ }},
		{"another row's hash", "WrongPreimage", func(q *nitroQuestion) { q.reading.Blob.VersionedHashes[1][3] ^= 1 }},
		{"rows swapped", "WrongPreimage", func(q *nitroQuestion) {
			v := q.reading.Blob.VersionedHashes
			v[0], v[1] = v[1], v[0]
		}},
		{"a row less", "WrongPreimage", func(q *nitroQuestion) { q.reading.Blob.VersionedHashes = q.reading.Blob.VersionedHashes[:1] }},
	} {
		t.Run(row.name, func(t *testing.T) {
			q := &nitroQuestion{hash: da.Keccak256(n.certificate), offset: big.NewInt(offset), certificate: n.certificate, reading: n.reading(t, offset)}
			row.corrupt(q)
			got, err := q.ask(t, c)
			if row.want == "" && err == nil && bytes.Contains(got, n.chunk(offset)) {
				return
			}
			if name := errorName(c, err); name != row.want {
				t.Errorf("%x, %s, want %q", got, c.Explain(err), row.want)
			}
		})
	}
}

// judgement is a question whether a certificate is valid.
type judgement struct {
	history     *history
	certificate []byte
	evidence    *calldata.NitroEvidence
	// tail and cut change the end of the proof.
	tail []byte
	cut  int
}

func newJudgement(tb testing.TB, h *history, height uint64, index int) *judgement {
	tb.Helper()
	whole, err := calldata.NewCertificate(h.certificate)
	if err != nil {
		tb.Fatal(err)
	}
	return &judgement{history: h, certificate: nitroAt(tb, height, index), evidence: &calldata.NitroEvidence{Certificate: whole, Place: h.place(tb, height)}}
}

// elsewhere is the same certificate with another height, and evidence about that.
func (j *judgement) elsewhere(tb testing.TB, height uint64) *judgement {
	tb.Helper()
	moved := *j
	moved.certificate = bytes.Clone(j.certificate)
	binary.BigEndian.PutUint64(moved.certificate[2:], height)
	moved.evidence = &calldata.NitroEvidence{Certificate: j.evidence.Certificate, Place: j.history.place(tb, height)}
	return &moved
}

// answer is what a gateway answers, with the claim.
func (j *judgement) answer(claim byte) []byte {
	answer := []byte{claim}
	if j.evidence != nil {
		answer = append(append(answer, j.evidence.Encode()...), j.tail...)
	}
	return answer[:len(answer)-j.cut]
}

// ask returns what the contract answers to either claim, which must be the same.
func (j *judgement) ask(t *testing.T, c *evm.Contract) (bool, error) {
	t.Helper()
	var answers [2][]byte
	var errs [2]error
	for claim := range answers {
		proof := calldata.NitroProof(j.certificate, j.answer(byte(claim)))
		answers[claim], errs[claim] = c.CallRaw(c.Pack(t, "validateCertificate", proof))
	}
	if !bytes.Equal(answers[0], answers[1]) || (errs[0] == nil) != (errs[1] == nil) {
		t.Errorf("claimed invalid: %x, %v; claimed valid: %x, %v", answers[0], errs[0], answers[1], errs[1])
	}
	if errs[0] != nil {
		return false, errs[0]
	}
	values, err := c.ABI.Unpack("validateCertificate", answers[0])
	if err != nil {
		t.Fatal(err)
	}
	return values[0].(bool), nil
}

// TestNitroCertificates: a certificate is valid, or it is not, or nothing is said; the light client may know the root, or be
// shown a whole certificate.
func TestNitroCertificates(t *testing.T) {
	w, c := newNitro(t)
	const newest, height = 13, 12
	evidence := map[string]*history{"remembered": w.attest(t, newest), "shown": w.certify(t, newest+1)}
	rows := []struct {
		name, want string // true, false or an error
		corrupt    func(j *judgement)
	}{
		{"nothing", "true", func(*judgement) {}},
		{"another data root", "false", func(j *judgement) { j.certificate[42] ^= 1 }},
		{"another block's data root", "false", func(j *judgement) {
			dataRoot, _ := blockAt(height - 1).roots()
			copy(j.certificate[42:], dataRoot[:])
		}},
		{"the blob at another height", "error NotInHistory", func(j *judgement) { j.certificate[9]-- }},
		{"the blob at another height, with its roots", "false", func(j *judgement) { *j = *j.elsewhere(t, height-1) }},
		{"another provider", "false", func(j *judgement) { j.certificate[1] ^= 1 }},
		{"another header byte", "false", func(j *judgement) { j.certificate[0] = 0x80 }},
		{"another blob id", "false", func(j *judgement) { j.certificate[10] ^= 1 }},
		{"another blob tree root", "false", func(j *judgement) { j.certificate[80] ^= 1 }},
		{"another node of the path", "false", func(j *judgement) { j.certificate[107] ^= 1 }},
		{"a node less", "false", func(j *judgement) { j.certificate = j.certificate[:len(j.certificate)-32]; j.certificate[106]-- }},
		{"a byte more", "false", func(j *judgement) { j.certificate = append(j.certificate, 0) }},
		{"a path longer than any", "false", func(j *judgement) {
			j.certificate = append(j.certificate[:107:107], make([]byte, 32*15)...)
			j.certificate[106] = 15
		}},
		{"no certificate", "false", func(j *judgement) { j.certificate = nil }},
		{"height 0", "false", func(j *judgement) { copy(j.certificate[2:10], make([]byte, 8)) }},
		{"a height of 37 bits", "false", func(j *judgement) { j.certificate[5] = 0x10 }},
		{"malformed, without evidence", "false", func(j *judgement) { j.certificate[1], j.evidence = 0xff, nil }},
		{"a height to come", "error HeightNotInHistory", func(j *judgement) { j.certificate[9] += 10 }},
		{"no evidence", "error NotSettled", func(j *judgement) { j.evidence = nil }},
		{"no claim either", "error ProofTooShort", func(j *judgement) { j.evidence, j.cut = nil, 1 }},
		{"another data root in the evidence", "error NotInHistory", func(j *judgement) { j.evidence.Place.DataRoot[0] ^= 1 }},
		{"another blob tree root in the evidence", "error NotInHistory", func(j *judgement) { j.evidence.Place.BlobTreeRoot[0] ^= 1 }},
		{"the roots that the certificate wants", "error NotInHistory", func(j *judgement) {
			j.certificate[42] ^= 1
			j.evidence.Place.DataRoot = [32]byte(j.certificate[42:74])
		}},
		{"a node of the history", "error NotInHistory", func(j *judgement) { j.evidence.Place.History[0][0] ^= 1 }},
		{"a node of the history less", "error HistoryProofLength", func(j *judgement) { j.evidence.Place.History = j.evidence.Place.History[1:] }},
		{"another height's place", "error", func(j *judgement) { j.evidence.Place = j.elsewhere(t, height-1).evidence.Place }},
		{"a byte less", "error WrongProofLength", func(j *judgement) { j.cut = 1 }},
		{"a byte more in the evidence", "error WrongProofLength", func(j *judgement) { j.tail = []byte{0} }},
		{"half the evidence", "error ProofTooShort", func(j *judgement) { j.cut = 300 }},
		{"another history root", "error WrongSignature", func(j *judgement) { j.evidence.Certificate.Attestation.HistoryRoot[31] ^= 1 }},
	}
	for about, h := range evidence {
		for _, row := range rows {
			t.Run(about+"/"+row.name, func(t *testing.T) {
				j := newJudgement(t, h, height, 1)
				row.corrupt(j)
				valid, err := j.ask(t, c)
				if got := outcome(w, c, valid, err); got != row.want && (row.want != "error" || err == nil) {
					t.Errorf("%s, want %s", got, row.want)
				}
			})
		}
	}
}

// outcome is true, false or the error's name, of the contract or of the light client behind it.
func outcome(w *world, c *evm.Contract, valid bool, err error) string {
	if err == nil {
		return fmt.Sprint(valid)
	}
	name := errorName(c, err)
	if _, known := c.ABI.Errors[name]; !known {
		name = errorName(w.client, err)
	}
	return "error " + name
}

// TestNitroNeverBoth: whatever is done to the evidence, a certificate that is valid is not shown to be invalid, nor one that is
// not to be valid.
func TestNitroNeverBoth(t *testing.T) {
	w, c := newNitro(t)
	h := w.attest(t, 13)
	valid := newJudgement(t, h, 12, 1)
	other := newJudgement(t, h, 12, 1)
	other.certificate[42] ^= 1
	for want, j := range map[bool]*judgement{true: valid, false: other} {
		whole := j.answer(0)[1:]
		said := 0
		for at := range len(whole) {
			changed := append([]byte{1}, whole...)
			changed[1+at] ^= 1 << (at % 8)
			out, err := c.CallRaw(c.Pack(t, "validateCertificate", calldata.NitroProof(j.certificate, changed)))
			if err != nil {
				continue
			}
			if said++; new(big.Int).SetBytes(out).Sign() != 0 != want {
				t.Errorf("with byte %d changed, a certificate is %x, and is %t", at, out, want)
			}
		}
		// the root is remembered: what else is said of its attestation is not looked at
		if said != 440-32 {
			t.Errorf("%d bytes do not matter", said)
		}
	}
}

// TestNitroSettles: what is settled stays, whatever becomes of the light client.
func TestNitroSettles(t *testing.T) {
	w, c := newNitro(t)
	h := w.attest(t, 13)
	valid, late := newJudgement(t, h, 12, 1), newJudgement(t, h, 12, 0)
	other := newJudgement(t, h, 12, 1)
	other.certificate[42] ^= 1
	forged := newJudgement(t, h, 12, 1)
	forged.evidence.Place.DataRoot[0] ^= 1
	c.Refuses(t, "NotInHistory", "settle", forged.certificate, forged.answer(1))
	c.Refuses(t, "NotSettled", "settle", valid.certificate, []byte{1})
	for i, j := range []*judgement{other, valid} {
		receipt := c.Send(t, "settle", j.certificate, j.answer(byte(i)))
		if len(receipt.Logs) != 1 || receipt.Logs[0].Topics[1] != common.Hash(da.Keccak256(j.certificate)) {
			t.Errorf("settling logs %v", receipt.Logs)
		}
		if again := c.Send(t, "settle", j.certificate, []byte{0}); len(again.Logs) != 0 {
			t.Errorf("settling again logs %v", again.Logs)
		}
		if verdict := c.Call(t, "settled", da.Keccak256(j.certificate))[0].(uint8); verdict != uint8(2-i) {
			t.Errorf("settled as %d", verdict)
		}
		j.evidence = nil
	}
	malformed := append(bytes.Clone(valid.certificate), 0)
	if receipt := c.Send(t, "settle", malformed, []byte{0}); len(receipt.Logs) != 0 {
		t.Errorf("settling what is malformed logs %v", receipt.Logs)
	}
	w.Sleep(t, (committee.TrustingPeriod+60)*time.Second)
	if !w.client.Call(t, "expired")[0].(bool) {
		t.Fatal("the light client has not expired")
	}
	for want, j := range map[bool]*judgement{true: valid, false: other} {
		if got, err := j.ask(t, c); err != nil || got != want {
			t.Errorf("%t, %s, want %t", got, c.Explain(err), want)
		}
	}
	// a root that the light client remembers counts however old it is: what a block had in it does not change
	if got, err := late.ask(t, c); err != nil || !got {
		t.Errorf("%t, %s", got, c.Explain(err))
	}
	unknown := newJudgement(t, w.certify(t, 14), 12, 1)
	unknown.certificate[42] ^= 2
	if _, err := unknown.ask(t, c); outcome(w, c, false, err) != "error Expired" {
		t.Errorf("a root that the expired light client never saw: %s", c.Explain(err))
	}
	w.RefusesDeploy(t, "NoLightClient", "AshlarNitro", common.Address{1})
}
