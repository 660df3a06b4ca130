package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// line is a figure for who waits.
func (m *figure) line() string {
	return fmt.Sprintf("%-70s %9s %9s  %6s  n=%d", m.Op, short(m.OursNS), short(m.PeerNS), times(m.Ratio), m.N)
}

// table writes the figures as docs/performance.md has them.
func table(figures []figure) string {
	lines := []string{
		"| operation | ours | held against | takes | ratio | at least | aim | label | runs |\n",
		"|---|--:|---|--:|--:|--:|--:|---|--:|\n",
	}
	for _, m := range figures {
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %d |\n",
			m.Op, short(m.OursNS), m.Peer, short(m.PeerNS), times(m.Ratio), bar(m.AtLeast), bar(m.Aim), m.Label, m.N))
	}
	return strings.Join(lines, "")
}

// bar writes a ratio to be reached; there is none for figures that are given for comparison only.
func bar(ratio float64) string {
	if ratio == 0 {
		return "–"
	}
	return times(ratio)
}

// times writes a ratio with three significant digits.
func times(ratio float64) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(ratio, 'g', 3, 64), 64)
	return strconv.FormatFloat(rounded, 'f', -1, 64) + "×"
}

// short writes a time with three significant digits.
func short(ns int64) string {
	d := time.Duration(ns)
	unit := time.Nanosecond
	for unit*1000 <= d {
		unit *= 10
	}
	return d.Round(unit).String()
}

func writeJSON(path string, figures []figure) error {
	data, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
