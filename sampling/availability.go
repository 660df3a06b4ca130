package sampling

import (
	"cmp"
	"fmt"
)

// Verdict is what sampling says of a block.
type Verdict uint8

const (
	// Pending means not decided: nobody useful may have been there to ask.
	Pending Verdict = iota
	// Available means that every cell asked for came and proved right.
	Available
	// Unavailable means that the deadline passed without that, although some peer did
	// deliver a valid cell of this block and there was somebody left to ask. It is revised
	// if the rest come late.
	Unavailable
	// Invalid means that the block's DA header is malformed: there is nothing to sample.
	Invalid
)

var verdicts = [...]string{"pending", "available", "unavailable", "invalid"}

// String returns the verdict as the API names it.
func (v Verdict) String() string {
	if int(v) < len(verdicts) {
		return verdicts[v]
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// MarshalText encodes the verdict as the API names it.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, name := range verdicts {
		if name == string(text) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("sampling: %q is no verdict", text)
}

// Availability is what is known of one block.
type Availability struct {
	Height  uint64  `json:"height"`
	Verdict Verdict `json:"verdict"`
	// Confidence is 1 − Miss if the verdict is Available, and 0 otherwise.
	Confidence float64 `json:"confidence"`
	// Miss bounds the probability that an unrecoverable square passes the Verified cells.
	Miss float64 `json:"miss_probability"`
	// Samples is the number of coordinates drawn, Verified of those whose cell proved
	// right; of the rest Refused, TimedOut and Garbled count those whose last request
	// ended so. What remains was not answered yet, or never asked.
	Samples  int `json:"samples"`
	Verified int `json:"verified"`
	Refused  int `json:"refused"`
	TimedOut int `json:"timed_out"`
	Garbled  int `json:"garbled"`
	// Peers is how many peers were asked.
	Peers int `json:"peers"`
}

// Tally is what came of asking one peer for cells: how many requests ended so.
type Tally struct {
	Peer     string `json:"peer"`
	Verified int    `json:"verified"`
	Refused  int    `json:"refused"`
	TimedOut int    `json:"timed_out"`
	Garbled  int    `json:"garbled"`
}

func (t *Tally) count(outcome Outcome) {
	switch outcome {
	case Verified:
		t.Verified++
	case Refused:
		t.Refused++
	case TimedOut:
		t.TimedOut++
	case Garbled:
		t.Garbled++
	case Unasked:
	}
}

// compare puts who delivered most first.
func (t Tally) compare(other Tally) int {
	return cmp.Or(other.Verified-t.Verified, cmp.Compare(t.Peer, other.Peer))
}

// InvalidBlock is the verdict on a block whose DA header is malformed.
func InvalidBlock(height uint64) Availability {
	return Availability{Height: height, Verdict: Invalid, Miss: 1}
}
