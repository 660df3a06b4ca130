package attesting

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what is signed and collected.
type metrics struct {
	signed   prometheus.Counter
	refused  *prometheus.CounterVec // by reason
	evidence prometheus.Counter
	delay    prometheus.Summary

	// newest is the newest height with a certificate, signed and total its signers' power and all.
	newest, power, total atomic.Uint64
	head                 atomic.Uint64
}

func newMetrics() *metrics {
	return &metrics{
		signed: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "ashlar", Name: "attestations_signed_total", Help: "Heights that this node attested.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "ashlar", Name: "attestations_refused_total", Help: "Heights that this node did not attest, by the reason.",
		}, []string{"reason"}),
		evidence: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "ashlar", Name: "attestations_false_total", Help: "Attestations of validators that are not the chain's.",
		}),
		delay: prometheus.NewSummary(prometheus.SummaryOpts{
			Namespace: "ashlar", Name: "certificate_seconds", Help: "From this node's commit of a height to its certificate.",
			Objectives: map[float64]float64{0.5: 0.01, 0.9: 0.01, 0.99: 0.001},
		}),
	}
}

// note notes a certificate.
func (m *metrics) note(height, power, total uint64) {
	if height >= m.newest.Load() {
		m.newest.Store(height)
		m.power.Store(power)
		m.total.Store(total)
	}
}

// collectors are what a registry takes.
func (m *metrics) collectors() []prometheus.Collector {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "ashlar", Name: name, Help: help}, value)
	}
	return []prometheus.Collector{
		m.signed, m.refused, m.evidence, m.delay,
		gauge("certificate_height", "Newest height with a certificate.", func() float64 { return float64(m.newest.Load()) }),
		gauge("certificate_lag_blocks", "Stored heights above the newest certificate.", func() float64 {
			return max(0, float64(m.head.Load())-float64(m.newest.Load()))
		}),
		gauge("certificate_signed_share", "Share of all voting power that signed the newest certificate.", func() float64 {
			return float64(m.power.Load()) / max(1, float64(m.total.Load()))
		}),
	}
}
