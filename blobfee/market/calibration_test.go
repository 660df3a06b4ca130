package market

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/big"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/blobfee"
)

var update = flag.Bool("update", false, "rewrite golden files")

const blockTime = 6 * time.Second

func testParams() blobfee.Params { return Defaults().Params }

// load is a demand: the share of a block that users want who find the price low, by block,
// and how many block times blocks take.
type load struct {
	name  string
	share func(block int, c *Crowd) float64
	pace  time.Duration
}

func loads() []load {
	level := 1.0
	return []load{
		{"steady, below the target", func(int, *Crowd) float64 { return 0.35 }, 1},
		{"at the target", func(int, *Crowd) float64 { return 0.7 }, 1},
		{"bursts", func(block int, _ *Crowd) float64 {
			if block%60 < 12 {
				return 2.5
			}
			return 0.4
		}, 1},
		{"oscillation", func(block int, _ *Crowd) float64 { return 0.9 + 0.7*math.Sin(2*math.Pi*float64(block)/40) }, 1},
		{"random walk", func(_ int, c *Crowd) float64 {
			level = min(max(level*math.Exp(0.05*c.random.NormFloat64()), 0.2), 4)
			return level
		}, 1},
		{"above capacity", func(int, *Crowd) float64 { return 3 }, 1},
		{"above capacity, slow blocks", func(int, *Crowd) float64 { return 1.3 }, 2},
	}
}

// What is asked for: one cell, one row and ten, within one, five and twenty blocks.
var (
	askedSizes         = []int{0, blobfee.SizeOf(64), blobfee.SizeOf(640)}
	askedBlocks        = []int{1, 5, 20}
	askedProbabilities = []float64{0.5, 0.75, 0.9, 0.99}
)

// trial is one estimate and what became of who followed it.
type trial struct {
	load            string
	asked, expected float64
	size, within    int
	offered         *Tx
}

func (tr *trial) in() bool { return tr.offered.Included > 0 }

// calibrate runs a market and estimates every few blocks. What is offered arrives a block
// later, as a shadow: hundreds of trials do not make the market they are held against.
func calibrate(l load, seed uint64, moments int) []*trial {
	const warmUp, every = blobfee.Window, 7 // which divides no period above: every phase is asked in
	rule := &Ashlar{Params: testParams()}
	c := &Chain{Rule: rule, Limits: Defaults().Limits}
	crowd, users := NewCrowd(seed), Users{Value: 3e9, Spread: 0.8, Tip: 0.05, Patience: 10}
	histories := make([][]blobfee.Observation, blobfee.Sizes)
	var trials, arriving []*trial
	for block := range warmUp + moments*every + 2*askedBlocks[len(askedBlocks)-1] {
		for _, tx := range crowd.Arrivals(users, l.share(block, crowd)*float64(c.Limits.MaxGas())) {
			c.Submit(tx)
		}
		b := c.Step(l.pace * blockTime)
		for _, tr := range arriving {
			c.Shadow(tr.offered) // refused, if its cap is below the base fee by now
		}
		arriving = nil
		for size, entry := range c.Limits.Entry(b.Bids, blobfee.Spaces()) {
			tip := c.Limits.Tip(blobfee.SpaceOf(size), entry)
			histories[size] = append(histories[size], rule.Params.Observe(b.Used, b.Elapsed, tip))
		}
		if n := block - warmUp; n >= 0 && n < moments*every && n%every == 0 {
			arriving = ask(l.name, c, rule, histories)
			trials = append(trials, arriving...)
		}
	}
	return trials
}

