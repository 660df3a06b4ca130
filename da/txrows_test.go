package da

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func TestUnpackTxs(t *testing.T) {
	for name, sizes := range map[string][]int{
		"none":             {},
		"one byte":         {1},
		"lengths' widths":  {127, 128, 16383, 16384},
		"row but one byte": {DataRowSize - 4},
		"exactly one row":  {DataRowSize - 3},
		"a row and a byte": {DataRowSize - 2},
		"across rows":      {100_000, 100_000, 3},
		"exactly two rows": {DataRowSize, DataRowSize - 6},
	} {
		var txs [][]byte
		for i, size := range sizes {
			txs = append(txs, bytes.Repeat([]byte{byte(i + 1)}, size))
		}
		rows := packTxs(txs)
		got, err := UnpackTxs(rows)
		if err != nil || !slices.EqualFunc(got, txs, bytes.Equal) {
			t.Errorf("%s: %d transactions back, %v", name, len(got), err)
		}
	}
}

func TestUnpackTxsCorrupted(t *testing.T) {
	for name, test := range map[string]struct {
		corrupt func([]*kzg.Row) []*kzg.Row
		want    error
	}{
		"top byte":           {func(r []*kzg.Row) []*kzg.Row { r[1][0] = 1; return r }, ErrMalformed},
		"after the end":      {func(r []*kzg.Row) []*kzg.Row { r[1][kzg.RowSize-1] = 1; return r }, ErrMalformed},
		"terminator":         {func(r []*kzg.Row) []*kzg.Row { r[1][5] = 1; return r }, ErrMalformed},
		"row too many":       {func(r []*kzg.Row) []*kzg.Row { return append(r, new(kzg.Row)) }, ErrMalformed},
		"row missing":        {func(r []*kzg.Row) []*kzg.Row { return r[:1] }, ErrMalformed},
		"no transaction":     {func(r []*kzg.Row) []*kzg.Row { return []*kzg.Row{new(kzg.Row)} }, ErrMalformed},
		"shorter length":     {func(r []*kzg.Row) []*kzg.Row { r[0][2]--; return r }, ErrMalformed},
		"longer length":      {func(r []*kzg.Row) []*kzg.Row { r[0][3] = 0x7f; return r }, ErrMalformed},
		"length not minimal": {func(r []*kzg.Row) []*kzg.Row { copy(r[0][1:], []byte{0x81, 0x00}); return r }, ErrMalformed},
		"length overflows": {func(r []*kzg.Row) []*kzg.Row {
			copy(r[0][1:], bytes.Repeat([]byte{0xff}, 11))
			return r
		}, ErrMalformed},
		"too many rows": {func([]*kzg.Row) []*kzg.Row { return make([]*kzg.Row, HardMaxRows+1) }, ErrTooLarge},
	} {
		rows := packTxs([][]byte{bytes.Repeat([]byte{0xee}, DataRowSize)})
		if _, err := UnpackTxs(rows); err != nil || len(rows) != 2 {
			t.Fatal(len(rows), err)
		}
		if txs, err := UnpackTxs(test.corrupt(rows)); !errors.Is(err, test.want) {
			t.Errorf("%s: have %d transactions, %v, want %v", name, len(txs), err, test.want)
		}
	}
}

func FuzzUnpackTxs(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0xee, 2, 0xee, 0xee})
	f.Add([]byte{0x80, 0x01})
	f.Add([]byte{0x80, 0x00})
	f.Add(append([]byte{0xff, 0x01}, make([]byte, 255)...))
	f.Fuzz(func(t *testing.T, stream []byte) {
		if len(stream) == 0 || len(stream) > 2*DataRowSize {
			return
		}
		rows := packRows(EncodingData, stream)
		txs, err := UnpackTxs(rows)
		if err != nil {
			return
		}
		if again := packTxs(txs); len(again) != len(rows) || *again[0] != *rows[0] {
			t.Errorf("%d transactions pack into other rows than they were read from", len(txs))
		}
	})
}
