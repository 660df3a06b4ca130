package p2p

import (
	"time"

	libp2pmetrics "github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/prometheus/client_golang/prometheus"
)

// negotiation labels what a stream carries before both sides agree on its protocol.
const negotiation = "negotiation"

// traffic counts the bytes of streams by protocol. What secures, multiplexes and carries
// streams comes on top. It answers none of the questions of a libp2p reporter, which
// nobody asks.
type traffic struct {
	bytes  *prometheus.CounterVec // by protocol and direction
	volume *volume
	cells  protocol.ID
}

var _ libp2pmetrics.Reporter = traffic{}

func (t traffic) count(n int64, id protocol.ID, direction string) {
	if id == "" {
		id = negotiation
	}
	t.bytes.WithLabelValues(string(id), direction).Add(float64(n))
	t.volume.streams.Add(n)
	if id == t.cells && direction == "received" {
		t.volume.cells.Add(n)
	}
}

// LogSentMessageStream implements metrics.Reporter.
func (t traffic) LogSentMessageStream(n int64, id protocol.ID, _ peer.ID) { t.count(n, id, "sent") }

// LogRecvMessageStream implements metrics.Reporter.
func (t traffic) LogRecvMessageStream(n int64, id protocol.ID, _ peer.ID) { t.count(n, id, "received") }

// LogSentMessage implements metrics.Reporter.
func (traffic) LogSentMessage(int64) {}

// LogRecvMessage implements metrics.Reporter.
func (traffic) LogRecvMessage(int64) {}

// GetBandwidthForPeer implements metrics.Reporter.
func (traffic) GetBandwidthForPeer(peer.ID) (none libp2pmetrics.Stats) { return none }

// GetBandwidthForProtocol implements metrics.Reporter.
func (traffic) GetBandwidthForProtocol(protocol.ID) (none libp2pmetrics.Stats) { return none }

// GetBandwidthTotals implements metrics.Reporter.
func (traffic) GetBandwidthTotals() (none libp2pmetrics.Stats) { return none }

// GetBandwidthByPeer implements metrics.Reporter.
func (traffic) GetBandwidthByPeer() map[peer.ID]libp2pmetrics.Stats { return nil }

// GetBandwidthByProtocol implements metrics.Reporter.
func (traffic) GetBandwidthByProtocol() map[protocol.ID]libp2pmetrics.Stats { return nil }

// Reset implements metrics.Reporter.
func (traffic) Reset() {}

// TrimIdle implements metrics.Reporter.
func (traffic) TrimIdle(time.Time) {}
