package p2p

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func TestFrameRoundTrip(t *testing.T) {
	for _, size := range []int{0, 1, 127, 128, step - 1, step, step + 1, 3*step + 7} {
		message := bytes.Repeat([]byte{byte(size)}, size)
		var wire bytes.Buffer
		if err := writeFrame(&wire, message); err != nil {
			t.Fatal(err)
		}
		wire.WriteString("next")
		got, err := readFrame(iotest.OneByteReader(&wire), size)
		if err != nil || !bytes.Equal(got, message) {
			t.Errorf("a frame of %d bytes came back as %d (%v)", size, len(got), err)
		}
		if rest := wire.String(); rest != "next" {
			t.Errorf("reading a frame of %d bytes left %q behind it", size, rest)
		}
	}
}

func TestReadFrameRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		wire []byte
		err  error
	}{
		{"nothing", nil, io.EOF},
		{"end within the length", []byte{0x80}, io.EOF},
		{"length not minimal", []byte{0x81, 0x00, 'a'}, errFrameLength},
		{"length never ends", bytes.Repeat([]byte{0xff}, 100), errFrameLength},
		{"over the cap", []byte{17}, errFrameTooLong},
		{"far over the cap", []byte{0xff, 0xff, 0xff, 0xff, 0x0f}, errFrameTooLong},
		{"no message", []byte{16}, io.ErrUnexpectedEOF},
		{"message cut short", append([]byte{16}, "fifteen letters"...), io.ErrUnexpectedEOF},
	} {
		if got, err := readFrame(bytes.NewReader(test.wire), 16); !errors.Is(err, test.err) {
			t.Errorf("%s: %q, %v; want %v", test.name, got, err, test.err)
		}
	}
}

// A length alone must not make the reader allocate what it promises.
func TestReadFrameAllocatesWhatArrives(t *testing.T) {
	const promised = 64 << 20
	wire := []byte{0x80, 0x80, 0x80, 0x20, 1, 2, 3} // 64 MiB
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := readFrame(bytes.NewReader(wire), promised); !errors.Is(err, io.ErrUnexpectedEOF) {
				b.Fatal(err)
			}
		}
	})
	if held := r.AllocedBytesPerOp(); held > 2*step {
		t.Errorf("three bytes made the reader allocate %d", held)
	}
}

func FuzzReadFrame(f *testing.F) {
	for _, seed := range [][]byte{{}, {0}, {3, 1, 2, 3}, {0x80, 0}, {0xff, 0xff, 0xff, 0xff, 0xff}, append([]byte{0x80, 1}, make([]byte, 128)...)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		r := bytes.NewReader(encoded)
		message, err := readFrame(r, 1<<10)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeFrame(&again, message); err != nil {
			t.Fatal(err)
		}
		if read := encoded[:len(encoded)-r.Len()]; !bytes.Equal(again.Bytes(), read) {
			t.Errorf("%x was read as a frame whose encoding is %x", read, again.Bytes())
		}
	})
}
