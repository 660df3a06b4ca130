package load

import (
	"slices"
	"strings"
	"time"
)

// Summary is what became of a set of blobs.
type Summary struct {
	Submitted int `json:"submitted"`
	Final     int `json:"final"`
	// GivenUp counts those among the final that were included after their submitter gave up.
	GivenUp int `json:"final_after_given_up"`
	// Failed counts the others by cause.
	Failed map[string]int `json:"failures"`
	// Bytes are the final blobs' own, SquareBytes what they were charged for.
	Bytes       int `json:"bytes"`
	SquareBytes int `json:"square_bytes"`
	// Seconds and Blocks are how long the final ones took, from being handed to the client:
	// until it said they are final, and until the block that has them.
	Seconds Quantiles `json:"latency_seconds"`
	Blocks  Quantiles `json:"latency_blocks"`
	// Within3 is the share of all submitted that was final within three blocks.
	Within3 float64 `json:"final_within_3_blocks"`
	// ReadBack counts the final ones that came back byte for byte from another node.
	ReadBack int `json:"read_back"`
	// Late is how far behind its pace the generator was at most, in seconds.
	Late float64 `json:"generator_late_seconds"`
}

// Quantiles sum up a distribution.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Summarize sums up records, given all blocks of the chain and the indices of the items
// that were read back.
func Summarize(records []Record, blocks []Block, readBack map[int]bool) Summary {
	s := Summary{Submitted: len(records), Failed: map[string]int{}}
	var seconds, heights []float64
	within := 0
	for i := range records {
		r := &records[i]
		s.Late = max(s.Late, r.Late.Round(time.Millisecond).Seconds())
		if !r.Final() {
			s.Failed[r.Cause]++
			continue
		}
		s.Final++
		s.Bytes += r.Size
		s.SquareBytes += r.SquareBytes()
		if readBack[r.Index] {
			s.ReadBack++
		}
		if r.Given {
			s.GivenUp++
			continue
		}
		took := InBlocks(r, blocks)
		if took <= 3 {
			within++
		}
		seconds = append(seconds, r.Done.Sub(r.Submitted).Seconds())
		heights = append(heights, float64(took))
	}
	s.Seconds, s.Blocks = quantiles(seconds), quantiles(heights)
	if s.Submitted > 0 {
		s.Within3 = float64(within) / float64(s.Submitted)
	}
	return s
}

// InBlocks is how many blocks a final blob waited: 1 is the first one that was decided after
// it was submitted.
func InBlocks(r *Record, blocks []Block) int {
	return int(r.Height) - int(HeadAt(blocks, r.Submitted))
}

// Unexplained counts the failures that no code names.
func (s *Summary) Unexplained() int {
	n := 0
	for cause, count := range s.Failed {
		if cause == "" || strings.HasPrefix(cause, Unexplained) {
			n += count
		}
	}
	return n
}

// quantiles sums up values, by the nearest rank.
func quantiles(values []float64) Quantiles {
	if len(values) == 0 {
		return Quantiles{}
	}
	slices.Sort(values)
	at := func(percent int) float64 { return round3(values[(len(values)*percent+99)/100-1]) }
	return Quantiles{P50: at(50), P90: at(90), P99: at(99), Max: at(100)}
}

// round3 keeps thousandths.
func round3(x float64) float64 { return float64(int64(x*1000+0.5)) / 1000 }

// Chain sums up blocks.
type Chain struct {
	Blocks int `json:"blocks"`
	// Interval is the time from block to block, in seconds.
	Interval Quantiles `json:"block_seconds"`
	// Rows are those of the squares.
	Rows Quantiles `json:"rows"`
	// Waste is the share of all squares together that nobody was charged for.
	Waste float64 `json:"waste"`
	// Filled is the share of what blocks may hold that was charged for.
	Filled float64 `json:"filled"`
	// MBPerSecond is what was charged for, in 10⁶ bytes of square a second.
	MBPerSecond float64 `json:"square_mb_per_second"`
}

// SumUp sums up the blocks of heights from to to, of a chain that starts at height 1.
func (m Market) SumUp(blocks []Block, from, to uint64) Chain {
	var c Chain
	var gas, square, seconds float64
	var intervals, rows []float64
	for height := max(from, 2); height <= min(to, uint64(len(blocks))); height++ {
		block, before := blocks[height-1], blocks[height-2]
		c.Blocks++
		gas += float64(block.BlobGas)
		square += float64(block.Rows) / float64(m.MaxRows) * float64(m.MaxGas)
		took := block.Time.Sub(before.Time).Seconds()
		seconds += took
		intervals, rows = append(intervals, took), append(rows, float64(block.Rows))
	}
	c.Interval, c.Rows = quantiles(intervals), quantiles(rows)
	if square > 0 {
		c.Waste = 1 - gas/square
	}
	if seconds > 0 {
		c.Filled, c.MBPerSecond = gas/float64(c.Blocks)/float64(m.MaxGas), round3(gas/seconds/1e6)
	}
	return c
}
