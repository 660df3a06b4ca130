package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/lightnode"
)

var testNow = time.Date(2026, 11, 21, 12, 3, 5, 0, time.UTC)

// reportOf makes a report as the API sends it: of 30 cells drawn, outcomes in their order, the
// last repeated.
func reportOf(t *testing.T, height uint64, verdict string, rows int, outcomes ...string) *lightnode.AvailabilityReport {
	t.Helper()
	random := rand.New(rand.NewPCG(height, 1))
	a := map[string]any{"height": height, "verdict": verdict, "rows": rows, "peers": 5, "samples": 30, "miss_probability": 0.00011}
	var coordinates [][2]int
	var all []string
	for i := range 30 {
		coordinates = append(coordinates, [2]int{random.IntN(2 * max(rows, 1)), random.IntN(matrixColumns)})
		all = append(all, outcomes[min(i, len(outcomes)-1)])
	}
	if rows == 0 {
		coordinates, all, a["miss_probability"], a["samples"], a["confidence"] = nil, nil, 0, 0, 1
	}
	verified := 0
	for _, outcome := range all {
		if outcome == proved {
			verified++
		}
	}
	a["coordinates"], a["outcomes"], a["verified"] = coordinates, all, verified
	encoded, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	r := new(lightnode.AvailabilityReport)
	if err := json.Unmarshal(encoded, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// testView is a node that follows a chain, all well.
func testView(t *testing.T) *view {
	t.Helper()
	v := &view{api: "127.0.0.1:26690", now: testNow, status: &lightnode.Status{
		Kind: "light", ChainID: "ashlar-1", Height: 123460, Peers: 12, Witnesses: 3, StartedAt: testNow.Add(-time.Hour),
		Head:    &lightnode.HeadReport{Height: 123460, Hash: []byte{0xab, 0xcd, 0xef, 1, 2, 3, 4}, Time: testNow.Add(-4 * time.Second)},
		Heights: lightnode.HeightsReport{Newest: 123460, Oldest: 100001, Available: 23459, Pending: 1}, CellsVerified: 703770, CellsKept: 48 << 20, HeightsKept: 771,
		Received: 312 << 20, Sent: 21 << 20, MinConfidence: 0.99989,
	}}
	for height := uint64(123460); height > 123430; height-- {
		v.reports = append(v.reports, reportOf(t, height, available, 33, proved))
	}
	v.reports[0] = reportOf(t, 123460, pending, 33, unasked)
	v.reports[3] = reportOf(t, 123457, available, 0, proved)
	for i := range 40 {
		v.rates = append(v.rates, rate{float64(1000 * (i * 7 % 13)), 900})
	}
	return v
}

// frames are the states that a frame has to be fit for.
func frames(t *testing.T) map[string]*view {
	t.Helper()
	states := make(map[string]*view)
	with := func(name string, change func(*view)) {
		v := testView(t)
		change(v)
		states[name] = v
	}
	with("normal", func(*view) {})
	with("withheld", func(v *view) {
		v.reports[5] = reportOf(t, 123455, unavailable, 33, slices.Concat(slices.Repeat([]string{proved}, 20), []string{"refused", "timed out", "refused"})...)
		v.status.Heights.Unavailable = 1
	})
	with("alarm", func(v *view) {
		v.status.Alarm = "cut off: none of 3 peers has given a header that verifies since 2026-11-21T11:50:00Z: header of height 123461: nobody delivered it\nasking peer 12D3KooWD3bfmNbuuuVCYwkjnFt3ukm3qaB3hDED3peHHXawvRAi \x1b[2Jfor headers: no response"
		v.status.Head.Time = testNow.Add(-13*time.Minute - 5*time.Second)
		v.status.Peers, v.status.Witnesses = 3, 0
	})
	with("long chain id", func(v *view) {
		v.status.ChainID = strings.Repeat("a-very-long-chain-id-", 3)[:50]
		v.status.Warning = "TRUST ON FIRST USE: nobody vouched for the header this node began with; whoever controlled its first peers chose the chain."
	})
	with("unreachable", func(v *view) {
		*v = view{api: v.api, now: v.now, problem: "no light node answers at 127.0.0.1:26690: start one with `ashlar-light start`, or give its --api.addr (dial tcp 127.0.0.1:26690: connect: connection refused)"}
	})
	with("gone", func(v *view) {
		v.problem = "no light node answers at 127.0.0.1:26690: start one with `ashlar-light start`, or give its --api.addr"
	})
	with("starting", func(v *view) {
		v.status = &lightnode.Status{Kind: "light", ChainID: "ashlar-1", Peers: 1}
		v.reports, v.rates = nil, nil
	})
	with("first look", func(v *view) { *v = view{api: v.api, now: v.now} })
	return states
}

// TestFrames holds frames of every state against files, at the usual size, and without a sign
// beyond ASCII or a colour at another. UPDATE=1 writes the files.
func TestFrames(t *testing.T) {
	t.Parallel()
	for name, v := range frames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			for _, size := range []struct {
				columns, rows int
				st            style
			}{{80, 24, style{false, &unicodeGlyphs}}, {60, 14, style{false, &asciiGlyphs}}} {
				fmt.Fprintf(&out, "%d × %d\n", size.columns, size.rows)
				for _, l := range frame(v, size.columns, size.rows, size.st) {
					fmt.Fprintf(&out, "[%s\n", strings.TrimRight(l, " "))
				}
			}
			file := filepath.Join("testdata", "frames", strings.ReplaceAll(name, " ", "-")+".txt")
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || out.String() != string(want) {
				t.Errorf("%s differs (%v):\n%s", file, err, out.String())
			}
		})
	}
}

