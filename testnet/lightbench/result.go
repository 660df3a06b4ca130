package lightbench

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

// Traffic is the bytes of one protocol, per block.
type Traffic struct {
	Protocol string  `json:"protocol"`
	Received float64 `json:"received"`
	Sent     float64 `json:"sent"`
}

// PartRate is how much of a part the full nodes served, per block.
type PartRate struct {
	Part  string  `json:"part"`
	Count float64 `json:"count"`
	Bytes float64 `json:"bytes"`
}

// Heights tells what became of the blocks that were made while the light node ran, except
// in its last patience block intervals.
type Heights struct {
	Published int `json:"published"`
	Judged    int `json:"judged"`
	Available int `json:"available"`
	// Late counts verdicts that came later than patience block intervals after their block.
	Late int `json:"late"`
	// Median and Slowest are from a block to its verdict, in seconds.
	Median  float64 `json:"median_seconds"`
	Slowest float64 `json:"slowest_seconds"`
}

// Result is what one light node took. "Per block" and "share" are of the window: from some
// time after the first verdict to the end, a whole number of blocks.
type Result struct {
	K        int     `json:"k"`
	Interval float64 `json:"interval_seconds"`
	Duration float64 `json:"duration_seconds"`
	Counted  string  `json:"bytes_counted_by"`
	Peers    int     `json:"peers"`
	// WindowFrom and WindowBlocks are the window.
	WindowFrom   float64 `json:"window_from_seconds"`
	WindowBlocks int     `json:"window_blocks"`

	// ColdStart is from the start of the process to its first verdict, in seconds.
	ColdStart float64 `json:"cold_start_seconds"`
	// ColdStartCPU is the processor time before the window, in seconds.
	ColdStartCPU float64 `json:"cold_start_cpu_seconds"`
	// Memory is resident, in bytes: the window's median and most, and the process's peak.
	MemoryMedian uint64 `json:"memory_median"`
	MemoryMost   uint64 `json:"memory_most"`
	MemoryPeak   uint64 `json:"memory_peak"`
	// Anonymous is the median of what no file backs; Proportional the last that was seen.
	Anonymous    uint64 `json:"memory_anonymous_median"`
	Proportional uint64 `json:"memory_proportional"`
	// Growth is by how much the median of the window's last quarter exceeds that of its second.
	Growth int64 `json:"memory_growth"`
	// CPUShare is of one core.
	CPUShare float64 `json:"cpu_share"`
	// Received and Sent are bytes per block all told; Before what was received before the window.
	Received float64 `json:"received_per_block"`
	Sent     float64 `json:"sent_per_block"`
	Before   uint64  `json:"received_before_window"`
	// Traffic is what streams carried by protocol, and what remains.
	Traffic []Traffic `json:"traffic_per_block"`
	// Served is what the full nodes' answers consisted of.
	Served  []PartRate `json:"served_per_block"`
	Heights Heights    `json:"heights"`
	Disk    Disk       `json:"disk"`
	// DiskWindow is what records take over the sampling window of 18 days, in bytes.
	DiskWindow float64 `json:"disk_18_days"`

	Samples  []Sample  `json:"samples"`
	Verdicts []Verdict `json:"verdicts"`
}

// patience is how many block intervals a verdict may take: five until the block whose commit
// verifies the header, and one to sample.
const patience = 6

// samplingWindow is how far back a light node samples by default.
const samplingWindow = 18 * 24 * time.Hour

// remainder names what the interface counted and no stream carried.
const remainder = "security, multiplexing, TCP, QUIC, IP"

// errTooShort means that the node did not run for long enough to measure anything.
var errTooShort = errors.New("lightbench: the run was too short: no two looks at the node's metrics lie a block apart after its warm-up")

