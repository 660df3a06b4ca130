package testnet

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Report is what a scenario found; the demo writes it as report.json.
type Report struct {
	// Passed tells that every expectation was met.
	Passed bool `json:"passed"`
	// Failed names the first expectation that was not met, with what was found.
	Failed string `json:"failed,omitempty"`

	ChainID string `json:"chain_id"`
	// Heights is the height of the chain when the scenario ended.
	Heights     uint64 `json:"heights"`
	BlobsPosted int    `json:"blobs_posted"`
	BytesPosted int    `json:"bytes_posted"`
	// BlobsReadBack counts the blobs that came back byte for byte from a node that had
	// not received them.
	BlobsReadBack int `json:"blobs_read_back"`
	Namespaces    int `json:"namespaces"`
	LightNodes    int `json:"light_nodes"`
	// CellsSampled counts the cells that all light nodes together fetched and verified.
	CellsSampled uint64 `json:"cells_sampled"`
	// MinConfidence is the least confidence of any light node in any height with data.
	MinConfidence       float64 `json:"min_confidence"`
	WithholdingDetected bool    `json:"withholding_detected"`
	RecoveredAfterKill  bool    `json:"recovered_after_kill"`
	// Seconds is the duration of the whole scenario.
	Seconds float64 `json:"seconds"`

	Expectations []Expectation `json:"expectations"`
	Phases       []Phase       `json:"phases"`
	BlockTimes   BlockTimes    `json:"block_times"`
	LargestBlock Block         `json:"largest_block"`
	// Blocks are all blocks of the chain, from height 1.
	Blocks []Block `json:"blocks"`
	// PeakMemory is the peak resident memory of each process, in bytes.
	PeakMemory map[string]uint64 `json:"peak_memory"`
	Machine    Machine           `json:"machine"`
}

// Expectation is one statement that a scenario holds the network to.
type Expectation struct {
	Expect string `json:"expect"`
	Met    bool   `json:"met"`
	// Found says what was seen.
	Found string `json:"found"`
}

// Phase is one part of a scenario.
type Phase struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// Block is what is reported of one block.
type Block struct {
	Height uint64    `json:"height"`
	Time   time.Time `json:"time"`
	// Rows is the number of rows of the square, k.
	Rows int `json:"rows"`
}

// SquareBytes is the size of the block's square in bytes.
func (b Block) SquareBytes() int { return b.Rows * rowScalars * scalarBytes }

// BlockTimes sums up the times between the chain's blocks, in seconds.
type BlockTimes struct {
	Median float64 `json:"median_seconds"`
	P90    float64 `json:"p90_seconds"`
	Max    float64 `json:"max_seconds"`
	// WithData is the median of the times that blocks with data took.
	WithData float64 `json:"with_data_median_seconds"`
}

// Machine is where a scenario ran.
type Machine struct {
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Cores int    `json:"cores"`
	CPU   string `json:"cpu,omitempty"`
	Go    string `json:"go"`
}

// Write writes the report as indented JSON.
func (r *Report) Write(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
