package da

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/proto/wire"
)

func TestEnvelopeRoundTrip(t *testing.T) {
	_, block := newFixture(t)
	for i, e := range append(block.Envelopes, &Envelope{Tx: []byte("tx")}) {
		data := e.Encode()
		generated := marshal(&wire.Envelope{Tx: e.Tx, Blobs: e.Blobs, Proofs: joinProofs(e.Proofs)})
		if !bytes.Equal(data, append([]byte{1}, generated...)) {
			t.Errorf("envelope %d: not 0x01 and what generated code writes", i)
		}
		got, err := DecodeEnvelope(data)
		if err != nil || !bytes.Equal(got.Tx, e.Tx) || !slices.EqualFunc(got.Blobs, e.Blobs, bytes.Equal) || !slices.Equal(got.Proofs, e.Proofs) {
			t.Errorf("envelope %d: %v", i, err)
		}
	}
}

func TestDecodeEnvelopeCorrupted(t *testing.T) {
	valid := Envelope{Tx: []byte("tx"), Blobs: [][]byte{{7}, {8, 9}}, Proofs: make([]kzg.Proof, 1)}
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":             {nil, ErrMalformed},
		"no 0x01":             {valid.Encode()[1:], ErrMalformed},
		"0x01 alone":          {[]byte{1}, ErrMalformed},
		"cut":                 {valid.Encode()[:20], ErrMalformed},
		"byte more":           {append(valid.Encode(), 0), ErrMalformed},
		"empty transaction":   {[]byte{1, 0x0a, 0, 0x12, 1, 7}, ErrMalformed},
		"no transaction":      {[]byte{1, 0x12, 1, 7}, ErrMalformed},
		"transaction twice":   {[]byte{1, 0x0a, 1, 7, 0x0a, 1, 8}, ErrMalformed},
		"fields out of order": {[]byte{1, 0x12, 1, 7, 0x0a, 1, 8}, ErrMalformed},
		"empty proofs":        {[]byte{1, 0x0a, 1, 7, 0x1a, 0}, ErrMalformed},
		"part of a proof":     {[]byte{1, 0x0a, 1, 7, 0x1a, 1, 0}, ErrMalformed},
		"unknown field":       {[]byte{1, 0x0a, 1, 7, 0x22, 1, 0}, ErrMalformed},
		"varint field":        {[]byte{1, 0x0a, 1, 7, 0x10, 1}, ErrMalformed},
		"length not minimal":  {[]byte{1, 0x0a, 0x81, 0x00, 7}, ErrMalformed},
		"length too long":     {[]byte{1, 0x0a, 9, 7}, ErrMalformed},
		"tag not minimal":     {[]byte{1, 0x8a, 0x00, 1, 7}, ErrMalformed},
		"many blobs":          {append([]byte{1, 0x0a, 1, 7}, bytes.Repeat([]byte{0x12, 0}, MaxTxCells+1)...), ErrTooLarge},
		"too long":            {append([]byte{1}, make([]byte, MaxEnvelopeSize)...), ErrTooLarge},
	} {
		if _, err := DecodeEnvelope(test.data); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}

func TestTxID(t *testing.T) {
	e := Envelope{Tx: []byte("signed"), Blobs: [][]byte{{1}}}
	want := sha256.Sum256([]byte("signed"))
	for _, tx := range [][]byte{e.Encode(), []byte("signed")} {
		if id, err := TxID(tx); err != nil || id != want {
			t.Errorf("have %x, %v, want %x", id, err, want)
		}
	}
	if _, err := TxID([]byte{1}); !errors.Is(err, ErrMalformed) {
		t.Errorf("have %v, want ErrMalformed", err)
	}
}

// claimedEnvelope is an envelope with its message taken out, to corrupt either.
type claimedEnvelope struct {
	*Envelope
	message *wire.PayForBlobs
}

