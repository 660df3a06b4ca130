package lightnode

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/sampling"
)

// metrics count what a node does. What it knows is read off when asked for.
type metrics struct {
	verdicts *prometheus.CounterVec // verdicts reached, by verdict; a revision counts again
	cells    prometheus.Counter     // cells delivered and verified
	blobs    prometheus.Counter     // blobs of the namespace delivered
}

func newMetrics(n *Node) (*metrics, error) {
	name := func(s string) string { return "ashlar_light_" + s }
	gauge := func(s, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name(s), Help: help}, value)
	}
	m := &metrics{
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: name("verdicts_total"), Help: "Verdicts reached; a revised one counts again."}, []string{"verdict"}),
		cells:    prometheus.NewCounter(prometheus.CounterOpts{Name: name("cells_verified_total"), Help: "Sampled cells that verified."}),
		blobs:    prometheus.NewCounter(prometheus.CounterOpts{Name: name("namespace_blobs_total"), Help: "Blobs of the namespace followed that were delivered."}),
	}
	collectors := []prometheus.Collector{
		m.verdicts, m.cells, m.blobs,
		gauge("head_height", "The newest verified height.", func() float64 { return float64(n.heights.summary().newest) }),
		gauge("kept_bytes", "Bytes of sampled cells kept.", func() float64 { bytes, _ := n.ring.usage(); return float64(bytes) }),
		gauge("witnesses", "Peers that the last header was compared with.", func() float64 { return float64(n.chain.witnesses.Load()) }),
		gauge("alarm", "1 while the node cannot do its work.", func() float64 { return float64(flag(n.alarmText() != "")) }),
	}
	for verdict := sampling.Pending; verdict <= sampling.Invalid; verdict++ {
		collectors = append(collectors, prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: name("heights"), Help: "Heights in the sampling window, by verdict.", ConstLabels: prometheus.Labels{"verdict": verdict.String()}},
			func() float64 { return float64(n.heights.summary().counts[verdict]) }))
	}
	for _, c := range collectors {
		if err := n.config.Metrics.Register(c); err != nil {
			return nil, fmt.Errorf("lightnode: metrics: %w", err)
		}
	}
	return m, nil
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}
