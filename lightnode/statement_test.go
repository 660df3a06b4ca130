package lightnode

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/sampling"
)

// statedRecord is a record of a verdict with so many cells of each outcome, of 30.
func statedRecord(verdict sampling.Verdict, verified, refused, timedOut, garbled int) *record {
	r := &record{
		Height: 7, K: 33, Session: []byte{1}, Checked: time.Unix(9, 0),
		Verdict: sampling.Availability{Verdict: verdict, Samples: 30, Verified: verified, Refused: refused, TimedOut: timedOut, Garbled: garbled, Miss: 1},
	}
	if verdict == sampling.Available {
		r.Verdict.Miss = erasure.MissProbability(33, verified)
		r.Verdict.Confidence = 1 - r.Verdict.Miss
	}
	return r
}

// TestStatements holds what is said of every kind of height against a file, so that a change of
// words is seen: nothing but available may claim availability.
func TestStatements(t *testing.T) {
	t.Parallel()
	available := statedRecord(sampling.Available, 30, 0, 0, 0)
	available.Asked = make([]asked, 4)
	available.Voucher = voucher{By: vouchedByCommit, Source: 1, Witnesses: []peerRef{2, 3}}
	empty := statedRecord(sampling.Available, 0, 0, 0, 0)
	empty.K, empty.Verdict.Samples, empty.Voucher.By = 0, 0, vouchedByLink
	unavailable := statedRecord(sampling.Unavailable, 18, 7, 5, 0)
	unavailable.Voucher = voucher{By: vouchedByTrust, Witnesses: []peerRef{4}}
	cutOff := statedRecord(sampling.Pending, 4, 1, 20, 2)
	cutOff.Voucher.By = vouchedByCommit
	undrawn := &record{Height: 7, Voucher: voucher{By: vouchedByLink}}
	drawn := statedRecord(sampling.Pending, 0, 0, 0, 0)
	drawn.Checked = time.Time{}
	var out strings.Builder
	for _, row := range []struct {
		name string
		r    *record
	}{
		{"available", available},
		{"available, empty", empty},
		{"unavailable", unavailable},
		{"pending, cut off", cutOff},
		{"pending, no DA header", undrawn},
		{"pending, just drawn", drawn},
		{"invalid", statedRecord(sampling.Invalid, 0, 0, 0, 0)},
	} {
		fmt.Fprintf(&out, "# %s\n%s\nAssuming: %s\nHeader: %s\n\n", row.name, row.r.statement(), row.r.assumption(), row.r.headerStatement())
	}
	golden(t, "statements.txt", out.String())
}

// golden compares with a file of testdata; UPDATE=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s differs (%v; UPDATE=1 rewrites it):\n%s", path, err, got)
	}
}

func TestRecordKeepsItsLedger(t *testing.T) {
	t.Parallel()
	r := testRecord(9, sampling.Pending)
	again, err := decodeRecord(r.encode())
	if err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("%+v became %+v (%v)", r, again, err)
	}
	old := slices.Concat([]byte{1}, r.encode()[1:recordFixed], r.Session) // as version 1 wrote it
	r.Voucher, r.Asked = voucher{}, nil
	if again, err = decodeRecord(old); err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("a record of version 1 became %+v (%v), want %+v", again, err, r)
	}
}

// Each corruption of a ledger must be noticed: what a damaged database says is no statement.
func TestLedgerRefuses(t *testing.T) {
	t.Parallel()
	valid := testRecord(9, sampling.Pending)
	for name, corrupt := range map[string]func(*record) []byte{
		"a voucher there is not": func(r *record) []byte { r.Voucher.By = vouching(len(vouchings)); return r.encode() },
		"a peer beyond all":      func(r *record) []byte { r.Asked[0].Peer = maxDirectory + 1; return r.encode() },
		"too many witnesses":     func(r *record) []byte { r.Voucher.Witnesses = make([]peerRef, maxLedger+1); return r.encode() },
		"too many peers":         func(r *record) []byte { r.Asked = make([]asked, maxLedger+1); return r.encode() },
		"an absurd count":        func(r *record) []byte { r.Asked[1].Garbled = 1<<30 + 1; return r.encode() },
		"its end cut off":        func(r *record) []byte { r.Session = nil; return r.encode()[:recordFixed+8] },
	} {
		r, err := decodeRecord(valid.encode())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeRecord(corrupt(r)); !errors.Is(err, errRecord) {
			t.Errorf("%s: %v, want %v", name, err, errRecord)
		}
	}
}

