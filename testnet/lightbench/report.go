package lightbench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// Report is what `make lightbench` writes.
type Report struct {
	At      time.Time `json:"at"`
	Machine string    `json:"machine"`
	Quick   bool      `json:"quick"`
	// Chain, Nodes and Known are what the light nodes followed.
	Validators int   `json:"validators"`
	Nodes      int   `json:"nodes"`
	Known      int   `json:"known_nodes"`
	Binary     int64 `json:"binary_bytes"`
	// Emulator is what the light nodes ran under, if not the machine itself.
	Emulator string   `json:"emulator,omitempty"`
	Limits   []Limit  `json:"limits"`
	Failed   []string `json:"failures"`
	Results  []Result `json:"results"`
	// Phone is what the phone profile took.
	Phone *PhoneResult `json:"phone,omitempty"`
	// Budget is what a node took whose settings changed while it ran; nil under an emulator.
	Budget *BudgetResult `json:"budget,omitempty"`
}

// Judge fills in limits and failures from the results. The square they are stated for, or
// the largest if it was not measured, decides.
func (r *Report) Judge() {
	var decides *Result
	for i := range r.Results {
		if o := &r.Results[i]; decides == nil || o.K == judgedK || decides.K != judgedK && o.K > decides.K {
			decides = o
		}
	}
	if decides != nil {
		r.Limits = decides.Limits(r.Binary)
	}
	for i := range r.Limits {
		if l := &r.Limits[i]; r.Emulator != "" && !l.Anywhere {
			l.Note = "emulated"
		}
	}
	r.Failed = r.Failures()
	if r.Budget != nil {
		r.Failed = append(r.Failed, r.Budget.Failures()...)
	}
}

// Write writes report.json and plot.svg into a folder.
func (r *Report) Write(dir string) error {
	encoded, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "report.json"), encoded, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "plot.svg"), []byte(r.SVG()), 0o644)
}

// Print writes the tables a terminal shows.
func (r *Report) Print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }() // the terminal is what it is
	row := func(name string, value func(*Result) string) {
		_, _ = fmt.Fprint(w, name)
		for i := range r.Results {
			_, _ = fmt.Fprint(w, "\t", value(&r.Results[i]))
		}
		_, _ = fmt.Fprintln(w)
	}
	row("rows of the square, k", func(o *Result) string { return fmt.Sprint(o.K) })
	row("blocks measured", func(o *Result) string { return fmt.Sprint(o.WindowBlocks) })
	row("resident, median · most · peak (MiB)", func(o *Result) string {
		return fmt.Sprintf("%.1f · %.1f · %.1f", mib(o.MemoryMedian), mib(o.MemoryMost), mib(o.MemoryPeak))
	})
	row("of it anonymous, median (MiB)", func(o *Result) string { return fmt.Sprintf("%.1f", mib(o.Anonymous)) })
	row("processor (% of a core)", func(o *Result) string { return fmt.Sprintf("%.2f", 100*o.CPUShare) })
	row("received · sent per block (KiB)", func(o *Result) string { return fmt.Sprintf("%.1f · %.1f", o.Received/1024, o.Sent/1024) })
	row("cold start (s)", func(o *Result) string { return fmt.Sprintf("%.2f", o.ColdStart) })
	row("heights judged · late · made", func(o *Result) string {
		return fmt.Sprintf("%d · %d · %d", o.Heights.Judged, o.Heights.Late, o.Heights.Published)
	})
	row("block to verdict, median · most (s)", func(o *Result) string { return fmt.Sprintf("%.2f · %.2f", o.Heights.Median, o.Heights.Slowest) })
	row("record of a height (B)", func(o *Result) string {
		return fmt.Sprintf("%.0f", float64(o.Disk.RecordBytes)/float64(max(o.Disk.Records, 1)))
	})
	row("database over 18 days (MB)", func(o *Result) string { return fmt.Sprintf("%.0f", o.DiskWindow/1e6) })
	_, _ = fmt.Fprintln(w)
	r.printTraffic(w)
	r.printServed(w)
	for _, l := range r.Limits {
		_, _ = fmt.Fprintf(w, "%s\t%.1f %s\t≤ %g\t%s\n", l.Name, l.Value, l.Unit, l.Most, l.verdict())
	}
}

func mib(bytes uint64) float64 { return float64(bytes) / (1 << 20) }

// printTraffic writes bytes per block by protocol, in the order of the largest square's.
func (r *Report) printTraffic(w io.Writer) {
	if len(r.Results) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w, "received · sent per block, by protocol (B)")
	for _, t := range r.Results[len(r.Results)-1].Traffic {
		_, _ = fmt.Fprint(w, "  ", t.Protocol)
		for i := range r.Results {
			found := Traffic{}
			for _, other := range r.Results[i].Traffic {
				if other.Protocol == t.Protocol {
					found = other
				}
			}
			_, _ = fmt.Fprintf(w, "\t%.0f · %.0f", found.Received, found.Sent)
		}
		_, _ = fmt.Fprintln(w)
	}
	_, _ = fmt.Fprintln(w)
}

// printServed writes what the answers consisted of.
func (r *Report) printServed(w io.Writer) {
	if len(r.Results) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w, "in answers, per block: times · bytes")
	for _, part := range []string{PartCells, PartProofs, PartCommit, PartHeader, PartValidators, PartDA} {
		_, _ = fmt.Fprint(w, "  ", part)
		for i := range r.Results {
			found := PartRate{}
			for _, other := range r.Results[i].Served {
				if other.Part == part {
					found = other
				}
			}
			_, _ = fmt.Fprintf(w, "\t%.2f · %.0f", found.Count, found.Bytes)
		}
		_, _ = fmt.Fprintln(w)
	}
	_, _ = fmt.Fprintln(w)
}