// result sums up a run.
func (r *Run) result(started time.Time, usage testnet.Usage, disk Disk) (*Result, error) {
	interval := r.config.Generate.Interval
	out := &Result{
		K: r.config.Generate.K, Interval: interval.Seconds(), Duration: time.Since(started).Seconds(), Counted: r.network.Counted,
		MemoryPeak: usage.PeakMemory, Disk: disk, DiskWindow: disk.Over(samplingWindow.Seconds() / interval.Seconds()),
		Samples: r.meter.Samples(), Verdicts: r.meter.Verdicts(),
	}
	out.ColdStart = out.Verdicts[0].Checked.Sub(started).Seconds()
	lines := r.generator.Lines()
	out.Heights = judge(out.Verdicts, lines, started, started.Add(seconds(out.Duration)-patience*interval), patience*interval)
	window, err := out.window(out.ColdStart + r.config.WarmUp.Seconds())
	if err != nil {
		return nil, err
	}
	out.measure(window)
	out.measureTraffic(window)
	out.measureServed(lines, started.Add(seconds(window[0].At)), started.Add(seconds(window[len(window)-1].At)))
	return out, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// window returns the samples from a time on, beginning and ending with a look at the
// metrics, about a whole number of blocks apart. A node that judges several heights at a time
// is looked at between those times, as many heights apart as there were blocks.
func (o *Result) window(from float64) ([]Sample, error) {
	begin := slices.IndexFunc(o.Samples, func(s Sample) bool { return s.At >= from && s.Streams != nil })
	end := len(o.Samples) - 1
	for end > begin && o.Samples[end].Streams == nil {
		end--
	}
	if begin < 0 || end <= begin {
		return nil, fmt.Errorf("%w (%.0f s of %.0f s)", errTooShort, from, o.Duration)
	}
	quiet := o.quiet(begin, end)
	for _, last := range slices.Backward(quiet) {
		first := o.Samples[quiet[0]]
		blocks, judged := (o.Samples[last].At-first.At)/o.Interval, o.Samples[last].Streams.Available-first.Streams.Available
		if judged > 0 && math.Abs(blocks-float64(judged)) < 0.75 {
			return o.Samples[quiet[0] : last+1], nil
		}
	}
	return o.Samples[begin : end+1], nil
}

// quiet returns the looks at the metrics between two since whose last ones no height was judged.
func (o *Result) quiet(begin, end int) (looks []int) {
	before := -1
	for i, s := range o.Samples[:end+1] {
		if s.Streams == nil {
			continue
		}
		if i >= begin && before >= 0 && s.Streams.Available == o.Samples[before].Streams.Available {
			looks = append(looks, i)
		}
		before = i
	}
	return looks
}

// measure sums up memory, processor time and bytes.
func (o *Result) measure(window []Sample) {
	first, last := window[0], window[len(window)-1]
	took := last.At - first.At
	o.WindowFrom, o.WindowBlocks = first.At, int(took/o.Interval+0.5)
	o.ColdStartCPU, o.CPUShare = first.CPU, (last.CPU-first.CPU)/took
	o.Peers, o.Proportional, o.Before = last.Streams.Peers, last.Streams.Proportional, first.Received
	blocks := o.blocks(window)
	o.Received, o.Sent = float64(last.Received-first.Received)/blocks, float64(last.Sent-first.Sent)/blocks
	resident := func(s Sample) uint64 { return s.Resident }
	o.MemoryMedian, o.Anonymous = median(window, resident), median(window, func(s Sample) uint64 { return s.Anonymous })
	for _, s := range window {
		o.MemoryMost = max(o.MemoryMost, s.Resident)
	}
	quarter := len(window) / 4
	o.Growth = int64(median(window[3*quarter:], resident)) - int64(median(window[quarter:2*quarter+1], resident))
}

// blocks is how many blocks a window has: as many as heights were judged, where those are about
// as many.
func (o *Result) blocks(window []Sample) float64 {
	first, last := window[0], window[len(window)-1]
	blocks, judged := (last.At-first.At)/o.Interval, float64(last.Streams.Available-first.Streams.Available)
	if math.Abs(blocks-judged) < 0.75 {
		return judged
	}
	return blocks
}

// median returns the middle of a value of samples.
func median(samples []Sample, value func(Sample) uint64) uint64 {
	values := make([]uint64, len(samples))
	for i, s := range samples {
		values[i] = value(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// measureTraffic breaks bytes down by protocol, most first.
func (o *Result) measureTraffic(window []Sample) {
	first, last := window[0], window[len(window)-1]
	blocks := o.blocks(window)
	rest := Traffic{Protocol: remainder, Received: o.Received, Sent: o.Sent}
	protocols := maps.Clone(last.Streams.Received)
	maps.Copy(protocols, last.Streams.Sent)
	for protocol := range protocols {
		t := Traffic{
			Protocol: protocol,
			Received: (last.Streams.Received[protocol] - first.Streams.Received[protocol]) / blocks,
			Sent:     (last.Streams.Sent[protocol] - first.Streams.Sent[protocol]) / blocks,
		}
		rest.Received, rest.Sent = rest.Received-t.Received, rest.Sent-t.Sent
		o.Traffic = append(o.Traffic, t)
	}
	if o.Counted == CountedByNode { // there is nothing to tell what remains
		o.Received, o.Sent = -rest.Received, -rest.Sent
	} else {
		o.Traffic = append(o.Traffic, rest)
	}
	slices.SortFunc(o.Traffic, func(a, b Traffic) int {
		if a.Received+a.Sent > b.Received+b.Sent {
			return -1
		}
		return 1
	})
}

// measureServed breaks down what full nodes served between two times.
func (o *Result) measureServed(lines []Line, from, to time.Time) {
	first, last := lineAt(lines, from), lineAt(lines, to)
	blocks := float64(last.Height - first.Height)
	if blocks == 0 {
		return
	}
	for _, part := range slices.Sorted(maps.Keys(last.Served)) {
		a, b := first.Served[part], last.Served[part]
		o.Served = append(o.Served, PartRate{part, float64(b.Count-a.Count) / blocks, float64(b.Bytes-a.Bytes) / blocks})
	}
}

// lineAt returns the last line that was written before a time, or the first.
func lineAt(lines []Line, at time.Time) Line {
	found := lines[0]
	for _, line := range lines {
		if line.Time.After(at) {
			break
		}
		found = line
	}
	return found
}

// judge counts what became of the heights that were made between two times, and which verdicts
// took longer than late.
func judge(verdicts []Verdict, lines []Line, from, to time.Time, late time.Duration) (h Heights) {
	first := make(map[uint64]Verdict)
	for _, v := range verdicts {
		if _, known := first[v.Height]; !known {
			first[v.Height] = v
		}
	}
	var delays []time.Duration
	published := lines[0].Height
	for _, line := range lines[1:] {
		if line.Height == published || line.Time.Before(from) || line.Time.After(to) {
			continue
		}
		published = line.Height
		h.Published++
		v, judged := first[line.Height]
		if !judged {
			continue
		}
		h.Judged++
		if v.Verdict == "available" {
			h.Available++
		}
		if v.Delay() > late {
			h.Late++
		}
		delays = append(delays, v.Delay())
	}
	if len(delays) > 0 {
		slices.Sort(delays)
		h.Median, h.Slowest = delays[len(delays)/2].Seconds(), delays[len(delays)-1].Seconds()
	}
	return h
}
