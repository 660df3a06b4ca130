package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
	"github.com/ashlar-da/ashlar/testnet/load"
)

// report is what report.json holds.
type report struct {
	Passed bool `json:"passed"`
	// Failed names every bound that was not kept, with what was found.
	Failed   []string `json:"failed"`
	Headline string   `json:"headline"`
	// load.Summary is of all blobs of the two loads, the warm-up aside.
	load.Summary
	// MBPerSecond is what became final at half of capacity, in 10⁶ bytes of the blobs' own a second.
	MBPerSecond float64  `json:"mb_per_second"`
	Capacity    capacity `json:"capacity"`
	Phases      []phase  `json:"phases"`
	// PackingWaste is the share of the squares that nobody was charged for, while twice the
	// capacity was offered.
	PackingWaste float64                  `json:"packing_waste"`
	BaseFees     baseFees                 `json:"base_fees"`
	Network      shape                    `json:"network"`
	Processes    map[string]testnet.Usage `json:"processes"`
	Expectations []testnet.Expectation    `json:"expectations"`
	Machine      testnet.Machine          `json:"machine"`
	Seconds      float64                  `json:"seconds"`
	Blocks       []load.Block             `json:"blocks"`
}

// capacity is what full blocks hold.
type capacity struct {
	Rows int `json:"rows"`
	// BlockSeconds is the governed block time, or the median one of the warm-up if that is longer.
	BlockSeconds float64 `json:"block_seconds"`
	// SquareMBPerSecond is the rows, 131,072 bytes each, over that time.
	SquareMBPerSecond float64 `json:"square_mb_per_second"`
}

// phase is one of the loads.
type phase struct {
	Name        string                  `json:"name"`
	Seconds     float64                 `json:"seconds"`
	OfferedMB   float64                 `json:"offered_square_mb_per_second"`
	All         load.Summary            `json:"all"`
	Groups      map[string]load.Summary `json:"groups"`
	Chain       load.Chain              `json:"chain"`
	CPU         map[string]float64      `json:"cpu_cores"`
	Memory      uint64                  `json:"peak_memory_of_a_full_node_so_far"`
	Estimates   graded                  `json:"fee_estimates"`
	MBPerSecond float64                 `json:"mb_per_second"`
}

// baseFees are in multiples of the reserve price.
type baseFees struct {
	AtHalf  float64 `json:"highest_at_half"`
	AtTwice float64 `json:"highest_at_twice"`
	// Differing counts the blocks that did not charge what the formula says.
	Differing int `json:"blocks_not_by_the_formula"`
}

// shape is what the network was made of.
type shape struct {
	Validators    int     `json:"validators"`
	FullNodes     int     `json:"full_nodes"`
	LightNodes    int     `json:"light_nodes"`
	BlockTime     float64 `json:"governed_block_seconds"`
	CommitTimeout float64 `json:"commit_timeout_seconds"`
	Link          string  `json:"between_nodes"`
}

// shape describes the network of the settings.
func (s *settings) shape() shape {
	between := "loopback"
	if s.link != nil {
		between = fmt.Sprintf("%s each way, %g %% of packets lost, %d MiB of window", s.link.Delay, 100*s.link.Loss, s.link.Window>>20)
	}
	return shape{s.validators, s.fullNodes, s.lightNodes, s.blockTime.Seconds(), s.commitTimeout.Seconds(), between}
}

// report sums the run up; what it did not come to is missing.
func (r *run) report(err error) *report {
	loads := slices.DeleteFunc(slices.Clone(r.records), func(record load.Record) bool { return record.Phase == warmPhase })
	out := &report{
		Passed: err == nil, Failed: failures(err), Summary: load.Summarize(loads, r.blocks, r.readBack),
		Network: r.shape(), Expectations: r.Report.Expectations, Machine: r.Report.Machine, Blocks: r.blocks,
		Seconds: r.Progress.Elapsed().Round(time.Second).Seconds(),
	}
	if r.interval > 0 {
		out.Capacity = capacity{r.market.MaxRows, r.interval.Seconds(), r.market.Capacity(r.interval) / 1e6}
	}
	if r.Network != nil {
		out.Processes = r.Network.Usage()
	}
	for i := range r.spans {
		out.Phases = append(out.Phases, r.phase(i))
	}
	if len(r.blocks) > 0 {
		out.BaseFees = baseFees{r.peak(halfPhase), r.peak(twicePhase), len(r.market.Derive(r.blocks))}
	}
	for _, p := range out.Phases {
		switch p.Name {
		case halfPhase:
			out.MBPerSecond = p.MBPerSecond
		case twicePhase:
			out.PackingWaste = p.Chain.Waste
		}
	}
	out.Headline = out.headline()
	return out
}

