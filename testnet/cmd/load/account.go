package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-da/ashlar/testnet"
)

// account is what the time from block to block goes to, as one validator's CometBFT timed
// it: the first five follow one another, and what is indented lies within the one before.
type account struct {
	Interval float64 `json:"interval"`
	// Wait is the commit timeout, and waiting for the first transaction where there is none.
	Wait float64 `json:"wait"`
	// Propose is from then until the block is there and was judged. Prepare is building one,
	// in a round in which this validator proposes; Process is judging one; the rest is gossip.
	Propose float64 `json:"propose"`
	Prepare float64 `json:"of_which_prepare_own"`
	Process float64 `json:"of_which_process"`
	Prevote float64 `json:"prevote"`
	// Precommit is until more than two thirds have decided.
	Precommit float64 `json:"precommit"`
	// Commit is executing and storing the block; Finalize and Persist are the application's part.
	Commit   float64 `json:"commit"`
	Finalize float64 `json:"of_which_finalize"`
	Persist  float64 `json:"of_which_persist"`
	// CheckTxs is how long what users submitted held ABCI's mutex, which the rest needs too. Verify
	// is the KZG of it, and Store storing the square: both go on beside the rest.
	CheckTxs float64 `json:"check_txs_under_the_mutex"`
	Verify   float64 `json:"beside_verify"`
	Store    float64 `json:"beside_store"`
}

// accountFor divides timings by the blocks that were made meanwhile.
func accountFor(t testnet.Timings) account {
	blocks := t["interval"].Count
	each := func(names ...string) float64 {
		total := 0.0
		for _, name := range names {
			total += t[name].Seconds
		}
		return total / max(blocks, 1)
	}
	return account{
		Interval: t["interval"].Mean(), Wait: each("step NewHeight", "step NewRound"),
		Propose: each("step Propose"), Prepare: t["abci prepare_proposal"].Mean(), Process: t["abci process_proposal"].Mean(),
		Prevote: each("step Prevote", "step PrevoteWait"), Precommit: each("step Precommit", "step PrecommitWait"),
		CheckTxs: each("held reserve", "held check_tx", "held recheck_tx"), Verify: each("verify"), Commit: each("step Commit"), Finalize: t["abci finalize_block"].Mean(), Persist: t["abci commit"].Mean(),
	}
}

// storing is the mean time to store the heights from to to, in seconds.
func storing(stored map[uint64]time.Duration, from, to uint64) float64 {
	var total time.Duration
	n := 0
	for height := from; height <= to; height++ {
		if took, ok := stored[height]; ok {
			total += took
			n++
		}
	}
	return total.Seconds() / float64(max(n, 1))
}

// String lists the parts.
func (a account) String() string {
	return fmt.Sprintf("wait %.2f, propose %.2f with %.2f to build and %.2f to judge, votes %.2f, commit %.2f; %.2f of the mutex to check transactions; beside that %.2f to verify them and %.2f to store",
		a.Wait, a.Propose, a.Prepare, a.Process, a.Prevote+a.Precommit, a.Commit, a.CheckTxs, a.Verify, a.Store)
}

// kinds says what processor time is spent on, by what the names of functions contain; the
// first that fits counts.
func kinds() [][2]string {
	return [][2]string{
		{"garbage collection", "runtime.gc"},
		{"garbage collection", "runtime.scan"},
		{"garbage collection", "runtime.greyobject"},
		{"garbage collection", "runtime.sweep"},
		{"garbage collection", "runtime.(*mspan)"},
		{"garbage collection", "runtime.(*gcWork)"},
		{"KZG", "gnark-crypto"},
		{"KZG", "ashlar/erasure"},
		{"encryption of connections", "chacha20"},
		{"encryption of connections", "poly1305"},
		{"hashing", "sha256"},
		{"hashing", "sha3"},
		{"hashing", "sha512"},
		{"hashing", "keccak"},
		{"hashing", "blake"},
		{"hashing", "xxhash"},
		{"signatures", "secp256k1"},
		{"signatures", "edwards25519"},
		{"system calls", "syscall"},
		{"system calls", "runtime.futex"},
		{"copying and clearing memory", "runtime.memmove"},
		{"copying and clearing memory", "runtime.memclr"},
		{"scheduling and allocation", "runtime."},
	}
}

// profileShares sums up a processor profile by kind of work.
func profileShares(ctx context.Context, path string) (map[string]float64, error) {
	out, err := testnet.Run(ctx, "go", "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", path)
	if err != nil {
		return nil, fmt.Errorf("read the processor profile: %w", err)
	}
	return parseTop(string(out)), nil
}

// parseTop reads the table of go tool pprof -top: flat, flat%, sum%, cum, cum%, name.
func parseTop(text string) map[string]float64 {
	found := map[string]float64{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasSuffix(fields[1], "%") {
			continue
		}
		percent, err := strconv.ParseFloat(strings.TrimSuffix(fields[1], "%"), 64)
		if err == nil {
			found[kindOf(strings.Join(fields[5:], " "))] += percent / 100
		}
	}
	return found
}

func kindOf(function string) string {
	for _, kind := range kinds() {
		if strings.Contains(function, kind[1]) {
			return kind[0]
		}
	}
	return "everything else"
}

// shares lists shares, the largest first.
func shares(of map[string]float64) string {
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int { return int(1e6 * (of[b] - of[a])) })
	var words []string
	for _, name := range names {
		words = append(words, fmt.Sprintf("%.0f %% %s", 100*of[name], name))
	}
	return strings.Join(words, ", ")
}
