package batch_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/batch"
)

// valid has every part of a batch.
func valid() *batch.Batch {
	return &batch.Batch{Kind: batch.KindRollkit, Note: []byte("note"), Items: []batch.Item{
		{Label: []byte("one"), Data: []byte("first")}, {Data: []byte("second")}, {Label: []byte("three")},
	}}
}

func TestBatch(t *testing.T) {
	encoded, err := valid().Encode()
	if err != nil || len(encoded) != valid().Size() {
		t.Fatalf("%d bytes, %v", len(encoded), err)
	}
	decoded, err := batch.Decode(encoded)
	if err != nil || decoded.Kind != batch.KindRollkit || string(decoded.Note) != "note" || len(decoded.Items) != 3 {
		t.Fatalf("%+v, %v", decoded, err)
	}
	for i, item := range valid().Items {
		if !bytes.Equal(decoded.Items[i].Label, item.Label) || !bytes.Equal(decoded.Items[i].Data, item.Data) {
			t.Errorf("item %d: %+v", i, decoded.Items[i])
		}
	}
	const note, count = 10, 14 // where the note's bytes and the number of items begin
	for name, change := range map[string]func(b []byte) []byte{
		"nothing":          func([]byte) []byte { return nil },
		"another magic":    func(b []byte) []byte { b[0] ^= 1; return b },
		"a longer note":    func(b []byte) []byte { b[note-1] = 255; return b },
		"more items":       func(b []byte) []byte { b[count+3]++; return b },
		"fewer items":      func(b []byte) []byte { b[count+3]--; return b },
		"countless items":  func(b []byte) []byte { b[count] = 255; return b },
		"a longer label":   func(b []byte) []byte { b[count+4] = 200; return b },
		"longer data":      func(b []byte) []byte { b[count+4+1+3] = 255; return b },
		"something after":  func(b []byte) []byte { return append(b, 0) },
		"another's prefix": func([]byte) []byte { return []byte("ashlar\x00\x01") },
	} {
		if _, err := batch.Decode(change(bytes.Clone(encoded))); !errors.Is(err, batch.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range encoded {
		if _, err := batch.Decode(encoded[:n]); !errors.Is(err, batch.ErrMalformed) {
			t.Errorf("%d bytes of it: %v", n, err)
		}
	}
}

func TestBounds(t *testing.T) {
	label := []byte("label")
	full := batch.Batch{Items: []batch.Item{{Label: label, Data: make([]byte, batch.Room(0, len(label)))}}}
	if encoded, err := full.Encode(); err != nil || len(encoded) != gateway.MaxSize {
		t.Errorf("%d bytes, %v", len(encoded), err)
	}
	more := batch.Batch{Items: []batch.Item{{Label: label, Data: make([]byte, batch.Room(0, len(label))+1)}}}
	for name, c := range map[string]struct {
		batch batch.Batch
		want  error
	}{
		"a byte too many": {more, da.ErrTooLarge},
		"many items":      {batch.Batch{Items: make([]batch.Item, batch.MaxItems+1)}, da.ErrTooLarge},
		"a long label":    {batch.Batch{Items: []batch.Item{{Label: make([]byte, batch.MaxLabel+1)}}}, batch.ErrMalformed},
		"a long note":     {batch.Batch{Note: make([]byte, batch.MaxLabel+1)}, batch.ErrMalformed},
	} {
		if _, err := c.batch.Encode(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDecode holds that what decodes is the one encoding of it.
func FuzzDecode(f *testing.F) {
	encoded, err := valid().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Fuzz(func(t *testing.T, in []byte) {
		decoded, err := batch.Decode(in)
		if err != nil {
			return
		}
		if again, err := decoded.Encode(); err != nil || !bytes.Equal(again, in) {
			t.Errorf("%x becomes %x, %v", in, again, err)
		}
	})
}
