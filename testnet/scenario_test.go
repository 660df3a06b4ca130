package testnet

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// scenario returns a scenario without a network.
func scenario() *Scenario {
	progress, _, _ := view(false)
	return &Scenario{Progress: progress, Report: &Report{}}
}

func TestExpectRecordsWhatWasFound(t *testing.T) {
	s := scenario()
	if err := s.Expect(true, "blobs come back", "%d of %d", 3, 3); err != nil {
		t.Fatal(err)
	}
	err := s.ExpectNo(context.DeadlineExceeded, "nodes resume")
	if !errors.Is(err, ErrUnmet) {
		t.Errorf("have %v", err)
	}
	want := []Expectation{{"blobs come back", true, "3 of 3"}, {"nodes resume", false, "context deadline exceeded"}}
	for i, have := range s.Report.Expectations {
		if have != want[i] {
			t.Errorf("have %+v want %+v", have, want[i])
		}
	}
}

func TestPhaseTellsWhyTheNetworkEnded(t *testing.T) {
	s := scenario()
	ctx, cancel := context.WithCancelCause(t.Context())
	err := s.Phase(ctx, "wait", func(ctx context.Context) error {
		cancel(ErrExited)
		return ctx.Err()
	})
	if !errors.Is(err, ErrExited) || len(s.Report.Phases) != 1 {
		t.Errorf("have %v, phases %v", err, s.Report.Phases)
	}
}

func TestReportHoldsWhatIsPromised(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	report := &Report{Heights: 9, MinConfidence: 0.5, LargestBlock: Block{Height: 3, Time: time.Unix(0, 0), Rows: 34}}
	if err := report.Write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"heights", "blobs_posted", "bytes_posted", "blobs_read_back", "light_nodes", "cells_sampled", "min_confidence",
		"withholding_detected", "recovered_after_kill", "seconds",
	} {
		if _, ok := fields[name]; !ok {
			t.Errorf("no %s in the report", name)
		}
	}
}
