package client

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const testAddress = "ashlar1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqjyqwyl"

// journalled is a content with all that is noted of it.
func journalled(t testing.TB, text string) (contentKey, *Prepared, *signedTx) {
	t.Helper()
	blobs := []da.Blob{{Namespace: da.Namespace{20: 1, 28: 7}, Data: []byte(text)}}
	prepared, err := NewPrepared(blobs, [][]kzg.Commitment{{{0xc0}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed := &signedTx{
		address: da.FormatAddress([da.AddressSize]byte{1}), account: Account{"chain", 3, 9}, since: 4, raw: []byte("signed " + text),
		fees: Fees{Cap: math.NewInt(2), Tip: math.NewInt(1), GasPrice: math.ZeroInt(), GasLimit: 5, Expires: 99},
	}
	return keyOf(prepared.infos), prepared, signed
}

// newJournal opens the journal of a folder until the test ends.
func newJournal(t testing.TB, folder string) *journal {
	t.Helper()
	j, err := openJournal(filepath.Join(folder, "journal"), testAddress)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.close() })
	return j
}

// fill notes one content that is final, one that failed, one that was signed and one that
// was not.
func fill(t testing.TB, j *journal) {
	t.Helper()
	for _, text := range []string{"final", "failed", "signed", "queued"} {
		key, prepared, signed := journalled(t, text)
		err := j.content(key, prepared)
		if text != "queued" {
			err = errors.Join(err, j.signed(key, signed))
		}
		switch text {
		case "final":
			err = errors.Join(err, j.final(key, &finalRecord{height: 8, signer: signed.address, tx: make([]byte, 32), infos: prepared.infos}))
		case "failed":
			err = errors.Join(err, j.failed(key))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestJournalRemembers reads a journal again, before and after it was written anew.
func TestJournalRemembers(t *testing.T) {
	folder := t.TempDir()
	j := newJournal(t, folder)
	fill(t, j)
	for round := range 3 {
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
		j = newJournal(t, folder)
		for _, text := range []string{"final", "failed", "signed", "queued"} {
			key, prepared, signed := journalled(t, text)
			e := j.entries[key]
			if e == nil {
				t.Fatalf("round %d: %s is forgotten", round, text)
			}
			if (e.final != nil) != (text == "final") || e.failed != (text == "failed") || (e.signed != nil) != (text == "signed" || text == "failed") {
				t.Errorf("round %d: %s: %+v", round, text, e)
			}
			if e.signed != nil && (!bytes.Equal(e.signed.raw, signed.raw) || e.signed.account != signed.account || e.signed.fees.Expires != 99) {
				t.Errorf("round %d: %s: signed %+v", round, text, e.signed)
			}
			if e.prepared != nil && string(e.prepared.data[0]) != string(prepared.data[0]) {
				t.Errorf("round %d: %s: %q", round, text, e.prepared.data)
			}
		}
		if err := j.compact(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestJournalCutAtEveryByte reads what a crash leaves of a journal at any time: the records
// before the last are there, and more can be added.
func TestJournalCutAtEveryByte(t *testing.T) {
	j := newJournal(t, t.TempDir())
	fill(t, j)
	whole, err := os.ReadFile(j.path)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for size := range len(whole) + 1 {
		cut := &journal{owner: testAddress, entries: make(map[contentKey]*record)}
		good, err := decodeJournal(bytes.NewReader(whole[:size]), int64(size), cut.apply)
		if n := len(cut.order); err != nil || good > int64(size) || n < last {
			t.Fatalf("of %d bytes %d hold and %d contents are known, of fewer bytes %d: %v", size, good, n, last, err)
		} else {
			last = n
		}
		if size%29 == 0 {
			addTo(t, whole[:size], last)
		}
	}
	if last != 4 {
		t.Errorf("the whole journal has %d contents", last)
	}
}

// addTo adds a content to what is left of a journal.
func addTo(t *testing.T, left []byte, known int) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "journal"), left, 0o600); err != nil {
		t.Fatal(err)
	}
	key, prepared, _ := journalled(t, "added later")
	j := newJournal(t, folder)
	if err := errors.Join(j.content(key, prepared), j.close()); err != nil {
		t.Fatal(err)
	}
	if again := newJournal(t, folder); again.entries[key] == nil || len(again.order) != known+1 {
		t.Fatalf("cut at %d: what was added is lost", len(left))
	}
}

// TestJournalIsRefused corrupts a journal in ways that no crash does, and opens others'.
func TestJournalIsRefused(t *testing.T) {
	j := newJournal(t, t.TempDir())
	fill(t, j)
	whole, err := os.ReadFile(j.path)
	if err != nil {
		t.Fatal(err)
	}
	other := encodeAddress("ashlar1other")
	for _, test := range []struct {
		name string
		file []byte
		want error
	}{
		{"nothing", whole, nil},
		{"a byte of a record with others behind it", corrupt(whole, len(journalMagic)+frameSize+70), ErrJournal},
		{"the last byte", corrupt(whole, len(whole)-1), nil},
		{"zeros at the end", append(slices.Clone(whole), make([]byte, 4096)...), nil},
		{"another file", []byte("#!/bin/sh\necho what else is in there"), ErrJournal},
		{"another account's", slices.Concat([]byte(journalMagic), other), ErrJournal},
		{"a record of a kind that is not known", append(slices.Clone(whole), newWriterOf(99)...), ErrJournal},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "journal")
			if err := os.WriteFile(path, test.file, 0o600); err != nil {
				t.Fatal(err)
			}
			j, err := openJournal(path, testAddress)
			if !errors.Is(err, test.want) {
				t.Errorf("it is opened with %v, want %v", err, test.want)
			}
			_ = j.close()
		})
	}
	if _, err := openJournal(j.path, testAddress); !errors.Is(err, ErrJournalInUse) {
		t.Errorf("a second client opens it with %v", err)
	}
}

func corrupt(file []byte, at int) []byte {
	file = slices.Clone(file)
	file[at] ^= 1
	return file
}

// newWriterOf is a record of a kind with nothing but a key.
func newWriterOf(kind byte) []byte {
	w := newWriter(kind)
	w.Write(make([]byte, len(contentKey{})))
	return w.record()
}

// TestJournalForgetsWhatFailedUnsigned writes a journal anew in which contents failed: none that was signed is
// forgotten, for it might be included after all.
func TestJournalForgetsWhatFailedUnsigned(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	j := newJournal(t, folder)
	fill(t, j)
	for i := range 8 {
		key, prepared, _ := journalled(t, fmt.Sprint("refused ", i))
		if err := errors.Join(j.content(key, prepared), j.failed(key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(j.compact(), j.close()); err != nil {
		t.Fatal(err)
	}
	j = newJournal(t, folder)
	if len(j.order) != 4 || len(j.entries) != 4 {
		t.Errorf("%d contents, %d in order: want the 4 that matter", len(j.entries), len(j.order))
	}
	if key, _, _ := journalled(t, "failed"); j.entries[key] == nil {
		t.Error("what failed after it was signed is forgotten")
	}
}

// TestJournalStaysSmall posts much more than a journal is left to grow to.
func TestJournalStaysSmall(t *testing.T) {
	j := newJournal(t, t.TempDir())
	_, _, signed := journalled(t, "x")
	data := make([]byte, 1<<20)
	for i := range 40 {
		data[0] = byte(i)
		blobs := []da.Blob{{Namespace: da.Namespace{20: 1, 28: 7}, Data: bytes.Clone(data)}}
		prepared := &Prepared{data: [][]byte{blobs[0].Data}, infos: da.DescribeBlobs(blobs, [][]kzg.Commitment{{{0xc0}}})}
		key := keyOf(prepared.infos)
		ended := &finalRecord{height: 1, signer: signed.address, infos: prepared.infos}
		if err := errors.Join(j.content(key, prepared), j.signed(key, signed), j.final(key, ended)); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(j.path); err != nil || info.Size() > compactAbove+2<<20 || len(j.order) != 40 {
		t.Errorf("%d contents take %d bytes: %v", len(j.order), info.Size(), err)
	}
}

// FuzzJournal reads whatever a file may hold. Nothing may panic, and what is read and written
// anew is read the same.
func FuzzJournal(f *testing.F) {
	j := newJournal(f, f.TempDir())
	fill(f, j)
	whole, err := os.ReadFile(j.path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(journalMagic))
	f.Fuzz(func(t *testing.T, file []byte) {
		read := &journal{owner: testAddress, entries: make(map[contentKey]*record)}
		good, err := decodeJournal(bytes.NewReader(file), int64(len(file)), read.apply)
		if err != nil || good == 0 {
			return
		}
		var once, twice bytes.Buffer
		if _, err := read.writeAll(&once); err != nil {
			t.Fatal(err)
		}
		again := &journal{owner: testAddress, entries: make(map[contentKey]*record)}
		if _, err := decodeJournal(bytes.NewReader(once.Bytes()), int64(once.Len()), again.apply); err != nil {
			t.Fatalf("what was written anew: %v", err)
		}
		if _, err := again.writeAll(&twice); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Error("written anew twice, it is not the same")
		}
	})
}
