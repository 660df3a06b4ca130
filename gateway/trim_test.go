package gateway

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// entryOf is what a block's index has of a blob, but for its commitment.
func entryOf(namespace da.Namespace, data string) da.Entry {
	commitments := []kzg.Commitment{{byte(len(data)), data[0], data[len(data)-1]}}
	blob := da.Blob{Namespace: namespace, Encoding: da.EncodingData, Data: []byte(data)}
	info := da.DescribeBlobs([]da.Blob{blob}, [][]kzg.Commitment{commitments})[0]
	return da.Entry{
		Type: da.EntryTypeBlob, ID: info.ID(), Namespace: namespace, Commitments: commitments, Keccak256: info.Keccak256,
		Cells: uint32(info.Cells()), Size: info.Size, Encoding: info.Encoding,
	}
}

// TestTrim follows a chain of a block a minute, of which every second has a blob and every tenth one that is posted again and again,
// with an index that reaches back 100 minutes.
func TestTrim(t *testing.T) {
	const heights, age = 1000, 100 * time.Minute
	namespace, path := da.Namespace{28: 1, 27: 1}, filepath.Join(t.TempDir(), "index")
	i, err := openIndex(path, namespace, nil)
	if err != nil {
		t.Fatal(err)
	}
	i.chainID = "trim-1"
	begin := time.Unix(1_700_000_000, 0)
	at := func(height uint64) time.Time { return begin.Add(time.Duration(height) * time.Minute) }
	entries := func(height uint64) (list []da.Entry) {
		if height%2 == 0 {
			list = append(list, entryOf(namespace, fmt.Sprintf("blob of %d", height)))
		}
		if height%10 == 0 {
			list = append(list, entryOf(namespace, "again and again"))
		}
		return list
	}
	largest := int64(0)
	for height := uint64(1); height <= heights; height++ {
		if err := i.add(mark{height: height, time: at(height)}, entries(height)); err != nil {
			t.Fatal(err)
		}
		if err := i.trim(age); err != nil {
			t.Fatal(err)
		}
		largest = max(largest, i.file.size)
	}
	check := func(name string, i *index, floor uint64) {
		t.Helper()
		for height := uint64(1); height <= heights; height++ {
			if i.covers(height) != (height >= floor) {
				t.Fatalf("%s: height %d is covered: %v", name, height, i.covers(height))
			}
			if age := at(heights).Sub(at(height)); i.expired(height, 50*time.Minute) != (age > 50*time.Minute) {
				t.Errorf("%s: height %d is %s old, expired: %v", name, height, age, i.expired(height, 50*time.Minute))
			}
			for _, entry := range entries(height) {
				if known := i.refs[Ref{height, entry.ID}] != nil; known != (height >= floor) {
					t.Errorf("%s: a blob of height %d is known: %v", name, height, known)
				}
			}
		}
		if found := i.newestKeccak(da.Keccak256([]byte("again and again"))); found == nil || found.ref.Height != heights {
			t.Errorf("%s: what was posted again was forgotten", name)
		}
		if i.newestKeccak(da.Keccak256([]byte("blob of 2"))) != nil {
			t.Errorf("%s: what is old is found", name)
		}
		if most := int(heights - floor + 2); len(i.order) > most || len(i.contents) > most || len(i.rows) > most || len(i.marks) > most {
			t.Errorf("%s: %d records, %d contents, %d rows, %d marks", name, len(i.order), len(i.contents), len(i.rows), len(i.marks))
		}
	}
	floor := uint64(heights) - 101 // the first one that is older
	check("followed", i, floor)
	if err := i.close(); err != nil {
		t.Fatal(err)
	}
	if line := int64(300); largest > line*4*105 {
		t.Errorf("the file had %d bytes", largest)
	}
	again, err := openIndex(path, namespace, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.close() }()
	if kept := again.marks[0].from; kept > floor || kept < 2 || again.covers(kept-1) {
		t.Errorf("the file covers what it does not have: from %d", kept)
	}
	if err := again.trim(age); err != nil {
		t.Fatal(err)
	}
	check("read again", again, floor)
}

// TestTroubles has tries fail and succeed, and looks at what is said of it.
func TestTroubles(t *testing.T) {
	var said strings.Builder
	log := slog.New(slog.NewTextHandler(&said, nil))
	var now time.Time
	now, trouble := now.Add(time.Hour), troubles{}
	lines := func(during time.Duration, err func(n int) error) int {
		said.Reset()
		for n := range int(during / (500 * time.Millisecond)) {
			trouble.tell(log, err(n), now)
			now = now.Add(500 * time.Millisecond)
		}
		return strings.Count(said.String(), "\n")
	}
	fine := func(int) error { return nil }
	same := func(int) error { return errors.New("no node") }
	for _, c := range []struct {
		name   string
		during time.Duration
		err    func(int) error
		least  int
		most   int
	}{
		{"all is well", time.Hour, fine, 0, 0},
		{"a node is gone for a moment", time.Second, same, 1, 1},
		{"and is back", time.Second, fine, 1, 1},
		{"gone for an hour", time.Hour, same, 10, 14},
		{"back, once", time.Minute, fine, 1, 1},
		{"another reason each time, for a minute", time.Minute, func(n int) error { return fmt.Errorf("reason %d", n) }, 5, 13},
		{"then one for long", time.Hour, same, 5, 14},
	} {
		if n := lines(c.during, c.err); n < c.least || n > c.most {
			t.Errorf("%s: %d lines", c.name, n)
		}
	}
}

// TestReplaceFails keeps the old file where the new one cannot be written.
func TestReplaceFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index")
	i, err := openIndex(path, da.Namespace{28: 1, 27: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = i.close() }()
	if err := i.add(mark{height: 1, time: time.Unix(1, 0)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := i.file.trim(1); !errors.Is(err, errIndexFile) {
		t.Errorf("%v", err)
	}
	if _, err := i.file.file.Seek(0, io.SeekStart); err != nil {
		t.Error("the old file is closed")
	}
}
