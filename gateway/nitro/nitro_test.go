package nitro

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// valid is the certificate of the second of three blobs.
func valid(t testing.TB) *Certificate {
	ids := []da.BlobID{{1}, {2}, {3}}
	path, err := da.ProveBlob(ids, ids[1])
	if err != nil {
		t.Fatal(err)
	}
	return &Certificate{Ref: gateway.Ref{Height: 9, ID: ids[1]}, DataRoot: [32]byte{7}, BlobTreeRoot: da.BlobTreeRoot(ids), Path: path}
}

func TestCertificates(t *testing.T) {
	c := valid(t)
	encoded := c.Encode()
	if want := "01610000000000000009" + "02"; hex.EncodeToString(encoded)[:22] != want {
		t.Errorf("%x begins otherwise than %s", encoded, want)
	}
	decoded, err := DecodeCertificate(encoded)
	if err != nil || !bytes.Equal(decoded.Encode(), encoded) || decoded.Ref != c.Ref || decoded.DataRoot != c.DataRoot {
		t.Fatalf("%+v, %v", decoded, err)
	}
	flip := func(at int, with ...byte) []byte {
		changed := bytes.Clone(encoded)
		changed[at] ^= append(with, 1)[0]
		return changed
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "header alone": encoded[:2], "short": encoded[:len(encoded)-1], "long": append(bytes.Clone(encoded), 0),
		"another header": flip(0), "another provider": flip(1), "another id": flip(10), "another blob tree root": flip(80),
		"height 0": flip(9, 9), "a height of 37 bits": flip(5, 0x10), "another length": flip(fixedSize - 1), "another path": flip(fixedSize), "too long": make([]byte, maxCertificate+1),
	} {
		if _, err := DecodeCertificate(bad); !errors.Is(err, ErrInvalidCertificate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzCertificate decodes certificates.
func FuzzCertificate(f *testing.F) {
	f.Add(valid(f).Encode())
	f.Fuzz(func(t *testing.T, encoded []byte) {
		decoded, err := DecodeCertificate(encoded)
		if err != nil {
			if !errors.Is(err, ErrInvalidCertificate) {
				t.Error(err)
			}
			return
		}
		if !bytes.Equal(decoded.Encode(), encoded) {
			t.Errorf("%x is read as %x", encoded, decoded.Encode())
		}
	})
}

// sign commits to what is sent, as Nitro's client does without a key.
func sign(data []byte, numbers ...uint64) []byte {
	var extras []byte
	for _, n := range numbers {
		extras = append(extras, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	hash := da.Keccak256(data, extras)
	return hash[:]
}

// begin opens a stream of 10 bytes in chunks of 4, other than earlier ones.
func begin(t *testing.T, s *streams, timeout uint64) uint64 {
	t.Helper()
	now := uint64(time.Now().Unix())
	id, err := s.begin(now, 3, 4, 10, timeout, sign(nil, now, 3, 4, 10, timeout))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreams(time.Now)
		id := begin(t, s, 5)
		message := []byte("0123456789")
		for _, number := range []uint64{2, 0, 0, 1} { // in any order, and twice
			chunk := message[4*number : min(4*number+4, 10)]
			if err := s.add(id, number, chunk, sign(chunk, id, number)); err != nil {
				t.Fatal(err)
			}
		}
		one, err := s.end(id, sign(nil, id))
		if err != nil || string(one.data) != string(message) || one.timeout != 5 {
			t.Fatalf("%+v, %v", one, err)
		}
		if _, err := s.end(id, sign(nil, id)); !errors.Is(err, errStream) {
			t.Errorf("ended twice: %v", err)
		}
	})
}

func TestStreamsRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreams(time.Now)
		now := uint64(time.Now().Unix())
		for name, c := range map[string]struct {
			timestamp, chunks, size, total uint64
			want                           error
		}{
			"too large":     {now, 1, gateway.MaxSize + 1, gateway.MaxSize + 1, ErrTooLarge},
			"nothing":       {now, 0, 4, 0, errStream},
			"no chunk size": {now, 1, 0, 4, errStream},
			"chunks amiss":  {now, 4, 4, 10, errStream},
			"too old":       {now - 301, 3, 4, 10, errStream},
			"too new":       {now + 301, 3, 4, 10, errStream},
			"no time":       {1 << 63, 3, 4, 10, errStream},
		} {
			if _, err := s.begin(c.timestamp, c.chunks, c.size, c.total, 0, sign(nil, c.timestamp, c.chunks, c.size, c.total, 0)); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.begin(now, 3, 4, 10, 0, sign(nil, now)); !errors.Is(err, errStream) {
			t.Errorf("another signature: %v", err)
		}
		id := begin(t, s, 1)
		for name, c := range map[string]struct {
			number uint64
			chunk  string
		}{"out of range": {3, "8901"}, "short": {0, "012"}, "long at the end": {2, "8901"}} {
			if err := s.add(id, c.number, []byte(c.chunk), sign([]byte(c.chunk), id, c.number)); !errors.Is(err, errStream) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.end(id, sign(nil, id)); !errors.Is(err, errStream) {
			t.Errorf("ended with chunks missing: %v", err)
		}
		for i := range uint64(maxStreams) {
			begin(t, s, 100+i)
		}
		if _, err := s.begin(now, 3, 4, 10, 7, sign(nil, now, 3, 4, 10, 7)); !errors.Is(err, gateway.ErrBusy) {
			t.Errorf("too many: %v", err)
		}
		time.Sleep(streamIdle + time.Second)
		begin(t, s, 7)
		if len(s.open) != 1 {
			t.Errorf("%d streams are open, and all but one were given up", len(s.open))
		}
	})
}