func cloneEnvelope(e *Envelope) claimedEnvelope {
	m, err := e.Message()
	if err != nil {
		panic(err)
	}
	clone := &Envelope{Tx: slices.Clone(e.Tx), Proofs: slices.Clone(e.Proofs)}
	for _, blob := range e.Blobs {
		clone.Blobs = append(clone.Blobs, slices.Clone(blob))
	}
	return claimedEnvelope{clone, wireMessage(m.Signer, m.Blobs, m.ProofHash)}
}

// seal signs the message again, so to speak.
func (c claimedEnvelope) seal() *Envelope {
	c.Tx = blobTx(c.message)
	return c.Envelope
}

func (c claimedEnvelope) signProofs() {
	hash := ProofHash(c.Proofs)
	c.message.ProofHash = hash[:]
}

func (c claimedEnvelope) signBlob(i int) {
	hash := Keccak256(c.Blobs[i])
	c.message.Blobs[i].Keccak256 = hash[:]
}

func TestEnvelopeCheckCorrupted(t *testing.T) {
	_, block := newFixture(t)
	for name, test := range map[string]struct {
		corrupt func(claimedEnvelope)
		want    error
	}{
		"blob changed":         {func(c claimedEnvelope) { c.Blobs[0][0]++ }, ErrMismatch},
		"blob longer":          {func(c claimedEnvelope) { c.Blobs[0] = append(c.Blobs[0], 0) }, ErrMismatch},
		"blob missing":         {func(c claimedEnvelope) { c.Blobs = c.Blobs[:2] }, ErrMismatch},
		"blobs missing":        {func(c claimedEnvelope) { c.Blobs = nil }, ErrMismatch},
		"blob more":            {func(c claimedEnvelope) { c.Blobs = append(c.Blobs, []byte{1}) }, ErrMismatch},
		"blobs swapped":        {func(c claimedEnvelope) { c.Blobs[0], c.Blobs[1] = c.Blobs[1], c.Blobs[0] }, ErrMismatch},
		"proof changed":        {func(c claimedEnvelope) { c.Proofs[255][47]++ }, ErrMismatch},
		"proofs swapped":       {func(c claimedEnvelope) { c.Proofs[0], c.Proofs[1] = c.Proofs[1], c.Proofs[0] }, ErrMismatch},
		"proof missing":        {func(c claimedEnvelope) { c.Proofs = c.Proofs[:255]; c.signProofs() }, ErrMismatch},
		"proofs missing":       {func(c claimedEnvelope) { c.Proofs = nil; c.signProofs() }, ErrMismatch},
		"proof more":           {func(c claimedEnvelope) { c.Proofs = append(c.Proofs, c.Proofs[0]); c.signProofs() }, ErrMismatch},
		"other proof hash":     {func(c claimedEnvelope) { c.message.ProofHash[0]++ }, ErrMismatch},
		"short proof hash":     {func(c claimedEnvelope) { c.message.ProofHash = c.message.ProofHash[1:] }, ErrMalformed},
		"other keccak256":      {func(c claimedEnvelope) { c.message.Blobs[1].Keccak256[0]++ }, ErrMismatch},
		"no keccak256":         {func(c claimedEnvelope) { c.message.Blobs[1].Keccak256 = nil }, ErrMalformed},
		"other size":           {func(c claimedEnvelope) { c.message.Blobs[1].Size_++ }, ErrMismatch},
		"size zero":            {func(c claimedEnvelope) { c.message.Blobs[0].Size_ = 0 }, ErrInvalidBlob},
		"size huge":            {func(c claimedEnvelope) { c.message.Blobs[0].Size_ = 1 << 63 }, ErrTooLarge},
		"unknown encoding":     {func(c claimedEnvelope) { c.message.Blobs[0].Encoding = 256 }, ErrInvalidBlob},
		"length not raw's":     {func(c claimedEnvelope) { c.message.Blobs[0].Encoding = 1 }, ErrInvalidBlob},
		"commitment missing":   {func(c claimedEnvelope) { c.message.Blobs[1].Commitments = c.message.Blobs[1].Commitments[:1] }, ErrInvalidBlob},
		"commitment short":     {func(c claimedEnvelope) { c.message.Blobs[1].Commitments[0] = make([]byte, 47) }, ErrMalformed},
		"commitments too many": {func(c claimedEnvelope) { c.message.Blobs[1].Commitments = make([][]byte, 17) }, ErrTooLarge},
		"no blobs":             {func(c claimedEnvelope) { c.message.Blobs, c.Blobs = nil, nil }, ErrInvalidBlob},
		"too many blobs":       {func(c claimedEnvelope) { c.message.Blobs = slices.Repeat(c.message.Blobs, 400) }, ErrTooLarge},
		"too many rows":        {func(c claimedEnvelope) { c.message.Blobs = slices.Repeat(c.message.Blobs[1:2], 9) }, ErrTooLarge},
		"short namespace":      {func(c claimedEnvelope) { c.message.Blobs[0].Namespace = []byte{1} }, ErrInvalidNamespace},
		"reserved namespace":   {func(c claimedEnvelope) { c.message.Blobs[0].Namespace = make([]byte, 29) }, ErrInvalidNamespace},
		"signer":               {func(c claimedEnvelope) { c.message.Signer = "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh" }, ErrMalformed},
		"no signer":            {func(c claimedEnvelope) { c.message.Signer = "" }, ErrMalformed},
	} {
		c := cloneEnvelope(block.Envelopes[0])
		if _, err := c.seal().Check(DefaultLimits()); err != nil {
			t.Fatal(err)
		}
		test.corrupt(c)
		if _, err := c.seal().Check(DefaultLimits()); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}

func TestEnvelopeThatNoSquareHolds(t *testing.T) {
	_, block := newFixture(t)
	e := block.Envelopes[1]
	for _, limits := range []Limits{{3, 1, 2}, {34, 2, 1}} {
		if _, err := e.Check(limits); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%+v: have %v, want ErrTooLarge", limits, err)
		}
	}
	if _, err := e.Check(Limits{4, 1, 2}); err != nil {
		t.Error(err)
	}
}

