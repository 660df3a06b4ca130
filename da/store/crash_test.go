package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// crashDir, in the environment, makes this test binary the process that is killed.
const crashDir = "ASHLAR_STORE_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		os.Exit(writeUntilKilled(dir))
	}
	os.Exit(m.Run())
}

// writeUntilKilled stores one height after another and says so after each. The block comes
// from a file and its setup is an empty one, so that the process starts at once: writing takes no KZG.
func writeUntilKilled(dir string) int {
	if err := writeForever(dir); err != nil {
		fmt.Println("error:", err)
	}
	return 1
}

func writeForever(dir string) error {
	file, err := os.Open(filepath.Join(dir, "block.json"))
	if err != nil {
		return err
	}
	var txs [][]byte
	if err := errors.Join(json.NewDecoder(file).Decode(&txs), file.Close()); err != nil {
		return err
	}
	block, err := da.ParseBlock(da.DefaultLimits(), txs)
	if err != nil {
		return err
	}
	proof, err := da.ProveHeader(txs)
	if err != nil {
		return err
	}
	s, err := Open(context.Background(), Config{
		Dir: filepath.Join(dir, "store"), Setup: new(kzg.Setup), Reserve: 1 << 20, MinFree: 1 << 20, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	for height := s.Head() + 1; ; height++ {
		if err := s.Put(context.Background(), blockAt(block, proof, height)); err != nil {
			return err
		}
		fmt.Println(height)
	}
}

func TestEveryAcknowledgedHeightSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	block, err := sharedBlock()
	if err != nil {
		t.Fatal(err)
	}
	txs, err := json.Marshal(block.Txs)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "block.json"), txs, 0o600); err != nil {
		t.Fatal(err)
	}
	acknowledged := uint64(0)
	for round := range 3 {
		acknowledged = max(acknowledged, killWhileWriting(t, dir, 3+2*round))
		s, err := Open(t.Context(), testConfig(t, filepath.Join(dir, "store")))
		if err != nil {
			t.Fatal(err)
		}
		if s.Contiguous() < acknowledged {
			t.Errorf("round %d: heights to %d were acknowledged, the store has them to %d", round, acknowledged, s.Contiguous())
		}
		for height := uint64(1); height <= s.Contiguous(); height++ {
			checkWhole(t, s, height)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killWhileWriting kills a process that stores heights once it acknowledged some, and
// returns the last it acknowledged.
func killWhileWriting(t *testing.T, dir string, heights int) uint64 {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for lines := bufio.NewScanner(out); lines.Scan(); heights-- {
		if last, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		if heights == 0 {
			break
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	if last == 0 {
		t.Fatal("the child acknowledged nothing")
	}
	return last
}

func TestHeightWithoutMarkerDoesNotExist(t *testing.T) {
	config := testConfig(t, t.TempDir())
	s, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, testBlock(t, 1))
	b := testBlock(t, 2)
	header, err := b.check()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.writeValues(prepare(b, header)); err != nil { // and here the process dies
		t.Fatal(err)
	}
	if _, err := s.Row(t.Context(), 2, 0); !errors.Is(err, da.ErrFutureHeight) {
		t.Errorf("a row of it: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, config)
	if keys := keysOutside(t, s, 1); len(keys) != 0 {
		t.Errorf("left behind: %q", keys)
	}
	put(t, s, testBlock(t, 2))
	checkWhole(t, s, 2)
}

// keysOutside lists all keys in the database but those of one height's marker, record,
// index and rows, and look-ups.
func keysOutside(t *testing.T, s *Store, height uint64) []string {
	t.Helper()
	keep := map[string]bool{string(heightKey(keyMarker, height)): true}
	keys, err := s.keysOf(height)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		keep[string(key)] = true
	}
	var others []string
	err = s.db.View(func(txn *badger.Txn) error {
		for _, key := range keysWithPrefix(txn, nil) {
			if !keep[string(key)] && !strings.HasPrefix(string(key), "!badger!") {
				others = append(others, string(key))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return others
}

func TestInterruptedDeletionIsFinished(t *testing.T) {
	config := testConfig(t, t.TempDir())
	s, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, testBlock(t, 1), testBlock(t, 2))
	err = s.db.Update(func(txn *badger.Txn) error {
		return errors.Join(txn.Set(heightKey(keyPending, 1), nil), txn.Delete(heightKey(keyMarker, 1)))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, config)
	if keys := keysOutside(t, s, 2); len(keys) != 0 {
		t.Errorf("left behind: %q", keys)
	}
	if s.Tail() != 2 {
		t.Errorf("tail is %d", s.Tail())
	}
	checkWhole(t, s, 2)
}

// flipBit changes one bit of a row in the value log.
func flipBit(t *testing.T, dir string, row []byte) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("value logs: %v, %v", logs, err)
	}
	for _, path := range logs {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := strings.Index(string(data), string(row))
		if at < 0 {
			continue
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteAt([]byte{data[at+100] ^ 4}, int64(at+100))
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatal("the row is in no value log")
}

func TestFlippedBitIsDetectedOnRead(t *testing.T) {
	config := testConfig(t, t.TempDir())
	s := open(t, config)
	b := testBlock(t, 1)
	put(t, s, b)
	flipBit(t, config.Dir, b.Rows[1][:])
	if _, err := s.Row(t.Context(), 1, 1); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("the row: %v", err)
	}
	entries, err := s.Entries(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		if entries[i].OwnRows() == 0 {
			continue
		}
		if _, err := s.Blob(t.Context(), 1, &entries[i]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("the blob in it: %v", err)
		}
	}
	put(t, s, b)
	checkWhole(t, s, 1)
}

func TestFlippedBitIsDetectedOnOpen(t *testing.T) {
	config := testConfig(t, t.TempDir())
	s, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	b := testBlock(t, 2)
	put(t, s, emptyBlock(t, 1), b, emptyBlock(t, 3))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	flipBit(t, config.Dir, b.Rows[3][:])
	s = open(t, config)
	if _, err := s.Row(t.Context(), 2, 3); !errors.Is(err, da.ErrNotFound) {
		t.Fatalf("the row: %v", err)
	}
	if s.Contiguous() != 1 || s.Head() != 3 {
		t.Fatalf("contiguous to %d, head %d: the follower would not fetch height 2 again", s.Contiguous(), s.Head())
	}
	put(t, s, b)
	checkWhole(t, s, 2)
	if s.Contiguous() != 3 {
		t.Fatalf("contiguous to %d", s.Contiguous())
	}
}

func TestIndexesAndMarkersCutShortAreCorrupt(t *testing.T) {
	b := testBlock(t, 3)
	header, err := b.check()
	if err != nil {
		t.Fatal(err)
	}
	w := prepare(b, header)
	marker := w.marker.encode()
	for size := range len(marker) {
		if _, err := decodeMarker(marker[:size]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("a marker cut to %d bytes: %v", size, err)
		}
	}
	index := encodeIndex(b.Index.Entries)
	for size := range len(index) {
		if _, err := decodeIndex(index[:size]); (err == nil) != wholeEntries(index[:size]) {
			t.Fatalf("an index cut to %d bytes: %v", size, err)
		}
	}
}

// wholeEntries tells whether an index was cut between two entries.
func wholeEntries(data []byte) bool {
	for len(data) >= 2 {
		size := 2 + int(data[0])<<8 + int(data[1])
		if size > len(data) {
			return false
		}
		data = data[size:]
	}
	return len(data) == 0
}

func FuzzStoredValues(f *testing.F) {
	record := record{time: genesis, proof: da.HeaderProof{Header: []byte("header"), Total: 2, Aunts: [][]byte{make([]byte, da.HashSize)}}}
	f.Add(record.encode())
	f.Add((&marker{height: 1, rows: make([]held, 2)}).encode())
	f.Add([]byte{recordVersion})
	f.Add([]byte{0, 1, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := decodeRecord(data); err == nil && string(r.encode()) != string(data) {
			t.Error("a record that is encoded otherwise")
		} else if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Error(err)
		}
		if m, err := decodeMarker(data); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Error(err)
		} else if err == nil && m == nil {
			t.Error("no marker, no error")
		}
		if entries, err := decodeIndex(data); err == nil && string(encodeIndex(entries)) != string(data) {
			t.Error("an index that is encoded otherwise")
		}
	})
}
