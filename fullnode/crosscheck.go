package fullnode

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/crosscheck"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// The results of cross-checks, as the metric labels them.
const (
	resultAgreed    = "agreed"
	resultDisagreed = "disagreed"
	resultSkipped   = "skipped"
)

// checkedRow is a row of a block that was verified, executed and stored.
type checkedRow struct {
	height     uint64
	row        int
	data       *kzg.Row
	commitment kzg.Commitment
	proofs     []kzg.Proof
}

// crosschecker verifies a random row of some of the blocks again by another
// implementation. It holds nobody up and decides nothing: that the two disagree is
// counted and logged, for one of them is wrong.
type crosschecker struct {
	setup   *kzg.Setup
	rate    float64
	queue   chan checkedRow
	results *prometheus.CounterVec
	log     *slog.Logger
}

func newCrosschecker(setup *kzg.Setup, rate float64, metrics prometheus.Registerer, log *slog.Logger) *crosschecker {
	c := &crosschecker{
		setup: setup,
		rate:  rate,
		queue: make(chan checkedRow, 1),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "ashlar", Name: "crosscheck_rows_total",
			Help: "Rows verified again by another implementation (kzg.crosscheck), by result; disagreed must stay 0.",
		}, []string{"result"}),
		log: log,
	}
	metrics.MustRegister(c.results)
	for _, result := range []string{resultAgreed, resultDisagreed, resultSkipped} {
		c.results.WithLabelValues(result) // so that 0 is told too
	}
	return c
}

// offer hands one row of a stored block to Run, if the draw falls on the block. While
// another is being checked it is skipped.
func (c *crosschecker) offer(height uint64, b *da.Block) {
	rows := b.Square.Rows
	if len(rows) == 0 || rand.Float64() >= c.rate {
		return
	}
	i := rand.IntN(len(rows))
	row := checkedRow{height, i, rows[i], b.Header.Commitments[i], b.Proofs[i]}
	select {
	case c.queue <- row:
	default:
		c.results.WithLabelValues(resultSkipped).Inc()
	}
}

// Run checks what is offered until ctx ends.
func (c *crosschecker) Run(ctx context.Context) error {
	checker, err := crosscheck.New(c.setup)
	if err != nil {
		c.disagree(checkedRow{}, err)
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case row := <-c.queue:
			err := check(ctx, c.setup, checker, row)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				c.disagree(row, err)
			default:
				c.results.WithLabelValues(resultAgreed).Inc()
			}
		}
	}
}

// check verifies all 128 cells of a row: those that our engine extends it to, with the
// proofs it accepted.
func check(ctx context.Context, setup *kzg.Setup, checker *crosscheck.Checker, row checkedRow) error {
	cells, err := setup.ComputeCells(row.data)
	if err != nil {
		return fmt.Errorf("extend the row: %w", err)
	}
	for column := range cells {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := checker.VerifyCell(row.commitment, column, &cells[column], row.proofs[column]); err != nil {
			return err
		}
	}
	return nil
}

func (c *crosschecker) disagree(row checkedRow, err error) {
	c.results.WithLabelValues(resultDisagreed).Inc()
	c.log.Error("two KZG implementations disagree about a stored row: one of them is wrong; "+
		"report it with this line and keep the block", "height", row.height, "row", row.row, "error", err)
}