// headline says the most important in a line.
func (r *report) headline() string {
	if r.MBPerSecond == 0 {
		return fmt.Sprintf("%d validators on %d cores, %s: it did not come to a load", r.Network.Validators, r.Machine.Cores, r.Network.Link)
	}
	return fmt.Sprintf("%d validators on %d cores, %s: %.2f MB/s of blobs at half of capacity, final in %.1f s (median) and %.1f s (99 %%)",
		r.Network.Validators, r.Machine.Cores, r.Network.Link, r.MBPerSecond, r.Seconds50(), r.Seconds99())
}

// Seconds50 and Seconds99 are the latencies at half of capacity.
func (r *report) Seconds50() float64 { return r.half().Seconds.P50 }

// Seconds99 is the 99th percentile.
func (r *report) Seconds99() float64 { return r.half().Seconds.P99 }

func (r *report) half() load.Summary {
	for _, p := range r.Phases {
		if p.Name == halfPhase {
			return p.All
		}
	}
	return load.Summary{}
}

// phase sums up the load of a span.
func (r *run) phase(number int) phase {
	span := r.spans[number]
	var records []load.Record
	byGroup := map[string][]load.Record{}
	for _, record := range r.records {
		if record.Phase == span.Name {
			records = append(records, record)
			byGroup[record.Group] = append(byGroup[record.Group], record)
		}
	}
	from, to := r.heights(span.Name)
	p := phase{
		Name: span.Name, Seconds: span.To.Sub(span.From).Seconds(), OfferedMB: span.Offered / 1e6,
		All: load.Summarize(records, r.blocks, r.readBack), Groups: map[string]load.Summary{},
		// The first block was under way before the load began.
		Chain: r.market.SumUp(r.blocks, from+1, to), CPU: r.cpu[number], Memory: r.memory[number], Estimates: r.graded[number],
	}
	for name, group := range byGroup {
		p.Groups[name] = load.Summarize(group, r.blocks, r.readBack)
	}
	if p.All.SquareBytes > 0 {
		p.MBPerSecond = p.Chain.MBPerSecond * float64(p.All.Bytes) / float64(p.All.SquareBytes)
	}
	return p
}

// failures lists the messages of joined errors.
func failures(err error) []string {
	list := []string{}
	if err == nil {
		return list
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, each := range joined.Unwrap() {
			list = append(list, failures(each)...)
		}
		return list
	}
	return append(list, err.Error())
}

// plot draws what the report says.
func (r *run) plot(out *report) *load.Plot {
	p := &load.Plot{
		Title: "Load: " + out.Headline, Spans: r.spans, Marks: r.marks, Blocks: r.blocks, Records: r.records,
		Market: r.market, Capacity: out.Capacity.SquareMBPerSecond * 1e6,
		Subtitle: fmt.Sprintf("%d blobs submitted, %d final, %d read back from another node; a square of %d rows, a block in %.2f s",
			out.Submitted, out.Final, out.ReadBack, out.Capacity.Rows, out.Capacity.BlockSeconds),
	}
	if len(r.spans) > 0 {
		p.Start, p.End = r.spans[0].From, r.spans[len(r.spans)-1].To
		if n := len(r.blocks); n > 0 && r.blocks[n-1].Time.After(p.End) {
			p.End = r.blocks[n-1].Time
		}
	}
	return p
}

// write writes a report as indented JSON.
func write(path string, report any) error {
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// causes lists failures by cause, the most frequent first.
func causes(failed map[string]int) string {
	if len(failed) == 0 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(failed), func(a, b string) int { return failed[b] - failed[a] })
	var words []string
	for _, name := range names {
		words = append(words, fmt.Sprintf("%d× %s", failed[name], name))
	}
	return "; " + strings.Join(words, ", ")
}
