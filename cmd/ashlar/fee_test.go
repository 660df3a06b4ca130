package main

import (
	"bytes"
	"flag"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ashlar-da/ashlar/blobfee/market"
	"github.com/ashlar-da/ashlar/client"
)

var update = flag.Bool("update-plots", false, "rewrite golden files")

// burst is the history of a simulated chain.
func burst(t *testing.T, blocks int) []client.FeeBlock {
	t.Helper()
	scenario, err := market.FindScenario("burst")
	if err != nil {
		t.Fatal(err)
	}
	run, err := scenario.Run(blocks)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	history := make([]client.FeeBlock, blocks)
	for i := range history {
		o := &run.Ashlar[i]
		history[i] = client.FeeBlock{
			Height: uint64(1000 + i), Time: start.Add(o.Time), BaseFee: o.BaseFee.String(), BlobGas: o.Used, MaxBlobGas: o.MaxGas, BlobTxs: len(o.Bids),
		}
		if n := len(o.Bids); n > 0 {
			history[i].Tips = &client.Tips{Median: fmt.Sprint(o.Bids[n/2].Priority)}
		}
	}
	return history
}

// TestHistoryPlot holds plots against golden files, and every line against 80 columns.
func TestHistoryPlot(t *testing.T) {
	quiet := []client.FeeBlock{{Height: 1, Time: time.Unix(0, 0), BaseFee: "1000000000", MaxBlobGas: 1}}
	huge := []client.FeeBlock{quiet[0], {Height: 2, Time: time.Unix(7, 0), BaseFee: strings.Repeat("9", 43), BlobGas: 1, MaxBlobGas: 1, Tips: &client.Tips{Median: "9223372036854775807"}}}
	for name, blocks := range map[string][]client.FeeBlock{"one": quiet, "huge": huge, "burst": burst(t, 60), "long": burst(t, 500)} {
		var out bytes.Buffer
		if err := plotHistory(&out, blocks); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if columns := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); columns > 80 {
				t.Errorf("%s: %d columns: %s", name, columns, line)
			}
		}
		requireGolden(t, "testdata/history_"+name+".golden", out.Bytes())
	}
	if err := plotHistory(new(bytes.Buffer), nil); err == nil {
		t.Error("no blocks are plotted")
	}
	if err := plotHistory(new(bytes.Buffer), []client.FeeBlock{{BaseFee: "free"}}); err == nil || !strings.Contains(err.Error(), `"free"`) {
		t.Errorf("a base fee that is no amount: %v", err)
	}
}

func requireGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; -update-plots rewrites it. Have:\n%s", path, got)
	}
}

func TestInASH(t *testing.T) {
	for amount, want := range map[string]string{
		"0": "0", "1": "0.000000000000000001", "1000000000000000000": "1", "1500000000000000000": "1.5",
		"123456789012345678901234567890": "123456789012.34567890123456789",
	} {
		parsed, _ := new(big.Int).SetString(amount, 10)
		if got := inASH(parsed); got != want {
			t.Errorf("%s aash: have %s ASH want %s", amount, got, want)
		}
	}
}
