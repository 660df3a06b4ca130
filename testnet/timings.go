package testnet

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Timing is how often something was done, and how long all of that took.
type Timing struct {
	Count   float64 `json:"count"`
	Seconds float64 `json:"seconds"`
}

// Mean returns the seconds that one took on average, 0 of none.
func (t Timing) Mean() float64 {
	if t.Count == 0 {
		return 0
	}
	return t.Seconds / t.Count
}

// Timings are what a full node and its CometBFT have timed since they started: "step Propose" and
// the other steps of consensus, "abci process_proposal" and the other calls of the
// application as CometBFT waits for them, "interval" from block to block; "held reserve" and
// others, how long a call held ABCI's mutex, and "verify", the KZG of transactions.
type Timings map[string]Timing

// Since returns what was timed after an earlier look.
func (t Timings) Since(earlier Timings) Timings {
	since := Timings{}
	for name, now := range t {
		then := earlier[name]
		since[name] = Timing{now.Count - then.Count, now.Seconds - then.Seconds}
	}
	return since
}

// Timings asks the node, which needs a network with Config.Measure.
func (f *FullNode) Timings(ctx context.Context) (Timings, error) {
	text, err := API{"http://" + hostPort(f.metrics)}.do(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s what took its time: %w", f.Name, err)
	}
	own, err := f.do(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s what took its time: %w", f.Name, err)
	}
	return parseTimings(string(text) + "\n" + string(own)), nil
}

// Profile records for a while what the node's processors do, into a file for go tool pprof.
// It needs a network with Config.Measure.
func (f *FullNode) Profile(ctx context.Context, seconds int, path string) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", hostPort(f.profile), seconds)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second+readLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("profile %s: %w", f.Name, err)
	}
	defer func() { _ = response.Body.Close() }()
	profile, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return fmt.Errorf("profile %s: %w", f.Name, err)
	}
	return os.WriteFile(path, profile, 0o644)
}

// parseTimings reads the histograms of interest from Prometheus' text format.
func parseTimings(text string) Timings {
	timings := Timings{}
	for line := range strings.Lines(text) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		family, labels, _ := strings.Cut(series, "{")
		name, isCount := timingName(family, labels)
		number, err := strconv.ParseFloat(value, 64)
		if name == "" || err != nil {
			continue
		}
		timing := timings[name]
		if isCount {
			timing.Count += number
		} else {
			timing.Seconds += number
		}
		timings[name] = timing
	}
	return timings
}

// timingName returns what a series times, empty if it is none of interest, and whether it
// counts rather than sums up.
func timingName(family, labels string) (name string, isCount bool) {
	histogram, isCount := strings.CutSuffix(family, "_count")
	histogram, isSum := strings.CutSuffix(histogram, "_sum")
	switch {
	case isCount == isSum:
		return "", false
	case histogram == "cometbft_consensus_step_duration_seconds":
		return "step " + label(labels, "step"), isCount
	case histogram == "cometbft_abci_connection_method_timing_seconds":
		return "abci " + label(labels, "method"), isCount
	case histogram == "cometbft_consensus_block_interval_seconds":
		return "interval", isCount
	case histogram == "ashlar_abci_held_seconds":
		return "held " + label(labels, "call"), isCount
	case histogram == "ashlar_mempool_verify_seconds":
		return "verify", isCount
	}
	return "", false
}

// label returns the value of a label.
func label(labels, name string) string {
	_, rest, _ := strings.Cut(labels, name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// Stored reads from the node's log how long it took to store each height after that was
// decided.
func (f *FullNode) Stored() (map[uint64]time.Duration, error) {
	log, err := os.ReadFile(f.Log())
	if err != nil {
		return nil, fmt.Errorf("read what %s stored: %w", f.Name, err)
	}
	return parseStored(string(log)), nil
}

// parseStored finds the lines "msg=stored … height=H … took=D" of a log.
func parseStored(log string) map[uint64]time.Duration {
	stored := map[uint64]time.Duration{}
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "msg=stored ") {
			continue
		}
		values := map[string]string{}
		for _, field := range strings.Fields(line) {
			name, value, _ := strings.Cut(field, "=")
			values[name] = value
		}
		height, err := strconv.ParseUint(values["height"], 10, 64)
		took, durationErr := time.ParseDuration(values["took"])
		if err == nil && durationErr == nil {
			stored[height] = took
		}
	}
	return stored
}
