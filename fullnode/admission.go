package fullnode

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtsync "github.com/cometbft/cometbft/libs/sync"
	"github.com/cometbft/cometbft/mempool"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app"
)

const (
	// batchTxs and batchBytes bound what is verified together.
	batchTxs   = 32
	batchBytes = 4 << 20
)

// admission verifies transactions before CometBFT's mempool asks the application about them, which
// it does under the one mutex that consensus needs too: it holds that for the cheap checks alone,
// and has KZG computed beside it, for many transactions at once. Everything that gossip and the
// API bring goes through it; what CometBFT's own RPC takes is verified in CheckTx.
type admission struct {
	app   *app.App
	mutex *cmtsync.Mutex // ABCI's
	// closed tells that transactions of a size are not let in: CometBFT's mempool says why.
	closed func(size int) bool
	// halted is closed when the application will never answer again.
	halted <-chan struct{}
	lineup *lineup
	timing admissionTiming
	log    *slog.Logger

	// most is how many are verified together: few after one of them was false, so that looking
	// for it stays cheap. Run alone uses it.
	most int

	running context.Context // ends with Run
	stop    context.CancelFunc
}

// admissionTiming is what admission tells of itself.
type admissionTiming struct {
	held, verify func(time.Duration)
}

func newAdmission(application *app.App, mutex *cmtsync.Mutex, closed func(int) bool, halted <-chan struct{}, timing admissionTiming, log *slog.Logger) *admission {
	running, stop := context.WithCancel(context.Background())
	return &admission{
		app: application, mutex: mutex, closed: closed, halted: halted, timing: timing, log: log,
		lineup: newLineup(), most: 1, running: running, stop: stop,
	}
}

// Run verifies what comes until ctx ends, and lets go of those who wait then. It waits for the batch
// at hand, unless the application halted: that holds ABCI's mutex for ever.
func (a *admission) Run(ctx context.Context) error {
	defer a.stop()
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		a.work(ctx)
	}()
	<-ctx.Done()
	select {
	case <-idle:
	case <-a.halted:
	}
	return nil
}

func (a *admission) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.lineup.ready:
			a.next()
		}
	}
}

// checked is what CometBFT's mempool, or admission before it, says of a transaction.
type checked struct {
	response *abci.ResponseCheckTx // nil: the mempool gave none
	err      error
}

// check has a transaction of the API verified, and then checked by CometBFT's mempool.
func (a *admission) check(ctx context.Context, tx []byte, pool mempool.Mempool) checked {
	done := make(chan checked, 1)
	s := &submission{raw: tx, deliver: func(refusal *abci.ResponseCheckTx) {
		c := checked{response: refusal}
		defer func() { done <- c }()
		if refusal == nil {
			c.err = pool.CheckTx(tx, func(r *abci.ResponseCheckTx) { c.response = r }, mempool.TxInfo{})
		}
	}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.running, cancel)()
	if err := a.lineup.enter(ctx, s); err != nil {
		return checked{err: a.gaveUp(err)}
	}
	select {
	case c := <-done:
		return c
	case <-ctx.Done():
		return checked{err: a.gaveUp(ctx.Err())}
	}
}

// gaveUp says why a transaction was not waited for.
func (a *admission) gaveUp(err error) error {
	if a.running.Err() != nil {
		return fmt.Errorf("%w: it is being stopped", api.ErrSyncing)
	}
	return fmt.Errorf("the transaction is still being verified: %w", err)
}

// next verifies the next batch, and hands it on in order.
func (a *admission) next() {
	batch := a.lineup.take(a.most, batchBytes)
	arrivals := a.reserve(batch)
	a.lineup.putBack(batch[len(arrivals):])
	a.settle(arrivals)
	for i, x := range arrivals {
		a.survive(func() { batch[i].deliver(x.Refusal) })
		a.lineup.done(batch[i])
	}
}

// reserve has the application check a batch but for KZG, up to the first that displaces others,
// since what comes after that may count on it, or to one that depends on those before it.
func (a *admission) reserve(batch []*submission) []*app.Arrival {
	var arrivals []*app.Arrival
	for _, s := range batch {
		x := new(app.Arrival)
		if !a.closed(len(s.raw)) {
			a.survive(func() {
				if x = a.app.Inspect(s.raw); x.Open() {
					a.hold(x)
				}
			})
		}
		if x.Later && len(arrivals) > 0 {
			break
		}
		arrivals = append(arrivals, x)
		if x.Displaces {
			break
		}
	}
	return arrivals
}

// hold reserves a place under ABCI's mutex.
func (a *admission) hold(x *app.Arrival) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	started := time.Now()
	defer func() { a.timing.held(time.Since(started)) }()
	a.app.Reserve(x)
}

// settle has KZG computed. After false blobs a batch is one transaction, and then one more for each
// that was good.
func (a *admission) settle(arrivals []*app.Arrival) {
	started := time.Now()
	good, bad := 0, 1
	a.survive(func() { good, bad = a.app.Settle(arrivals) })
	a.timing.verify(time.Since(started))
	if a.most = min(a.most+good, batchTxs); bad > 0 {
		a.most = 1
	}
}

// survive outlives a panic: elsewhere CometBFT or the HTTP server recovers from what a
// transaction brings about.
func (a *admission) survive(step func()) {
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("a transaction made the node panic", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	step()
}
