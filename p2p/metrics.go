package p2p

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/proto/wire"
)

// metrics count what a host does.
type metrics struct {
	served   *prometheus.CounterVec // requests answered, by protocol and status
	asked    *prometheus.CounterVec // requests made, by protocol and outcome
	verified prometheus.Counter
	garbage  prometheus.Counter
	bans     prometheus.Counter
	heads    *prometheus.CounterVec // announcements received, by verdict
	attested *prometheus.CounterVec // attesters' signatures received, by verdict
	bytes    *prometheus.CounterVec // of streams, by protocol and direction
	refused  *prometheus.CounterVec // by the limit that was reached
	peers    prometheus.GaugeFunc
}

func newMetrics(peers func() float64) *metrics {
	name := func(s string) string { return "ashlar_p2p_" + s }
	counter := func(s, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name(s), Help: help})
	}
	vector := func(s, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name(s), Help: help}, labels)
	}
	return &metrics{
		served:   vector("requests_served_total", "Requests of peers, by protocol and what they were answered.", "protocol", "status"),
		asked:    vector("requests_made_total", "Requests to peers, by protocol and what came of them.", "protocol", "outcome"),
		verified: counter("verified_cells_total", "Cells from peers that proved right."),
		garbage:  counter("garbage_total", "Answers and requests of peers that proved wrong."),
		bans:     counter("bans_total", "Bans of peers."),
		heads:    vector("heads_total", "Announcements received, by verdict.", "verdict"),
		attested: vector("attestations_total", "Attesters' signatures received, by verdict; limited are those that a peer sent too many of.", "verdict"),
		bytes:    vector("stream_bytes_total", "Bytes of streams, by protocol and direction; those of security, multiplexing and transport come on top.", "protocol", "direction"),
		refused:  vector("refusals_total", "Connections, streams and memory refused because a limit was reached, by the limit.", "limit"),
		peers:    prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name("peers"), Help: "Connected peers."}, peers),
	}
}

func (m *metrics) register(with prometheus.Registerer, more ...prometheus.Collector) error {
	if with == nil {
		return nil
	}
	for _, c := range append([]prometheus.Collector{m.served, m.asked, m.verified, m.garbage, m.bans, m.heads, m.attested, m.bytes, m.refused, m.peers}, more...) {
		if err := with.Register(c); err != nil {
			return fmt.Errorf("p2p: metrics: %w", err)
		}
	}
	return nil
}

// outcome labels an error of a request.
func outcome(err error) string {
	labels := []struct {
		err   error
		label string
	}{
		{nil, "ok"},
		{ErrGarbage, "garbage"},
		{ErrWrongChain, "wrong_chain"},
		{ErrUnsupported, "unsupported"},
		{ErrBanned, "banned"},
	}
	for _, l := range labels {
		if errors.Is(err, l.err) {
			return l.label
		}
	}
	if status := statusOf(err); status != wire.Status_STATUS_INTERNAL || errors.Is(err, ErrRemote) {
		return label(status)
	}
	return "failed"
}

// label names a status.
func label(status wire.Status) string {
	return strings.ToLower(strings.TrimPrefix(status.String(), "STATUS_"))
}