// ask estimates everything that is asked for.
func ask(name string, c *Chain, rule *Ashlar, histories [][]blobfee.Observation) []*trial {
	var trials []*trial
	for _, size := range askedSizes {
		for _, within := range askedBlocks {
			forecast := blobfee.NewForecast(rule.Params, rule.BaseFee(), histories[size], within)
			for _, probability := range askedProbabilities {
				offer := forecast.Offer(probability)
				limit, _ := new(big.Float).SetInt(offer.Cap).Float64()
				space := blobfee.SpaceOf(size)
				tx := &Tx{Space: space, Cap: limit, Tip: float64(offer.Tip), Patience: within}
				trials = append(trials, &trial{load: name, asked: probability, expected: offer.Expected, size: size, within: within, offered: tx})
			}
		}
	}
	return trials
}

// tally counts the trials that hold and returns how many got in, in per cent.
func tally(trials []*trial, holds func(*trial) bool) (n int, in, expected float64) {
	for _, tr := range trials {
		if !holds(tr) {
			continue
		}
		n++
		expected += tr.expected
		if tr.in() {
			in++
		}
	}
	return n, 100 * in / float64(n), 100 * expected / float64(n)
}

// TestCalibration: of those who offer what an estimate of 90 % says, 90 % get in, to
// within three points, over all demands together; and what it says it expects comes true at every
// probability asked for. At low probabilities more get in than asked for, where the least offer that
// is accepted gets in more surely.
func TestCalibration(t *testing.T) {
	var trials []*trial
	for i, l := range loads() {
		trials = append(trials, calibrate(l, uint64(i+7), 180)...)
	}
	n, in, _ := tally(trials, func(tr *trial) bool { return tr.asked == 0.9 })
	if n < 1000 || in < 87 || in > 93 {
		t.Errorf("asked for 90 %%: %.1f %% of %d got in", in, n)
	}
	for _, asked := range askedProbabilities {
		n, in, expected := tally(trials, func(tr *trial) bool { return tr.asked == asked })
		if n < 1000 || math.Abs(in-expected) > 3 {
			t.Errorf("asked for %v: %.1f %% of %d got in, expected were %.1f %%", asked, in, n, expected)
		}
		if in < 100*asked-3 {
			t.Errorf("asked for %v: %.1f %% got in", asked, in)
		}
	}
	table := calibrationTable(trials)
	t.Logf("\n%s", table)
	requireGolden(t, "calibration.md", table)
	requireQuoted(t, "../../docs/fees.md", table)
}

// calibrationTable shows, per demand and then by size and horizon, how many per cent got in.
func calibrationTable(trials []*trial) []byte {
	var out bytes.Buffer
	row := func(name string, holds func(*trial) bool) {
		n := 0
		fmt.Fprintf(&out, "| %s", name)
		for _, asked := range askedProbabilities {
			count, in, expected := tally(trials, func(tr *trial) bool { return tr.asked == asked && holds(tr) })
			fmt.Fprintf(&out, " | %.1f (%.1f)", in, expected)
			n = count
		}
		fmt.Fprintf(&out, " | %d |\n", n)
	}
	fmt.Fprintln(&out, "| demand | 50 % | 75 % | 90 % | 99 % | trials each |\n|---|--:|--:|--:|--:|--:|")
	for _, l := range loads() {
		row(l.name, func(tr *trial) bool { return tr.load == l.name })
	}
	row("**all**", func(*trial) bool { return true })
	for i, name := range []string{"one cell", "one row", "ten rows"} {
		row(name, func(tr *trial) bool { return tr.size == askedSizes[i] })
	}
	for _, within := range askedBlocks {
		row(fmt.Sprintf("within %d", within), func(tr *trial) bool { return tr.within == within })
	}
	return out.Bytes()
}

// requireGolden compares with a file in testdata. Processors that fuse multiplications and
// additions draw other users: only the one the files are written on compares.
func requireGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOARCH == "amd64" && !bytes.Equal(got, want) {
		t.Errorf("%s differs; -update rewrites it. Have:\n%s", path, got)
	}
}

// requireQuoted fails unless a document has the text.
func requireQuoted(t *testing.T, path string, text []byte) {
	t.Helper()
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOARCH == "amd64" && !bytes.Contains(document, text) {
		t.Errorf("%s does not have:\n%s", path, text)
	}
}