func TestDecodePayForBlobsRefusesOtherTransactions(t *testing.T) {
	pay := &wire.Any{TypeUrl: PayForBlobsURL, Value: marshal(wireMessage(testSigner(1), nil, [32]byte{}))}
	send := &wire.Any{TypeUrl: "/cosmos.bank.v1beta1.MsgSend"}
	if _, err := DecodePayForBlobs(txWith(pay)); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		tx       []byte
		want     error
		mentions bool
	}{
		"empty":          {nil, ErrMalformed, false},
		"not protobuf":   {[]byte{0xff}, ErrMalformed, false},
		"body":           {marshal(&wire.TxRaw{BodyBytes: []byte{0xff}}), ErrMalformed, false},
		"no message":     {txWith(), ErrMalformed, false},
		"other message":  {txWith(send), ErrMalformed, false},
		"two messages":   {txWith(pay, send), ErrMalformed, true},
		"second message": {txWith(send, pay), ErrMalformed, true},
		"twice":          {txWith(pay, pay), ErrMalformed, true},
		"without slash":  {txWith(&wire.Any{TypeUrl: PayForBlobsURL[1:], Value: pay.Value}), ErrMalformed, true},
		"with a host":    {txWith(&wire.Any{TypeUrl: "type.googleapis.com" + PayForBlobsURL, Value: pay.Value}), ErrMalformed, true},
		"broken message": {txWith(&wire.Any{TypeUrl: PayForBlobsURL, Value: []byte{0xff}}), ErrMalformed, true},
		"too large":      {append(txWith(pay), make([]byte, MaxTxSize)...), ErrTooLarge, false},
	} {
		if _, err := DecodePayForBlobs(test.tx); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
		if mentionsPayForBlobs(test.tx) != test.mentions {
			t.Errorf("%s: mentions it: have %v, want %v", name, !test.mentions, test.mentions)
		}
	}
}

