package lightnode

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ashlar-da/ashlar/da/store/disk"
)

const (
	meterPause = time.Second
	// budgetPause is how long peers may go on sending when a data budget's credit is spent.
	budgetPause = 100 * time.Millisecond
	learnEvery  = 30 * time.Second
	saveEvery   = 30 * time.Second
)

// meter charges what connections carry to the budget, and learns what things cost.
type meter struct {
	cells, heights atomic.Int64 // cells that verified, and headers that were fetched

	mu             sync.Mutex
	received, sent int64     // charged so far; guarded by mu, like the rest
	learnt         totals    // at the last look at costs
	saved          time.Time // when the ledger was written down
}

// totals are what a node has done since it started.
type totals struct {
	at               time.Time
	bytes, cellBytes int64
	cells, heights   int64
	newest           uint64
}

// meterBytes looks at what was spent until the context ends, and has the node obey.
func (n *Node) meterBytes(ctx context.Context) error {
	for sleep(ctx, n.meterPause()) {
		if err := n.charge(); err != nil {
			return err
		}
		if n.config.Profile != ProfilePhone {
			n.obey(ctx)
		}
	}
	return n.charge()
}

// meterPause is how long it takes to the next look. A phone's wakes look for themselves.
func (n *Node) meterPause() time.Duration {
	if n.phone == nil && n.strength.bounded() && !n.host.Resting() {
		return budgetPause
	}
	return meterPause
}

// charge takes a look at what was spent, and writes it down now and then.
func (n *Node) charge() error {
	m, now := &n.meter, n.config.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	received, sent := n.host.WireBytes()
	n.strength.spend(now, received-m.received, sent-m.sent)
	m.received, m.sent = received, sent
	if now.Sub(m.learnt.at) >= learnEvery {
		before := m.learnt
		m.learnt = totals{
			at: now, bytes: received + sent, cellBytes: n.host.CellBytes(), cells: m.cells.Load(), heights: m.heights.Load(), newest: n.newest(),
		}
		n.strength.learn(m.learnt.since(before))
	}
	if now.Sub(m.saved) < saveEvery {
		return nil
	}
	m.saved = now
	return n.saveSpent()
}

// saveSpent writes down what was spent. A full disk has other ways to make itself felt.
func (n *Node) saveSpent() error {
	if err := n.strength.save(); err != nil && !errors.Is(err, disk.ErrFull) {
		return err
	}
	return nil
}

// since returns what came of the time since an earlier look, nothing if that was none.
func (t totals) since(before totals) (look costs) {
	if before.at.IsZero() || before.newest == 0 || !t.at.After(before.at) {
		return look
	}
	cellBytes := max(t.cellBytes-before.cellBytes, 0)
	return costs{
		blocks: float64(t.newest - min(before.newest, t.newest)), heights: float64(t.heights - before.heights),
		seconds: t.at.Sub(before.at).Seconds(), cells: float64(t.cells - before.cells), cellBytes: float64(cellBytes),
		otherBytes: float64(max(t.bytes-before.bytes-cellBytes, 0)),
	}
}

// openStrength reads what was set, spent and, for a phone, checked before.
func (n *Node) openStrength() (err error) {
	if n.strength, err = openStrength(n.config, n.db); err != nil {
		return err
	}
	if err := n.heights.newestRows(usualKs, n.strength.met); err != nil {
		return err
	}
	if n.config.Profile == ProfilePhone {
		n.phone, err = openPhone(n.db, n.strength.samples(mostRows))
	}
	return err
}

// newestRows calls visit with the rows of the squares of up to so many of the newest heights,
// where they are known, in no order.
func (t *heights) newestRows(most int, visit func(k int)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.known) - 1; i >= 0; i-- {
		for height := t.known[i].high; height >= t.known[i].low; height-- {
			if most--; most < 0 {
				return nil
			}
			r, err := t.get(height)
			if err != nil {
				return err
			}
			if r != nil {
				visit(r.K)
			}
		}
	}
	return nil
}

// Change changes settings while the node runs. They survive a restart, unless that is with
// another configuration. More samples are added to heights that are pending, whose
// coordinates stay; fewer count for new heights.
func (n *Node) Change(_ context.Context, change Change) (*StrengthReport, error) {
	if err := n.strength.change(change, n.config.Now()); err != nil {
		return nil, err
	}
	n.heights.hurry()
	strong, _ := n.strength.report()
	n.config.Log.Info("settings changed", "samples", strong.Drawn, "confidence", strong.Reached, "usual_rows", strong.Rows, "data_budget", strong.DataBudget)
	return &strong, nil
}
