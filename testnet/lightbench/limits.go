package lightbench

import (
	"fmt"
	"strings"
)

// judgedK is the square that limits are stated for: 4 MiB of blobs and their transactions.
const judgedK = 33

// longEnough is how many blocks the window must have for memory's growth to mean anything.
const longEnough = 60

// Limit is a bound, and what was measured.
type Limit struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	Most  float64 `json:"most"`
	// Aim is what we would like, 0 if no more than the limit.
	Aim float64 `json:"aim,omitempty"`
	// Anywhere: it is to hold under an emulator too.
	Anywhere bool `json:"-"`
	// Note says why nothing is judged, empty if it is.
	Note string `json:"note,omitempty"`
}

// Holds tells whether the limit is kept, or not judged.
func (l Limit) Holds() bool { return l.Note != "" || l.Value <= l.Most }

// verdict says in a word or two how the value stands.
func (l Limit) verdict() string {
	switch {
	case l.Note != "":
		return "not judged: " + l.Note
	case l.Value > l.Most:
		return "FAILS"
	case l.Aim > 0 && l.Value > l.Aim:
		return fmt.Sprintf("holds; the aim is %g", l.Aim)
	}
	return "holds"
}

// Limits holds a result, and the size of the binary in bytes, against the bounds of a
// light node.
func (o *Result) Limits(binary int64) []Limit {
	const mebibyte = 1 << 20
	flat := Limit{Name: "resident memory, growth over the window", Unit: "MiB", Value: float64(o.Growth) / mebibyte, Most: 4}
	if o.WindowBlocks < longEnough {
		flat.Note = "too short a window"
	}
	judged := o.Heights.Published - o.Heights.Available
	return []Limit{
		{Name: "resident memory, most", Unit: "MiB", Value: float64(o.MemoryPeak) / mebibyte, Most: 64, Aim: 48},
		flat,
		{Name: "processor", Unit: "% of a core", Value: 100 * o.CPUShare, Most: 2},
		{Name: "received per block, all told", Unit: "KiB", Value: o.Received / 1024, Most: 90, Aim: 72},
		{Name: "cold start to first verdict", Unit: "s", Value: o.ColdStart, Most: 5},
		{Name: "verdicts and links over 18 days", Unit: "MB", Value: o.DiskWindow / 1e6, Most: 200},
		{Name: "binary", Unit: "MB", Value: float64(binary) / 1e6, Most: 35, Anywhere: true},
		{Name: "heights without a verdict of available", Unit: "", Value: float64(judged), Most: 0, Anywhere: true},
	}
}

// Failures returns why a report's limits are not kept, empty if they are.
func (r *Report) Failures() []string {
	var failures []string
	for _, l := range r.Limits {
		if !l.Holds() {
			failures = append(failures, strings.TrimSpace(fmt.Sprintf("%s: %.1f %s, at most %g", l.Name, l.Value, l.Unit, l.Most)))
		}
	}
	return failures
}