// A frame fits a terminal of any size, in lines and in columns, and carries no control character
// but those of its own colours.
func TestFramesFitEverySize(t *testing.T) {
	t.Parallel()
	for name, v := range frames(t) {
		for columns := 1; columns <= 210; columns += 11 {
			for rows := 1; rows <= 90; rows += 7 {
				lines := frame(v, columns, rows, style{false, &unicodeGlyphs})
				if len(lines) > rows {
					t.Errorf("%s: %d lines of %d", name, len(lines), rows)
				}
				for _, l := range lines {
					if n := len([]rune(l)); n > columns || strings.ContainsAny(l, "\x1b\n\r\t") {
						t.Fatalf("%s at %d × %d: a line of %d: %q", name, columns, rows, n, l)
					}
				}
			}
		}
	}
}

func TestColoursEndWithTheirSpan(t *testing.T) {
	t.Parallel()
	for _, l := range frame(testView(t), 80, 24, style{true, &unicodeGlyphs}) {
		if strings.Count(l, "\x1b[") != 2*strings.Count(l, "\x1b[0m") {
			t.Errorf("%q", l)
		}
	}
}

// Every cell drawn is on the map, in its quadrant, and none that was not.
func TestMapShowsWhatWasDrawn(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 2, 8, 33, 64, 128} {
		for _, signs := range []int{1, 3, 16, 64} {
			across, down := fit(matrixColumns/2, signs), fit(rows, signs)
			r := reportOf(t, 5, unavailable, rows, proved, "refused", unasked)
			for i, c := range r.Coordinates {
				one := &lightnode.AvailabilityReport{Availability: r.Availability, Rows: rows, Coordinates: [][2]int{c}, Outcomes: r.Outcomes[i : i+1]}
				row, column := -1, -1
				for y, line := range place(one, across, down) {
					for x, tile := range line {
						if tile != nothing && row >= 0 {
							t.Fatalf("cell %v is on the map twice", c)
						}
						if tile != nothing {
							row, column = y, x
						}
					}
				}
				if row < 0 || (row >= down.signs) != (c[0] >= rows) || (column >= across.signs) != (c[1] >= matrixColumns/2) {
					t.Errorf("k = %d in %d signs: cell %v is at %d, %d", rows, signs, c, row, column)
				}
			}
		}
	}
}

func TestStyleFollowsTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		env     map[string]string
		colour  bool
		unicode bool
	}{
		{map[string]string{"LANG": "en_US.UTF-8"}, true, true},
		{map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, true, false},
		{map[string]string{"LC_CTYPE": "C.utf8", "NO_COLOR": "1"}, false, true},
		{nil, true, false},
	} {
		st := styleOf(func(name string) string { return row.env[name] })
		if st.colour != row.colour || (st.glyphs == &unicodeGlyphs) != row.unicode {
			t.Errorf("%v: %+v", row.env, st)
		}
	}
}

