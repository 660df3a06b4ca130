package lightbench

import (
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

// testResult is of a node that ran for a time, in seconds: a block each 6 s, of 60 kB
// received and 600 B sent, half the bytes cells, and 60 ms of processor time.
func testResult(duration int) *Result {
	begin := time.Unix(1_800_000_000, 0)
	o := &Result{K: 33, Interval: 6, Duration: float64(duration), Counted: CountedByInterface, ColdStart: 2}
	for at := range duration {
		s := Sample{At: float64(at), CPU: float64(at) / 100, Received: uint64(at) * 10_000, Sent: uint64(at) * 100}
		s.Resident, s.Anonymous = 50<<20, 20<<20
		if at%6 == 0 {
			s.Streams = &Streams{Received: map[string]float64{"cells/1": float64(at) * 5000}, Sent: map[string]float64{"kad/1.0.0": float64(at) * 10}, Peers: 8}
		}
		o.Samples = append(o.Samples, s)
	}
	for height := range duration / 6 {
		made := begin.Add(time.Duration(6*height) * time.Second)
		o.Verdicts = append(o.Verdicts, Verdict{Height: uint64(height + 1), Verdict: "available", Time: made, Checked: made.Add(2 * time.Second)})
	}
	return o
}

func TestWindow(t *testing.T) {
	o := testResult(100)
	window, err := o.window(31)
	if err != nil || window[0].At != 36 || window[len(window)-1].At != 96 {
		t.Fatalf("%v to %v, %v", window[0].At, window[len(window)-1].At, err)
	}
	o.measure(window)
	o.measureTraffic(window)
	if o.WindowBlocks != 10 || o.Received != 60_000 || o.Sent != 600 || o.CPUShare < 0.00999 || o.CPUShare > 0.01001 || o.Growth != 0 || o.MemoryMedian != 50<<20 {
		t.Errorf("measured %+v", o)
	}
	want := []Traffic{{"cells/1", 30_000, 0}, {remainder, 30_000, 540}, {"kad/1.0.0", 0, 60}}
	if want[0], want[1] = want[1], want[0]; !reflect.DeepEqual(o.Traffic, want) {
		t.Errorf("traffic %+v, want %+v", o.Traffic, want)
	}
	if _, err := o.window(95); !errors.Is(err, errTooShort) {
		t.Errorf("a window of one look: %v", err)
	}
	if _, err := o.window(1000); !errors.Is(err, errTooShort) {
		t.Errorf("a window after the end: %v", err)
	}
}

// A node that judges five heights at a time is not measured from the middle of a pause to the
// middle of the work.
func TestWindowOfTurns(t *testing.T) {
	for offset := range 30 {
		o := testResult(260)
		for i := range o.Samples {
			turns := (i + offset) / 30
			o.Samples[i].Received = uint64(turns) * 300_000
			if o.Samples[i].Streams != nil {
				o.Samples[i].Streams.Available = 5 * turns
			}
		}
		window, err := o.window(40)
		if err != nil {
			t.Fatal(err)
		}
		if o.measure(window); o.Received != 60_000 || o.WindowBlocks < 30 || o.WindowBlocks%5 != 0 {
			t.Errorf("turns %d s before: %v bytes of %d blocks, %v to %v", offset, o.Received, o.WindowBlocks, window[0].At, window[len(window)-1].At)
		}
	}
}

func TestGrowth(t *testing.T) {
	o := testResult(400)
	for i := range o.Samples {
		o.Samples[i].Resident += uint64(i) << 10
	}
	window, err := o.window(0)
	if err != nil {
		t.Fatal(err)
	}
	if o.measure(window); o.Growth < 190<<10 || o.Growth > 210<<10 {
		t.Errorf("a growth of 400 KiB, half of it from the second quarter to the last: %d KiB", o.Growth>>10)
	}
}

func TestServedPerBlock(t *testing.T) {
	begin := time.Unix(1_800_000_000, 0)
	var lines []Line
	for i := range 11 {
		lines = append(lines, Line{Height: uint64(i + 5), Time: begin.Add(time.Duration(i) * time.Second), Served: map[string]Part{PartCells: {int64(i) * 30, int64(i) * 60_000}}})
	}
	o := &Result{}
	o.measureServed(lines, begin.Add(1500*time.Millisecond), begin.Add(9500*time.Millisecond))
	if want := []PartRate{{PartCells, 30, 60_000}}; !reflect.DeepEqual(o.Served, want) {
		t.Errorf("served %+v, want %+v", o.Served, want)
	}
}

func TestJudge(t *testing.T) {
	begin := time.Unix(1_800_000_000, 0)
	at := func(s float64) time.Time { return begin.Add(seconds(s)) }
	lines := []Line{{Height: 2, Time: at(-6)}, {Height: 3, Time: at(0)}, {Height: 4, Time: at(6)}, {Height: 5, Time: at(12)}, {Height: 6, Time: at(18)}, {Height: 7, Time: at(24)}, {Height: 7, Time: at(24)}}
	verdicts := []Verdict{
		{Height: 2, Verdict: "available", Time: at(-6), Checked: at(5)},
		{Height: 3, Verdict: "available", Time: at(0), Checked: at(5)},
		{Height: 4, Verdict: "available", Time: at(6), Checked: at(7)},
		{Height: 5, Verdict: "unavailable", Time: at(12), Checked: at(72)},
		{Height: 5, Verdict: "available", Time: at(12), Checked: at(80)},
	}
	got := judge(verdicts, lines, at(1), at(23), 6*time.Second)
	if want := (Heights{Published: 3, Judged: 2, Available: 1, Late: 1, Median: 60, Slowest: 60}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLimits(t *testing.T) {
	o := testResult(500)
	window, err := o.window(30)
	if err != nil {
		t.Fatal(err)
	}
	o.measure(window)
	o.MemoryPeak, o.DiskWindow = 50<<20, 100e6
	r := &Report{Results: []Result{{K: 1}, *o, {K: 128}}, Binary: 30e6}
	if r.Judge(); len(r.Failed) > 0 {
		t.Fatalf("failures: %v", r.Failed)
	}
	for want, spoil := range map[string]func(*Report){
		"resident memory, most":  func(r *Report) { r.Results[1].MemoryPeak = 65 << 20 },
		"growth over the window": func(r *Report) { r.Results[1].Growth = 5 << 20 },
		"processor":              func(r *Report) { r.Results[1].CPUShare = 0.021 },
		"received per block":     func(r *Report) { r.Results[1].Received = 91 << 10 },
		"cold start":             func(r *Report) { r.Results[1].ColdStart = 5.1 },
		"over 18 days":           func(r *Report) { r.Results[1].DiskWindow = 201e6 },
		"binary":                 func(r *Report) { r.Binary = 36e6 },
		"without a verdict":      func(r *Report) { r.Results[1].Heights.Published = 1 },
	} {
		spoiled := *r
		spoiled.Results = append([]Result(nil), r.Results...)
		spoil(&spoiled)
		if spoiled.Judge(); len(spoiled.Failed) != 1 || !strings.Contains(spoiled.Failed[0], want) {
			t.Errorf("%s: failures %q", want, spoiled.Failed)
		}
		spoiled.Emulator = "qemu"
		if anywhere := want == "binary" || want == "without a verdict"; len(judged(spoiled)) > 0 != anywhere {
			t.Errorf("%s: failures %q under an emulator", want, spoiled.Failed)
		}
	}
	short := *testResult(200)
	short.Growth = 5 << 20
	if short.WindowBlocks = 20; !short.Limits(0)[1].Holds() {
		t.Error("growth is judged over 20 blocks")
	}
}

func judged(r Report) []string {
	r.Judge()
	return r.Failed
}

func TestPlotIsDrawn(t *testing.T) {
	r := &Report{Results: []Result{*testResult(100), *testResult(300)}, Machine: "a < b"}
	decoder := xml.NewDecoder(strings.NewReader(r.SVG()))
	curves, dots := 0, 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if element, ok := token.(xml.StartElement); ok {
			switch element.Name.Local {
			case "polyline":
				curves++
			case "circle":
				dots++
			}
		}
	}
	if curves != 2*4 || dots == 0 {
		t.Errorf("%d curves and %d dots", curves, dots)
	}
}
