package testnet

import (
	"maps"
	"testing"
	"time"
)

func TestParseStored(t *testing.T) {
	const log = `time=x level=INFO msg=stored module=follower height=10 rows=17 blobs=13 took=25ms
time=x level=INFO msg="stored elsewhere" height=11 took=1ms
time=x level=INFO msg=stored module=follower height=12 rows=17 blobs=13 took=1.5s
time=x level=INFO msg=stored module=follower height=13 rows=17
`
	want := map[uint64]time.Duration{10: 25 * time.Millisecond, 12: 1500 * time.Millisecond}
	if have := parseStored(log); !maps.Equal(have, want) {
		t.Errorf("have %v want %v", have, want)
	}
}

func TestParseTimings(t *testing.T) {
	const text = `# TYPE cometbft_consensus_step_duration_seconds histogram
cometbft_consensus_step_duration_seconds_bucket{chain_id="c",step="Propose",le="0.1"} 3
cometbft_consensus_step_duration_seconds_sum{chain_id="c",step="Propose"} 1.5
cometbft_consensus_step_duration_seconds_count{chain_id="c",step="Propose"} 6
cometbft_abci_connection_method_timing_seconds_sum{chain_id="c",method="process_proposal",type="sync"} 0.25
cometbft_abci_connection_method_timing_seconds_count{chain_id="c",method="process_proposal",type="sync"} 2
cometbft_consensus_block_interval_seconds_sum{chain_id="c"} 12
cometbft_consensus_block_interval_seconds_count{chain_id="c"} 6
cometbft_consensus_height{chain_id="c"} 7
ashlar_abci_held_seconds_sum{call="reserve"} 0.5
ashlar_abci_held_seconds_count{call="reserve"} 4
ashlar_mempool_verify_seconds_sum 0.75
ashlar_mempool_verify_seconds_count 3
broken
`
	want := Timings{"step Propose": {6, 1.5}, "abci process_proposal": {2, 0.25}, "interval": {6, 12}, "held reserve": {4, 0.5}, "verify": {3, 0.75}}
	have := parseTimings(text)
	if !maps.Equal(have, want) {
		t.Errorf("have %v want %v", have, want)
	}
	if mean := have["interval"].Mean(); mean != 2 {
		t.Errorf("a block takes %v s, want 2", mean)
	}
	if since := have.Since(Timings{"interval": {4, 10}}); since["interval"] != (Timing{2, 2}) || since["step Propose"] != have["step Propose"] {
		t.Errorf("since an earlier look: %v", since)
	}
	if (Timing{}).Mean() != 0 {
		t.Error("the mean of nothing is not 0")
	}
}
