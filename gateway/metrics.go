package gateway

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
)

// meter counts what a Core does.
type meter struct {
	ops          *prometheus.CounterVec
	seconds      *prometheus.HistogramVec
	bytes        prometheus.Counter
	panics       prometheus.Counter
	index, chain prometheus.Gauge
}

func newMeter(into prometheus.Registerer) (*meter, error) {
	m := &meter{
		ops: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ashlar_gateway_operations_total", Help: "Puts and gets by how they ended.",
		}, []string{"operation", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ashlar_gateway_seconds", Help: "How long puts took to be final, and gets to be verified.",
			Buckets: []float64{0.01, 0.05, 0.2, 0.5, 1, 2, 4, 8, 16, 32, 64, 128},
		}, []string{"operation"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{Name: "ashlar_gateway_put_bytes_total", Help: "Bytes of puts that are final."}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ashlar_gateway_panics_total", Help: "Requests, connections and looks at the chain that a mistake in the program ended.",
		}),
		index: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ashlar_gateway_index_height", Help: "The height up to which the namespace was read."}),
		chain: prometheus.NewGauge(prometheus.GaugeOpts{Name: "ashlar_gateway_chain_height", Help: "The chain's height, on a node's word."}),
	}
	if into == nil {
		return m, nil
	}
	for _, collector := range []prometheus.Collector{m.ops, m.seconds, m.bytes, m.panics, m.index, m.chain} {
		if err := into.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *meter) put(began time.Time, size int, err error) {
	m.done("put", began, err)
	if err == nil {
		m.bytes.Add(float64(size))
	}
}

func (m *meter) get(began time.Time, err error) { m.done("get", began, err) }

func (m *meter) done(operation string, began time.Time, err error) {
	m.ops.WithLabelValues(operation, outcome(err)).Inc()
	m.seconds.WithLabelValues(operation).Observe(time.Since(began).Seconds())
}

// outcome names how an operation ended.
func outcome(err error) string {
	for _, known := range []struct {
		err  error
		name string
	}{
		{da.ErrNotFound, "not_found"},
		{da.ErrPruned, "pruned"},
		{da.ErrTooLarge, "too_large"},
		{da.ErrInvalidBlob, "invalid"},
		{ErrBehind, "behind"},
		{ErrBusy, "busy"},
		{ErrUnavailable, "unavailable"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	if err != nil {
		return "failed"
	}
	return "ok"
}
