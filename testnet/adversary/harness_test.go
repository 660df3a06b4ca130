package adversary

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode/rebuild"
	"github.com/ashlar-da/ashlar/lightnode"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// serve starts a host that serves headers and squares; nil ones are not served.
func serve(t testing.TB, headers p2p.HeaderSource, squares p2p.SquareSource) *p2p.Host {
	t.Helper()
	config := p2p.Config{ChainID: chainID, Headers: headers, Squares: squares, RequestTimeout: time.Minute}
	if squares != nil {
		config.Holdings = holdings{squares}
	}
	return rig.Host(t, config)
}

// rebuilt has a full node that knows one host rebuild a height from what that serves.
func rebuilt(t *testing.T, c *chain, height uint64, host *p2p.Host) (*rebuild.Block, error) {
	t.Helper()
	full := serve(t, nil, nil)
	if _, err := full.Connect(t.Context(), host.Addresses()[0]); err != nil {
		t.Fatal(err)
	}
	rebuilder, err := rebuild.New(rebuild.Config{Host: full, Setup: testSetup(t), Patience: 10 * time.Second, Log: rig.Log(t, slog.LevelInfo)})
	if err != nil {
		t.Fatal(err)
	}
	return rebuilder.Rebuild(t.Context(), height, [da.HashSize]byte(c.at(height).header.Signed.Hash()))
}

// serveAll starts a host for each of several adversaries.
func serveAll(t testing.TB, n int, headers p2p.HeaderSource, squares p2p.SquareSource) (hosts []*p2p.Host) {
	t.Helper()
	for range n {
		hosts = append(hosts, serve(t, headers, squares))
	}
	return hosts
}

// raw starts hosts that answer requests of some protocols as given.
func raw(t testing.TB, n int, answers map[p2p.Protocol]answer) (addresses []string) {
	t.Helper()
	for range n {
		r, err := NewRaw(chainID)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		for protocol, then := range answers {
			r.Answer(protocol, then)
		}
		addresses = append(addresses, r.Address())
	}
	return addresses
}

func addressesOf(hosts ...*p2p.Host) (addresses []string) {
	for _, host := range hosts {
		addresses = append(addresses, host.Addresses()[0])
	}
	return addresses
}

// light is a light node that runs.
type light struct {
	*lightnode.Node
	t       testing.TB
	metrics *prometheus.Registry
	ended   chan error // what Run returned
	stop    func()
}

// lightConfig configures a light node that begins with a chain's first header and knows peers
// by their addresses.
func lightConfig(t testing.TB, c *chain, peers ...string) lightnode.Config {
	t.Helper()
	return lightnode.Config{
		Home: t.TempDir(), ChainID: chainID, Trust: c.trust(), Peers: peers, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Metrics: prometheus.NewRegistry(),
		Deadline: 4 * time.Second, RequestTimeout: 2 * time.Second, Poll: 100 * time.Millisecond, CommitEvery: 1, Log: rig.Log(t, slog.LevelInfo),
	}
}

// start runs a light node until the test ends.
func start(t testing.TB, config lightnode.Config) *light {
	t.Helper()
	n, err := lightnode.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &light{Node: n, t: t, metrics: config.Metrics, ended: make(chan error, 1), stop: cancel}
	done := make(chan struct{})
	go func() {
		l.ended <- n.Run(ctx)
		close(done)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return l
}

// report returns what is known of a height, nil before anything is.
func (l *light) report(height uint64) *lightnode.AvailabilityReport {
	l.t.Helper()
	report, err := l.Availability(l.t.Context(), height)
	if errors.Is(err, da.ErrNotFound) || errors.Is(err, da.ErrFutureHeight) {
		return nil
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return report
}

// verdict is pending of a height of which nothing is known.
func (l *light) verdict(height uint64) sampling.Verdict {
	l.t.Helper()
	if report := l.report(height); report != nil {
		return report.Verdict
	}
	return sampling.Pending
}

// becomes waits for a verdict.
func (l *light) becomes(height uint64, want sampling.Verdict) {
	l.t.Helper()
	rig.Await(l.t, "the verdict is "+want.String(), func() bool { return l.verdict(height) == want })
}

// tried waits until a height was sampled up to its deadline.
func (l *light) tried(height uint64) {
	l.t.Helper()
	rig.Await(l.t, "the height was sampled up to its deadline", func() bool {
		report := l.report(height)
		return report != nil && report.Checked != nil
	})
}

// neverAvailable fails the test if a height is or was ever called available.
func (l *light) neverAvailable(height uint64) {
	l.t.Helper()
	if got := l.verdict(height); got == sampling.Available {
		l.t.Errorf("height %d is %v", height, got)
	}
}

func (l *light) status() *lightnode.Status {
	l.t.Helper()
	status, err := l.Status(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return status
}

// counted returns the sum of a metric over its labels, or those of them that have a value.
func (l *light) counted(name string, values ...string) (sum float64) {
	l.t.Helper()
	families, err := l.metrics.Gather()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			counts := len(values) == 0
			for _, label := range metric.GetLabel() {
				counts = counts || slices.Contains(values, label.GetValue())
			}
			if counts {
				sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// bans is how many peers the node has banned.
func (l *light) bans() int { return int(l.counted("ashlar_p2p_bans_total")) }

// connected tells whether a host is connected to the light node.
func (l *light) connected(host *p2p.Host) bool {
	for _, id := range host.Peers() {
		if id.String() == l.status().PeerID {
			return true
		}
	}
	return false
}
