package attesting

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/ashlar-da/ashlar/da"
)

func open(t testing.TB, path string) *Journal {
	t.Helper()
	j, err := OpenJournal(path, testChain)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// TestNothingIsSignedTwice: what was signed may be signed again, after a restart too; nothing else may.
func TestNothingIsSignedTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attested")
	first, other := [32]byte{1}, [32]byte{2}
	for range 3 {
		j := open(t, path)
		for _, test := range []struct {
			kind   Kind
			number uint64
			digest [32]byte
			want   error
		}{
			{Heights, 7, first, nil},
			{Heights, 7, first, nil},
			{Heights, 7, other, ErrConflict},
			{Rotations, 7, other, nil},
			{Rotations, 7, first, ErrConflict},
			{Heights, 6, other, nil},
		} {
			if err := j.Sign(test.kind, test.number, test.digest); !errors.Is(err, test.want) {
				t.Errorf("%c %d: %v, want %v", test.kind, test.number, err, test.want)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestJournalSurvivesCrashes cuts the file at every byte: all whole records are there, and what a
// crash cut short is as if it was never signed.
func TestJournalSurvivesCrashes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attested")
	j := open(t, path)
	for height := uint64(1); height <= 3; height++ {
		if err := j.Sign(Heights, height, [32]byte{byte(height)}); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := headerSize; size < len(whole); size++ {
		cut := filepath.Join(t.TempDir(), "cut")
		for what, content := range map[string][]byte{
			"cut": whole[:size], "zeros": append(bytes.Clone(whole[:size]), make([]byte, (headerSize+3*recordSize-size)%recordSize)...),
		} {
			if err := os.WriteFile(cut, content, 0o600); err != nil {
				t.Fatal(err)
			}
			again := open(t, cut)
			records := uint64(size-headerSize) / recordSize
			for height := uint64(1); height <= records; height++ {
				if err := again.Sign(Heights, height, [32]byte{99}); !errors.Is(err, ErrConflict) {
					t.Fatalf("%s at %d: height %d is forgotten: %v", what, size, height, err)
				}
			}
			if err := errors.Join(again.Sign(Heights, records+1, [32]byte{50}), again.Close()); err != nil {
				t.Fatalf("%s at %d: %v", what, size, err)
			}
			if err := open(t, cut).Sign(Heights, records+1, [32]byte{51}); !errors.Is(err, ErrConflict) {
				t.Fatalf("%s at %d: what was signed after is forgotten: %v", what, size, err)
			}
		}
	}
}

func TestJournalRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attested")
	j := open(t, path)
	for height := uint64(1); height <= 3; height++ {
		if err := j.Sign(Heights, height, [32]byte{byte(height)}); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, corrupt := range map[string]func([]byte) []byte{
		"an empty file":       func([]byte) []byte { return nil },
		"another file":        func([]byte) []byte { return []byte("{}") },
		"half a header":       func(b []byte) []byte { return b[:headerSize-1] },
		"a bit in the header": func(b []byte) []byte { b[20]++; return b },
		"a bit in the first":  func(b []byte) []byte { b[headerSize+12]++; return b },
		"an unknown kind":     func(b []byte) []byte { copy(b[headerSize:], encodeRecord(subject{'x', 1}, [32]byte{})); return b },
	} {
		if err := os.WriteFile(path, corrupt(bytes.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenJournal(path, testChain); !errors.Is(err, ErrJournal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path, "another-chain"); !errors.Is(err, ErrJournal) {
		t.Errorf("another chain's: %v", err)
	}
}

// TestJournalStaysSmall: the file is written anew now and then, and what it then no longer knows is not
// signed at all.
func TestJournalStaysSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attested")
	j := open(t, path)
	const heights = maxRecords + 10
	for height := uint64(1); height <= heights; height++ {
		if err := j.Sign(Heights, height, [32]byte{byte(height)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > int64(headerSize+(remembered+20)*recordSize) {
		t.Errorf("the file has %d bytes, %v", info.Size(), err)
	}
	again := open(t, path)
	for height, want := range map[uint64]error{1: ErrForgotten, maxRecords - remembered: ErrForgotten, maxRecords - remembered + 1: ErrConflict, heights: ErrConflict, heights + 1: nil} {
		if err := again.Sign(Heights, height, [32]byte{255, 255}); !errors.Is(err, want) {
			t.Errorf("height %d: %v, want %v", height, err, want)
		}
	}
	if err := again.Sign(Rotations, 1, [32]byte{}); err != nil {
		t.Errorf("heights bound rotations: %v", err)
	}
}

func FuzzJournal(f *testing.F) {
	j := &Journal{chain: da.Keccak256([]byte(testChain))}
	f.Add(j.header())
	f.Add(append(j.header(), encodeRecord(subject{Heights, 5}, [32]byte{1})...))
	f.Add(append(j.header(), encodeRecord(subject{Heights - floorBit, 5}, [32]byte{})...))
	f.Fuzz(func(t *testing.T, content []byte) {
		j := &Journal{chain: da.Keccak256([]byte(testChain)), signed: make(map[subject][da.HashSize]byte), floors: make(map[Kind]uint64)}
		whole, err := j.read(content)
		if err == nil && (whole < headerSize || whole > len(content) || (whole-headerSize)%recordSize != 0) {
			t.Errorf("%d of %d bytes are whole", whole, len(content))
		}
	})
}

func TestSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "attestation_key")
	if _, err := LoadSecret(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	secret, err := LoadOrCreateSecret(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreateSecret(path)
	if err != nil || again.Key() != secret.Key() {
		t.Errorf("read again it is another: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"empty": "", "cut": string(text[:40]), "no hex": "x" + string(text[1:]), "zero": "00", "too large": string(bytes.Repeat([]byte("f"), 64))} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadOrCreateSecret(path); !errors.Is(err, da.ErrInvalidKey) || len(content) > 10 && bytes.Contains([]byte(err.Error()), []byte(content[2:])) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadSecret(path); err == nil {
		t.Error("a key that others can read is used")
	}
}
