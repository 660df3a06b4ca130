package lightnode

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/sampling"
)

// metrics count what a node does. What it knows is read off when asked for.
type metrics struct {
	verdicts *prometheus.CounterVec // verdicts reached, by verdict; a revision counts again
	cells    prometheus.Counter     // cells delivered and verified
	blobs    prometheus.Counter     // blobs of the namespace delivered
	requests *prometheus.CounterVec // requests for cells, by outcome
	alarms   prometheus.Counter     // alarms raised
}

func metricName(s string) string { return "ashlar_light_" + s }

func newMetrics(n *Node) (*metrics, error) {
	counter := func(s, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: metricName(s), Help: help}
	}
	m := &metrics{
		verdicts: prometheus.NewCounterVec(counter("verdicts_total", "Verdicts reached; a revised one counts again."), []string{"verdict"}),
		cells:    prometheus.NewCounter(counter("cells_verified_total", "Sampled cells that verified.")),
		blobs:    prometheus.NewCounter(counter("namespace_blobs_total", "Blobs of the namespace followed that were delivered.")),
		requests: prometheus.NewCounterVec(counter("cell_requests_total", "Requests to peers for one sampled cell each, by what came of them."), []string{"outcome"}),
		alarms:   prometheus.NewCounter(counter("alarms_total", "Alarms raised.")),
	}
	for outcome := sampling.Refused; outcome <= sampling.Verified; outcome++ {
		m.requests.WithLabelValues(label(outcome)) // there from the start, at 0
	}
	for _, c := range append(gauges(n), m.verdicts, m.cells, m.blobs, m.requests, m.alarms) {
		if err := n.config.Metrics.Register(c); err != nil {
			return nil, fmt.Errorf("lightnode: metrics: %w", err)
		}
	}
	return m, nil
}

// gauges are read off the node when they are asked for.
func gauges(n *Node) (collectors []prometheus.Collector) {
	gauge := func(s, help string, labels prometheus.Labels, value func() float64) {
		options := prometheus.GaugeOpts{Name: metricName(s), Help: help, ConstLabels: labels}
		collectors = append(collectors, prometheus.NewGaugeFunc(options, value))
	}
	age := func(at time.Time) float64 {
		if at.IsZero() {
			return 0
		}
		return n.config.Now().Sub(at).Seconds()
	}
	gauge("head_height", "The newest verified height.", nil, func() float64 { return float64(n.heights.summary().newest) })
	gauge("head_age_seconds", "Time since the newest verified block; 0 before there is one.", nil, func() float64 { return age(n.headTime()) })
	gauge("contact_age_seconds", "Time since a peer last gave a header that verifies.", nil, func() float64 { return age(time.Unix(0, n.contact.Load())) })
	gauge("oldest_pending_seconds", "How long the height that is pending longest has been so; 0 if none is.", nil, func() float64 { return age(n.heights.summary().pendingSince) })
	gauge("min_confidence", "The least confidence of an available height; 1 if there is none.", nil, func() float64 { return n.heights.summary().minConfidence })
	gauge("samples", "Cells drawn of a block of the usual size.", nil, func() float64 { strong, _ := n.strength.report(); return float64(strong.Drawn) })
	gauge("data_used_today_bytes", "Bytes received and sent today, by date in UTC.", nil, func() float64 { _, data := n.strength.report(); return float64(data.UsedToday) })
	gauge("resting", "1 while the node is disconnected, for want of data budget or as a phone that sleeps.", nil, func() float64 { return float64(flag(n.host.Resting())) })
	gauge("kept_bytes", "Bytes of sampled cells kept.", nil, func() float64 { bytes, _ := n.ring.usage(); return float64(bytes) })
	gauge("witnesses", "Peers, each in a subnet of its own, that were found to have the last header.", nil, func() float64 { return float64(n.chain.witnesses.Load()) })
	gauge("alarm", "1 while the node cannot do its work.", nil, func() float64 { return float64(flag(len(n.currentAlarms()) > 0)) })
	for verdict := sampling.Pending; verdict <= sampling.Invalid; verdict++ {
		gauge("heights", "Heights in the sampling window, by verdict.", prometheus.Labels{"verdict": verdict.String()},
			func() float64 { return float64(n.heights.summary().counts[verdict]) })
	}
	return collectors
}

// asked counts what came of asking a peer for cells.
func (m *metrics) asked(tally sampling.Tally) {
	for outcome, n := range map[sampling.Outcome]int{
		sampling.Verified: tally.Verified, sampling.Refused: tally.Refused, sampling.TimedOut: tally.TimedOut, sampling.Garbled: tally.Garbled,
	} {
		m.requests.WithLabelValues(label(outcome)).Add(float64(n))
	}
}

// label names an outcome as labels are written.
func label(outcome sampling.Outcome) string { return strings.ReplaceAll(outcome.String(), " ", "_") }

// headTime returns when the newest verified block was made, zero if there is none.
func (n *Node) headTime() time.Time {
	head, err := n.heights.get(n.heights.summary().newest)
	if err != nil || head == nil {
		return time.Time{}
	}
	return head.Time
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}
