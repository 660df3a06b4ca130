package da

import (
	"bytes"
	"errors"
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func TestSizes(t *testing.T) {
	for _, test := range []struct {
		encoding                    Encoding
		size                        int
		cells, own, allotment, rows int
	}{
		{EncodingData, 1, 1, 0, 1, 1},
		{EncodingData, 1984, 1, 0, 1, 1},
		{EncodingData, 1985, 2, 0, 2, 1},
		{EncodingData, 3 * 1984, 3, 0, 4, 1},
		{EncodingData, 16*1984 + 1, 17, 0, 32, 1},
		{EncodingData, 32 * 1984, 32, 0, 32, 1},
		{EncodingData, 32*1984 + 1, 33, 1, 64, 1},
		{EncodingData, 126976, 64, 1, 64, 1},
		{EncodingData, 126977, 65, 2, 128, 2},
		{EncodingData, 16 * 126976, 1024, 16, 1024, 16},
		{EncodingRaw, 32, 1, 0, 1, 1},
		{EncodingRaw, 2048, 1, 0, 1, 1},
		{EncodingRaw, 2080, 2, 0, 2, 1},
		{EncodingRaw, 131072, 64, 1, 64, 1},
		{EncodingRaw, 131072 + 32, 65, 2, 128, 2},
		{EncodingRaw, 16 * 131072, 1024, 16, 1024, 16},
	} {
		b := Blob{testNamespace(1), test.encoding, make([]byte, test.size)}
		rows, err := b.Rows()
		if err != nil {
			t.Fatal(err)
		}
		if b.Cells() != test.cells || b.OwnRows() != test.own || b.Allotment() != test.allotment || len(rows) != test.rows {
			t.Errorf("%s %d: have %d cells, %d own rows, allotment %d, %d rows, want %v", test.encoding, test.size, b.Cells(), b.OwnRows(), b.Allotment(), len(rows), test)
		}
	}
}

func TestBlobCheck(t *testing.T) {
	for name, test := range map[string]struct {
		corrupt func(*Blob)
		want    error
	}{
		"empty":                {func(b *Blob) { b.Data = nil }, ErrInvalidBlob},
		"reserved namespace":   {func(b *Blob) { b.Namespace = TxNamespace() }, ErrInvalidNamespace},
		"unknown encoding":     {func(b *Blob) { b.Encoding = 2 }, ErrInvalidBlob},
		"broken scalar":        {func(b *Blob) { b.Data = b.Data[1:] }, ErrInvalidBlob},
		"too large":            {func(b *Blob) { b.Data = make([]byte, MaxTxOwnRows*kzg.RowSize+kzg.ScalarSize) }, ErrTooLarge},
		"too large as data":    {func(b *Blob) { b.Encoding, b.Data = EncodingData, make([]byte, MaxTxOwnRows*DataRowSize+1) }, ErrTooLarge},
		"non-canonical scalar": {func(b *Blob) { b.Data[32] = 0x74 }, kzg.ErrNonCanonicalScalar},
		"the modulus": {func(b *Blob) {
			copy(b.Data[32:], must(parseHex("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001")))
		}, kzg.ErrNonCanonicalScalar},
	} {
		b := rawBlob(1, 3)
		if _, err := b.Rows(); err != nil {
			t.Fatal(err)
		}
		test.corrupt(&b)
		if _, err := b.Rows(); !errors.Is(err, test.want) {
			t.Errorf("%s: have %v, want %v", name, err, test.want)
		}
	}
}

func TestEncodingRoundTrip(t *testing.T) {
	for _, e := range []Encoding{EncodingData, EncodingRaw} {
		for _, size := range []int{32, 64, 992, 1984, 2016, 2048, 4096, 63488, 126976, 131072, 200000, 262144} {
			data := testBytes(uint64(size), size)
			var scalars []byte
			for _, row := range packRows(e, data) {
				scalars = append(scalars, row[:]...)
			}
			got, err := e.decode(scalars, size)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s, %d bytes: %v", e, size, err)
			}
		}
	}
}

func TestDataEncodingIsAlwaysCanonical(t *testing.T) {
	b := Blob{testNamespace(1), EncodingData, bytes.Repeat([]byte{0xff}, DataRowSize)}
	rows, err := b.Rows()
	if err != nil {
		t.Fatal(err)
	}
	if err := kzg.CheckScalars(rows[0][:]); err != nil {
		t.Error(err)
	}
}

func TestDecodeRefusesWhatEncodeNeverWrites(t *testing.T) {
	data := testBytes(1, 100)
	for name, test := range map[string]struct {
		encoding Encoding
		size     int
		corrupt  func([]byte)
	}{
		"top byte":                   {EncodingData, 100, func(s []byte) { s[32] = 1 }},
		"byte after the data":        {EncodingData, 100, func(s []byte) { s[3*32+8] = 1 }},
		"scalar after the data":      {EncodingData, 100, func(s []byte) { s[kzg.RowSize-1] = 1 }},
		"size one short":             {EncodingData, 99, func([]byte) {}},
		"more cells than there are":  {EncodingData, DataRowSize + 1, func([]byte) {}},
		"raw, scalar after the data": {EncodingRaw, 100, func(s []byte) { s[100] = 1 }},
	} {
		scalars := packRows(test.encoding, data)[0]
		if _, err := test.encoding.decode(scalars[:], 100); err != nil {
			t.Fatal(err)
		}
		test.corrupt(scalars[:])
		if _, err := test.encoding.decode(scalars[:], test.size); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: have %v, want ErrMalformed", name, err)
		}
	}
}

func TestSmallBlobIsAnEthereumBlob(t *testing.T) {
	setup := newSetup(t)
	b := rawBlob(1, 70)
	commitments, err := CommitBlob(setup, &b)
	if err != nil {
		t.Fatal(err)
	}
	var row kzg.Row
	copy(row[:], b.Data)
	want, err := setup.Commit(&row)
	if err != nil || len(commitments) != 1 || commitments[0] != want {
		t.Errorf("have %x, want %x, %v", commitments, want, err)
	}
}

func TestProveBlobs(t *testing.T) {
	setup := newSetup(t)
	blobs := []Blob{dataBlob(1, 5), dataBlob(1, 33*DataCellSize)}
	commitments, proofs, err := ProveBlobs(setup, blobs)
	if err != nil {
		t.Fatal(err)
	}
	_, want, err := setup.ComputeCellsAndProofs(packRows(EncodingData, blobs[1].Data)[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(commitments) != 2 || [kzg.Columns]kzg.Proof(proofs) != *want || len(proofs) != kzg.Columns {
		t.Errorf("%d lists of commitments, %d proofs, or the wrong ones", len(commitments), len(proofs))
	}
	if _, _, err := ProveBlobs(setup, []Blob{{}}); !errors.Is(err, ErrInvalidNamespace) {
		t.Errorf("have %v, want ErrInvalidNamespace", err)
	}
}

func FuzzDecodeScalars(f *testing.F) {
	f.Add(testBytes(1, 31), 31, uint8(0))
	f.Add(testBytes(1, 4096), 2049, uint8(1))
	f.Fuzz(func(t *testing.T, scalars []byte, size int, encoding uint8) {
		e := Encoding(encoding % 2)
		size = max(1, size%(1<<20))
		data, err := e.decode(scalars, size)
		if err != nil {
			return
		}
		again := make([]byte, len(scalars)+kzg.RowSize)
		e.encode(again, data)
		if !bytes.Equal(again[:len(scalars)/32*32], scalars[:len(scalars)/32*32]) {
			t.Errorf("%d bytes decode to what encodes differently", len(scalars))
		}
	})
}
