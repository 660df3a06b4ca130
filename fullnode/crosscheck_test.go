package fullnode

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// rowBlock is a block of one row that is not constant.
func rowBlock(t *testing.T, setup *kzg.Setup) *da.Block {
	t.Helper()
	row := new(kzg.Row)
	for i := range kzg.RowScalars {
		row[i*kzg.ScalarSize+30], row[i*kzg.ScalarSize+31] = byte(i>>8), byte(i)
	}
	commitment, err := setup.Commit(row)
	if err != nil {
		t.Fatal(err)
	}
	_, proofs, err := setup.ComputeCellsAndProofs(row)
	if err != nil {
		t.Fatal(err)
	}
	return &da.Block{
		Header: &da.Header{Commitments: []kzg.Commitment{commitment}},
		Square: &da.Square{Rows: []*kzg.Row{row}},
		Proofs: [][]kzg.Proof{proofs[:]},
	}
}

// counted returns how many rows the metrics tell of with a result.
func counted(t *testing.T, metrics *prometheus.Registry, result string) float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if metric.GetLabel()[0].GetValue() == result {
				return metric.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no rows are counted as %s", result)
	return 0
}

// crosschecked runs a cross-check of one block and returns what it counted and logged.
func crosschecked(t *testing.T, setup *kzg.Setup, block *da.Block) (agreed, disagreed float64, logged string) {
	t.Helper()
	var log strings.Builder
	metrics := prometheus.NewRegistry()
	c := newCrosschecker(setup, 1, metrics, slog.New(slog.NewTextHandler(&log, nil)))
	c.offer(7, block)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	count := func(result string) float64 { return counted(t, metrics, result) }
	await(t, "the row is checked", func() bool { return count(resultAgreed)+count(resultDisagreed) > 0 })
	cancel()
	if err := <-done; err != nil {
		t.Errorf("a cross-check ended the node: %v", err)
	}
	return count(resultAgreed), count(resultDisagreed), log.String()
}

func TestCrosscheckIsSilentWhereTheyAgree(t *testing.T) {
	setup, err := kzg.NewSetup()
	if err != nil {
		t.Fatal(err)
	}
	agreed, disagreed, logged := crosschecked(t, setup, rowBlock(t, setup))
	if agreed != 1 || disagreed != 0 || logged != "" {
		t.Errorf("agreed %v, disagreed %v, logged %q", agreed, disagreed, logged)
	}
}

// TestCrosscheckRaisesAnAlarm stores what an engine that errs would have let pass.
func TestCrosscheckRaisesAnAlarm(t *testing.T) {
	setup, err := kzg.NewSetup()
	if err != nil {
		t.Fatal(err)
	}
	valid := rowBlock(t, setup)
	for name, spoil := range map[string]func(*da.Block){
		"row": func(b *da.Block) {
			row := *b.Square.Rows[0]
			row[kzg.RowSize-1] ^= 1
			b.Square = &da.Square{Rows: []*kzg.Row{&row}}
		},
		"proof": func(b *da.Block) {
			b.Proofs = [][]kzg.Proof{slices.Clone(b.Proofs[0])}
			b.Proofs[0][127] = b.Proofs[0][126]
		},
		"commitment": func(b *da.Block) {
			b.Header = &da.Header{Commitments: []kzg.Commitment{kzg.Commitment(b.Proofs[0][0])}}
		},
	} {
		block := *valid
		spoil(&block)
		agreed, disagreed, logged := crosschecked(t, setup, &block)
		if agreed != 0 || disagreed != 1 || !strings.Contains(logged, "disagree") || !strings.Contains(logged, "height=7") {
			t.Errorf("a false %s: agreed %v, disagreed %v, logged %q", name, agreed, disagreed, logged)
		}
	}
}

// TestCrosscheckSkipsWhileBusy offers more than one row while none is taken, and rows at
// rate 0.
func TestCrosscheckSkipsWhileBusy(t *testing.T) {
	block := &da.Block{
		Header: &da.Header{Commitments: make([]kzg.Commitment, 1)},
		Square: &da.Square{Rows: []*kzg.Row{new(kzg.Row)}},
		Proofs: make([][]kzg.Proof, 1),
	}
	for rate, skipped := range map[float64]float64{0: 0, 1: 2} {
		metrics := prometheus.NewRegistry()
		c := newCrosschecker(nil, rate, metrics, slog.New(slog.DiscardHandler))
		for range 3 {
			c.offer(7, block)
		}
		c.offer(7, &da.Block{Square: new(da.Square)}) // an empty square has no row
		if have := counted(t, metrics, resultSkipped); have != skipped {
			t.Errorf("rate %v: %v skipped, want %v", rate, have, skipped)
		}
	}
}

func TestCrosscheckRateIsAShare(t *testing.T) {
	for rate, valid := range map[float64]bool{-0.1: false, 0: true, 0.01: true, 1: true, 1.1: false, math.NaN(): false} {
		cfg := testConfig(t, t.TempDir())
		cfg.KZG.Crosscheck = rate
		if err := cfg.validate(); (err == nil) != valid {
			t.Errorf("kzg.crosscheck = %v: %v", rate, err)
		}
	}
}
