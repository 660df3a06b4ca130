package da

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func testEntry() Entry {
	info := BlobInfo{testNamespace(3), 2*DataRowSize - 5, EncodingData, []kzg.Commitment{generator, infinity}, Keccak256(nil)}
	e := newEntry(&PayForBlobs{Signer: testSigner(4), Blobs: []BlobInfo{info}}, 7, 0)
	e.FirstCell = 3 * kzg.RowCells
	return e
}

func TestEntryRoundTrip(t *testing.T) {
	want := testEntry()
	got, err := DecodeEntry(want.Encode())
	if err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("have %+v, %v, want %+v", got, err, want)
	}
	if n := len(want.Encode()); n != entryFixedSize+2*kzg.PointSize || n > MaxEntrySize {
		t.Errorf("%d bytes", n)
	}
}

func TestEntryCorrupted(t *testing.T) {
	for name, test := range map[string]struct {
		corrupt func(*Entry)
		want    error
	}{
		"type":               {func(e *Entry) { e.Type = 2 }, ErrMalformed},
		"id":                 {func(e *Entry) { e.ID[0]++ }, ErrMalformed},
		"namespace":          {func(e *Entry) { e.Namespace[28]++ }, ErrMalformed},
		"reserved namespace": {func(e *Entry) { e.Namespace = TxNamespace() }, ErrInvalidNamespace},
		"commitment":         {func(e *Entry) { e.Commitments[0] = infinity }, ErrMalformed},
		"commitment missing": {func(e *Entry) { e.Commitments = e.Commitments[:1] }, ErrInvalidBlob},
		"many commitments":   {func(e *Entry) { e.Commitments = make([]kzg.Commitment, 17) }, ErrMalformed},
		"keccak256":          {func(e *Entry) { e.Keccak256[0]++ }, ErrMalformed},
		"unaligned":          {func(e *Entry) { e.FirstCell++ }, ErrMalformed},
		"past the square":    {func(e *Entry) { e.FirstCell = HardMaxRows*kzg.RowCells - 64 }, ErrMalformed},
		"far past it":        {func(e *Entry) { e.FirstCell = 0xffffffc0 }, ErrMalformed},
		"cells":              {func(e *Entry) { e.Cells++ }, ErrMalformed},
		"size":               {func(e *Entry) { e.Size-- }, ErrMalformed},
		"empty":              {func(e *Entry) { e.Size = 0 }, ErrInvalidBlob},
		"huge":               {func(e *Entry) { e.Size = 1 << 63 }, ErrTooLarge},
		"encoding":           {func(e *Entry) { e.Encoding = 2 }, ErrInvalidBlob},
	} {
		e := testEntry()
		test.corrupt(&e)
		if _, err := DecodeEntry(e.Encode()); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
	e := testEntry()
	for _, data := range [][]byte{nil, e.Encode()[1:], e.Encode()[:200], append(e.Encode(), 0)} {
		if _, err := DecodeEntry(data); !errors.Is(err, ErrMalformed) {
			t.Errorf("%d bytes: have %v, want ErrMalformed", len(data), err)
		}
	}
}

func TestExtractRefusesOtherRows(t *testing.T) {
	setup, block := newFixture(t)
	e := block.Square.entry(0, 1)
	rows := block.Square.Rows[e.Row() : e.Row()+e.Rows()]
	changed := *rows[0]
	changed[5]++
	for name, test := range map[string]struct {
		rows []*kzg.Row
		want error
	}{
		"too few":      {rows[:1], ErrMalformed},
		"none":         {nil, ErrMalformed},
		"one changed":  {[]*kzg.Row{&changed, rows[1]}, ErrMismatch},
		"out of order": {[]*kzg.Row{rows[1], rows[0]}, ErrMalformed},
	} {
		if _, err := e.Extract(test.rows); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
	if err := e.Verify(setup, []byte("other")); !errors.Is(err, ErrMismatch) {
		t.Errorf("have %v, want ErrMismatch", err)
	}
	forged := *e
	forged.Commitments = []kzg.Commitment{e.Commitments[1], e.Commitments[0]}
	if err := forged.Verify(setup, block.Envelopes[0].Blobs[1]); !errors.Is(err, kzg.ErrInvalidProof) {
		t.Errorf("have %v, want kzg.ErrInvalidProof", err)
	}
}

func FuzzDecodeEntry(f *testing.F) {
	e := testEntry()
	f.Add(e.Encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := DecodeEntry(data)
		if err == nil && !bytes.Equal(e.Encode(), data) {
			t.Errorf("%x decodes to what encodes differently", data)
		}
	})
}
