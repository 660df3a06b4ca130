package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Where figures are kept, seen from the root of the repository. What the docs say is made of the report beside this file, and a
// test holds them against each other.
const (
	docsFile = "docs/rollups.md"
	keptFile = "testnet/cmd/conformance/testdata/measured.json"
)

// leastPuts are how many puts figures must be of to be kept.
const leastPuts = 5

// recordFigures writes the figures of a report into the docs, and keeps the report.
func recordFigures(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var m measurement
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("decode the report: %w", err)
	}
	if few := slices.IndexFunc(m.Figures, func(f figures) bool { return f.Puts < leastPuts }); few >= 0 {
		return fmt.Errorf("%s has %d puts of %d bytes by %s: figures of fewer than %d are not kept, so run it without QUICK=1 on a machine with less to do",
			path, m.Figures[few].Puts, m.Figures[few].Bytes, m.Figures[few].Name, leastPuts)
	}
	docs, err := os.ReadFile(docsFile)
	if err != nil {
		return fmt.Errorf("%w: run from the root of the repository", err)
	}
	filled, err := fillDocs(string(docs), text)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(keptFile), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(keptFile, text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(docsFile, []byte(filled), 0o644)
}

// fillDocs returns the docs with what a report found in place of what is between their marks.
func fillDocs(docs string, report []byte) (string, error) {
	var m measurement
	if err := json.Unmarshal(report, &m); err != nil {
		return "", fmt.Errorf("decode the report: %w", err)
	}
	if len(m.Figures) == 0 {
		return "", fmt.Errorf("the report has no figures")
	}
	docs, err := fill(docs, "all", m.table())
	for at := 0; at < len(m.Figures) && err == nil; at++ {
		if of := m.Figures[at].Protocol; at == 0 || m.Figures[at-1].Protocol != of {
			docs, err = fill(docs, of, m.sentence(of))
		}
	}
	return docs, err
}

// fill replaces what is between the two marks of a part.
func fill(docs, part, with string) (string, error) {
	begin, end := "<!-- measured "+part+": by make rollup-bench RECORD=1 -->\n", "<!-- end -->\n"
	before, rest, found := strings.Cut(docs, begin)
	_, after, ends := strings.Cut(rest, end)
	if !found || !ends {
		return "", fmt.Errorf("%s has no place for %q: want it between %q and %q", docsFile, part, begin, end)
	}
	return before + begin + with + end + after, nil
}

// table says under what circumstances was measured, and has all figures.
func (m *measurement) table() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %s, %d processors; load %.1f before the chain was started, and %s while it was measured, which took %.0f seconds.\n\n",
		date(m.Date), m.Machine.CPU, m.Machine.Cores, m.LoadBefore, m.loads(), m.Seconds)
	text.WriteString("| | bytes | puts | put to final, median | p95 | from there until another node gives it, median | p95 | ASH per MB (10⁶ bytes) | base fee before and behind, in 10⁹ aash |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, f := range m.Figures {
		name := f.Name
		if f.PutBy != "" {
			name += ", put by " + f.PutBy
		}
		if i > 0 && m.Figures[i-1].Protocol == f.Protocol {
			name = ""
		}
		fmt.Fprintf(&text, "| %s | %s | %d | %.2f s | %.2f s | %.2f s | %.2f s | %s | %.2f, %.2f |\n",
			name, grouped(f.Bytes), f.Puts, f.Final.Median, f.Final.P95, f.Read.Median, f.Read.P95, f.PerMB, f.BaseFees[0]/1e9, f.BaseFees[1]/1e9)
	}
	return text.String()
}

// loads are the least and the most of the loads.
func (m *measurement) loads() string {
	byLoad := func(a, b figures) int { return cmp.Compare(a.Load, b.Load) }
	return fmt.Sprintf("%.1f to %.1f", slices.MinFunc(m.Figures, byLoad).Load, slices.MaxFunc(m.Figures, byLoad).Load)
}

// sentence has what was found of one protocol.
func (m *measurement) sentence(protocol string) string {
	var parts []string
	by := ""
	for _, f := range m.Figures {
		if f.Protocol == protocol {
			if f.PutBy != "" {
				by = ", put by " + f.PutBy
			}
			parts = append(parts, fmt.Sprintf("%s bytes are final after %.2f s (p95 %.2f s), another node gives them %.2f s later (p95 %.2f s), and they cost %s",
				grouped(f.Bytes), f.Final.Median, f.Final.P95, f.Read.Median, f.Read.P95, f.cost()))
		}
	}
	return "[Measured](#latency-and-cost) on a devnet" + by + ": " + strings.Join(parts, "; ") + ".\n"
}

// cost is what was paid, and under which base fees.
func (f *figures) cost() string {
	least, most := fmt.Sprintf("%.2f", min(f.BaseFees[0], f.BaseFees[1])/1e9), fmt.Sprintf("%.2f", max(f.BaseFees[0], f.BaseFees[1])/1e9)
	if most != least {
		least += " to " + most
	}
	return fmt.Sprintf("%s ASH per MB under a base fee of %s·10⁹ aash", f.PerMB, least)
}

// grouped writes a number below 10⁹ with commas.
func grouped(n int) string {
	switch {
	case n >= 1_000_000:
		return fmt.Sprintf("%d,%03d,%03d", n/1_000_000, n/1000%1000, n%1000)
	case n >= 1000:
		return fmt.Sprintf("%d,%03d", n/1000, n%1000)
	}
	return fmt.Sprint(n)
}

// date writes a day in words.
func date(day string) string {
	parsed, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return parsed.Format("2 January 2006")
}
