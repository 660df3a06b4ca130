package market

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"testing"
)

const plots = "../../docs/fees/"

// TestPlots: the plots of the documentation are what the command draws.
func TestPlots(t *testing.T) {
	for _, s := range Scenarios() {
		run, err := s.Run(DefaultBlocks)
		if err != nil {
			t.Fatal(err)
		}
		requireXML(t, s.Name, run.SVG())
		path := plots + s.Name + ".svg"
		if *update {
			if err := os.WriteFile(path, run.SVG(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOARCH == "amd64" && !bytes.Equal(run.SVG(), want) {
			t.Errorf("%s is not what is drawn: `go test ./blobfee/market -update` draws it anew", path)
		}
	}
}

func requireXML(t *testing.T, name string, text []byte) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s is no XML: %v", name, err)
			return
		}
	}
}

// TestSummaries writes the table of the documentation.
func TestSummaries(t *testing.T) {
	var out bytes.Buffer
	fmt.Fprintln(&out, "| scenario | rule | base fee, 10⁻⁹ ASH | largest step | full blocks | longest queue | room used | refused | burned, ASH | attacker paid, ASH |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, s := range Scenarios() {
		run, err := s.Run(DefaultBlocks)
		if err != nil {
			t.Fatal(err)
		}
		for _, sum := range run.Summaries() {
			low, _ := sum.Lowest.Float64()
			high, _ := sum.Highest.Float64()
			fmt.Fprintf(&out, "| %s | %s | %.3g to %.3g | ×%.3g | %.0f %% | %.1f blocks | %.0f %% | %.0f %% | %.3g | %.3g |\n",
				s.Name, sum.Rule, low/1e9, high/1e9, sum.Jump, 100*sum.Full, sum.Queue, 100*sum.Use, 100*sum.Refused, sum.Burned, sum.Attack)
		}
	}
	t.Logf("\n%s", out.Bytes())
	requireGolden(t, "scenarios.md", out.Bytes())
	requireQuoted(t, "../../docs/fees.md", out.Bytes())
}

// TestCapacityMovesEthereumsPriceAlone: where governance changes what a block holds, our
// price goes on from where it was, by no more than any block moves it, and EIP-4844's leaps.
func TestCapacityMovesEthereumsPriceAlone(t *testing.T) {
	scenario, err := FindScenario("capacity-change")
	if err != nil {
		t.Fatal(err)
	}
	run, err := scenario.Run(DefaultBlocks)
	if err != nil {
		t.Fatal(err)
	}
	sums := run.Summaries()
	if sums[0].Jump > 1.126 || sums[1].Jump < 1000 {
		t.Errorf("the largest step is ×%v, EIP-4844's ×%v", sums[0].Jump, sums[1].Jump)
	}
}

// TestUsersAskForTheirMean holds the crowd against what scenarios reckon it wants, and shows
// that a seed draws the same users again.
func TestUsersAskForTheirMean(t *testing.T) {
	const want = 2e10
	gas := func() (sum float64) {
		for _, tx := range NewCrowd(3).Arrivals(Users{Value: 1e9, Spread: 1, Tip: 0.1, Patience: 3}, want) {
			sum += float64(tx.BlobGas())
		}
		return sum
	}
	if got := gas(); math.Abs(got/want-1) > 0.01 || got != gas() {
		t.Errorf("users want %v, then %v, asked were %v", got, gas(), float64(want))
	}
}

// TestRunRefusesLengths: a plot needs some blocks, and memory has an end.
func TestRunRefusesLengths(t *testing.T) {
	for _, blocks := range []int{-1, 0, minBlocks - 1, maxBlocks + 1} {
		if _, err := Scenarios()[0].Run(blocks); !errors.Is(err, ErrInvalidScenario) {
			t.Errorf("%d blocks: have %v want ErrInvalidScenario", blocks, err)
		}
	}
	if _, err := FindScenario("earthquake"); !errors.Is(err, ErrInvalidScenario) {
		t.Errorf("a scenario there is none of: %v", err)
	}
}