// Events of kinds that come later are passed over, and what is no event ends the stream.
func TestReadEvents(t *testing.T) {
	t.Parallel()
	f := newFeed(&query{api: "x"}, func() time.Time { return testNow })
	var told []string
	f.tell = func(line string) { told = append(told, line) }
	stream := ": alive\n\nid: 1\nevent: head\ndata: {\"height\": 9, \"hash\": \"ab01\", \"time\": \"2026-11-21T12:00:00Z\"}\n\nevent: novelty\ndata: {}\n\n" +
		"event: verdict\ndata: {\"height\": 9, \"verdict\": \"pending\", \"samples\": 30}\n\nevent: verdict\ndata: {\"height\": 8, \"verdict\": \"available\", \"confidence\": 1}\n\n" +
		"event: verdict\ndata: {\"height\": 9, \"verdict\": \"unavailable\", \"samples\": 30, \"verified\": 2}\n\n"
	if err := readEvents(strings.NewReader(stream), f.take); err != nil {
		t.Fatal(err)
	}
	v := f.view()
	if len(told) != 4 || len(v.reports) != 2 || v.reports[0].Height != 9 || v.reports[0].Verdict.String() != unavailable || v.reports[1].Height != 8 {
		t.Errorf("told %q, reports %+v", told, v.reports)
	}
	if err := readEvents(strings.NewReader("event: verdict\ndata: nonsense\n"), f.take); err == nil {
		t.Error("nonsense was taken for an event")
	}
	if err := readEvents(bytes.NewReader(append([]byte("data: "), make([]byte, maxEvent+1)...)), f.take); err == nil {
		t.Error("an endless event was taken")
	}
}

// Where no terminal is, news comes as lines, of a node that is not there at first as well.
func TestFollowWritesLines(t *testing.T) {
	t.Parallel()
	var there atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !there.Load():
			w.WriteHeader(http.StatusBadGateway)
		case r.URL.Path == "/v1/status":
			_, _ = w.Write([]byte(`{"kind": "light", "chain_id": "c", "alarm": "cut off\u001b[2J"}`))
		case r.URL.Path == "/v1/events":
			_, _ = w.Write([]byte("event: verdict\ndata: {\"height\": 9, \"verdict\": \"available\", \"samples\": 30, \"verified\": 30, \"rows\": 2, \"confidence\": 0.5, \"peers\": 1}\n\n"))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	in, out := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	f := newFeed(&query{api: strings.TrimPrefix(server.URL, "http://")}, func() time.Time { return testNow })
	go func() { ended <- follow(ctx, f, out) }()
	want := []string{"NO ANSWER: ", "the node answers again", "ALARM: cut off?[2J", "height 9 available: confidence 1 − 5.0e-01, 30 of 30 cells verified, 0 refused, 0 timed out, 0 garbled, of 1 peer"}
	lines := bufio.NewScanner(in)
	for len(want) > 0 && lines.Scan() {
		there.Store(true)
		line, found := strings.CutPrefix(lines.Text(), "2026-11-21T12:03:05Z ")
		want = slices.DeleteFunc(want, func(expected string) bool { return strings.HasPrefix(line, expected) })
		if !found || strings.ContainsAny(line, "\x1b") {
			t.Errorf("line %q", lines.Text())
		}
	}
	cancel()
	go func() { _, _ = io.Copy(io.Discard, in) }()
	if err := <-ended; err != nil || len(want) > 0 {
		t.Errorf("ended with %v; no line began with %q", err, want)
	}
}

// Every row is written over, in its place, so that nothing of a former frame is left.
func TestPaintRows(t *testing.T) {
	t.Parallel()
	if got, want := paintRows([]string{"a", "b"}, 3), "\x1b[1;1H\x1b[2Ka\x1b[2;1H\x1b[2Kb\x1b[3;1H\x1b[2K"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestExitCodesTellWhatRestartsDoNotHelp(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{lightnode.ErrAttack: 4, lightnode.ErrTrustExpired: 3, lightnode.ErrConfig: 1} {
		if got := exitCode(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}