// A peer keeps its number for as long as the home exists, and no more are numbered than fit.
func TestDirectory(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db := testDatabase(t, folder)
	d, err := openDirectory(db)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{startHost(t, nil).ID().String(), startHost(t, nil).ID().String()}
	for i, name := range []string{names[0], names[1], names[0]} {
		if ref, err := d.refer(name); err != nil || ref != []peerRef{1, 2, 1}[i] {
			t.Errorf("%s is number %d (%v)", name, ref, err)
		}
	}
	if ref, err := d.refer("nobody"); err != nil || ref != somebody {
		t.Errorf("no peer at all is number %d (%v)", ref, err)
	}
	if d, err = openDirectory(db); err != nil || d.name(1) != names[0] || d.name(2) != names[1] || d.name(3) != "other" || d.name(somebody) != "other" {
		t.Errorf("read again: %+v (%v)", d, err)
	}
}

// A node says of every height what it checked: how its header was verified and by whom, whom it
// asked for cells, and what came of each coordinate.
func TestEveryHeightEndsWithAStatement(t *testing.T) {
	t.Parallel()
	blocks := newTestBlocks(t, 8)
	_, first := blocks.serve(t)
	_, second := blocks.serve(t)
	config := testConfig(t, blocks, first, second)
	n, _ := start(t, config)
	blocks.grow(fullBlock)
	for height := uint64(1); height <= 9; height++ {
		awaitVerdict(t, n, height, sampling.Available)
	}
	ways := make(map[string]int)
	for height := uint64(1); height <= 9; height++ {
		r, err := n.Availability(t.Context(), height)
		if err != nil {
			t.Fatal(err)
		}
		ways[r.Header.VerifiedBy]++
		verified := 0
		for _, tally := range r.Asked {
			verified += tally.Verified
		}
		if len(r.Asked) != r.Peers || r.Peers == 0 || verified != 30 || len(r.Outcomes) != 30 || slices.Index(r.Outcomes, sampling.Unasked) >= 0 || r.Statement == "" || r.Assumption == "" {
			t.Errorf("height %d: %+v", height, r)
		}
		if r.Header.VerifiedBy == "commit" && (r.Header.Source == "" || slices.Contains(r.Header.Witnesses, r.Header.Source)) {
			t.Errorf("height %d: header %+v", height, r.Header)
		}
	}
	if ways["trust"] != 1 || ways["commit"] == 0 || ways["hash_link"] == 0 || ways["trust"]+ways["commit"]+ways["hash_link"] != 9 {
		t.Errorf("headers were verified %v; want the first by trust, the newest by its commit, others by their hash", ways)
	}
}

// The records of 18 days of blocks every 6 s stay within 200 MB, keys included, even where each
// of 30 cells is asked of another peer, of a directory that is full.
func TestRecordsOf18DaysFit(t *testing.T) {
	t.Parallel()
	session, err := sampling.NewSession(rand.Reader, sampling.Block{Height: 7, K: 33}, sampling.DefaultSamples)
	if err != nil {
		t.Fatal(err)
	}
	r := testRecord(7, sampling.Available)
	if r.Session, err = session.MarshalBinary(); err != nil {
		t.Fatal(err)
	}
	r.Voucher = voucher{By: vouchedByCommit, Source: maxDirectory, Witnesses: []peerRef{maxDirectory, maxDirectory, maxDirectory}}
	r.Asked = nil
	for range sampling.DefaultSamples {
		r.Asked = append(r.Asked, asked{Peer: maxDirectory, Verified: 1})
	}
	const heights = 18 * 24 * 3600 / 6
	if total := heights * (len(r.encode()) + len(heightKey(keyRecord, 7))); total > 160e6 {
		t.Errorf("%d MB", total/1e6)
	} else {
		t.Logf("%d MB", total/1e6)
	}
}