func TestDecodePayForBlobsReadsAmountsOneWay(t *testing.T) {
	for caps, want := range map[string]error{
		"0": nil, "7": nil, "1000000000": nil, strings.Repeat("9", 78): nil,
		"": ErrMalformed, "00": ErrMalformed, "07": ErrMalformed, "0x7": ErrMalformed, "-7": ErrMalformed, "+7": ErrMalformed,
		"7 ": ErrMalformed, "1_000": ErrMalformed, "1e3": ErrMalformed, "7.0": ErrMalformed, strings.Repeat("9", 79): ErrMalformed,
	} {
		for field, set := range map[string]func(*wire.PayForBlobs){
			"fee cap": func(m *wire.PayForBlobs) { m.FeeCap = caps },
			"tip cap": func(m *wire.PayForBlobs) { m.TipCap = caps },
		} {
			m := wireMessage(testSigner(1), nil, [32]byte{})
			set(m)
			if _, err := DecodePayForBlobs(blobTx(m)); !errors.Is(err, want) {
				t.Errorf("%s %q: have %v, want %v", field, caps, err, want)
			}
		}
	}
}

func TestAddresses(t *testing.T) {
	want := testSigner(9)
	s := FormatAddress(want)
	if got, err := ParseAddress(s); err != nil || got != want {
		t.Errorf("have %x, %v, want %x", got, err, want)
	}
	for name, s := range map[string]string{
		"empty": "", "checksum": s[:len(s)-1] + "q", "upper case": string(bytes.ToUpper([]byte(s))),
		"long": s + string(bytes.Repeat([]byte("q"), 90)), "other prefix": "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh",
	} {
		if _, err := ParseAddress(s); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: have %v, want ErrMalformed", name, err)
		}
	}
}

func TestBlobGas(t *testing.T) {
	m := &PayForBlobs{Blobs: []BlobInfo{{Size: 1}, {Size: 3 * DataCellSize}, {Size: DataRowSize + 1}}}
	if got, want := m.BlobGas(), uint64(2048*(1+4+128)); got != want {
		t.Errorf("blobs: have %d, want %d", got, want)
	}
	for size, want := range map[int]uint64{1: 3, 30: 32, 31: 34, 127: 133, 128: 135, DataRowSize - 3: kzg.RowSize} {
		if got := TxBlobGas(size); got != want {
			t.Errorf("%d bytes: have %d, want %d", size, got, want)
		}
	}
}

func FuzzDecodeEnvelope(f *testing.F) {
	e := Envelope{Tx: []byte("tx"), Blobs: [][]byte{{7}, {}}, Proofs: make([]kzg.Proof, 2)}
	f.Add(e.Encode())
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := DecodeEnvelope(data)
		if err == nil && !bytes.Equal(e.Encode(), data) {
			t.Errorf("%x decodes to what encodes differently", data)
		}
	})
}

func FuzzDecodePayForBlobs(f *testing.F) {
	info := BlobInfo{testNamespace(1), 5, EncodingData, []kzg.Commitment{generator}, Keccak256(nil)}
	f.Add(blobTx(wireMessage(testSigner(1), []BlobInfo{info}, [32]byte{})))
	f.Add(plainTx(10))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := DecodePayForBlobs(data)
		if err != nil {
			return
		}
		if !mentionsPayForBlobs(data) {
			t.Errorf("%x decodes but does not mention the message", data)
		}
		if m.Check(DefaultLimits()) == nil && (m.BlobGas() == 0 || m.BlobGas() > MaxTxCells*kzg.CellSize) {
			t.Errorf("%x is charged for %d bytes of square", data, m.BlobGas())
		}
	})
}
