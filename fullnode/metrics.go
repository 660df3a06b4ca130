package fullnode

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// newMetrics registers what the node itself tells; libp2p adds its own. CometBFT's are
// served where config.toml's section instrumentation says.
func (n *Node) newMetrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("chain_height", "Newest block committed.", func() float64 { return float64(n.abci.committed.Load()) }),
		gauge("store_head", "Newest height whose square is stored.", func() float64 { return float64(n.store.Head()) }),
		gauge("store_tail", "Oldest height whose square is stored.", func() float64 { return float64(n.store.Tail()) }),
		gauge("store_damaged", "Stored heights found corrupt and not mended.", func() float64 { return float64(len(n.store.Damaged())) }),
		gauge("store_lost", "Heights whose square is missing and is to be rebuilt from what peers hold.", func() float64 { return float64(n.rebuilding.count()) }),
		gauge("disk_free_bytes", "Free space of the disk with the squares, or with CometBFT's databases if that has less.", func() float64 { return float64(n.store.DiskFree()) }),
		gauge("disk_full", "1 while so little is free that nothing is accepted, else 0.", func() float64 {
			if n.store.DiskFull() {
				return 1
			}
			return 0
		}),
		gauge("mempool_transactions", "Transactions waiting for a block.", func() float64 { return float64(n.comet.Mempool().Size()) }),
		gauge("mempool_bytes", "Bytes of transactions waiting for a block.", func() float64 { return float64(n.comet.Mempool().SizeBytes()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "ashlar", Name: "mempool_kzg_verifications_total", Help: "Envelopes verified by KZG before they entered the mempool, or were refused for it.",
		}, func() float64 { return float64(n.app.Verifications()) }),
		n.times.held, n.times.verify,
		gauge("chain_peers", "Peers of CometBFT.", func() float64 { return float64(n.comet.Switch().Peers().Size()) }),
	)
	return registry
}

func gauge(name, help string, value func() float64) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "ashlar", Name: name, Help: help}, value)
}

// times are how often the application was called and how long that took.
type times struct {
	held   *prometheus.SummaryVec // by call
	verify prometheus.Summary
}

func newTimes() times {
	return times{
		held: prometheus.NewSummaryVec(prometheus.SummaryOpts{
			Namespace: "ashlar", Name: "abci_held_seconds", Help: "How long calls of the application held ABCI's one mutex.",
		}, []string{"call"}),
		verify: prometheus.NewSummary(prometheus.SummaryOpts{
			Namespace: "ashlar", Name: "mempool_verify_seconds", Help: "How long KZG of transactions took before they entered the mempool, for as many at once as waited.",
		}),
	}
}

// held notes how long a call held ABCI's mutex.
func (n *Node) held(call string, took time.Duration) {
	n.times.held.WithLabelValues(call).Observe(took.Seconds())
}
