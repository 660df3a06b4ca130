package lightnode

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/sampling"
)

// TestWhatFollowingCosts counts the bytes of answers that a follower receives of a block beyond
// sampling, and prints them with -v. Blocks have 40 blobs of other namespaces beside what is
// followed.
func TestWhatFollowingCosts(t *testing.T) {
	t.Parallel()
	setup := testSetup(t)
	var others [][]byte
	for i := range 5 {
		var blobs []da.Blob
		for j := range 8 {
			blobs = append(blobs, testBlob(da.Namespace{27: byte(1 + i), 28: byte(10 + j)}, uint64(i*8+j), 100))
		}
		others = append(others, testEnvelope(setup, blobs...))
	}
	outside := da.Namespace{27: 200}
	for _, test := range []struct {
		name               string
		namespace          da.Namespace
		sizes              []int
		proven, recomputed [2]int // least and most bytes of answers
	}{
		{name: "outside of the block's namespaces", namespace: outside, recomputed: [2]int{4 * 2096, 10_000}},
		{name: "absent, between others", namespace: followedSpace, proven: [2]int{400, 1000}, recomputed: [2]int{4 * 2096, 10_000}},
		{"1,000 bytes", followedSpace, []int{1000}, [2]int{2096, 4000}, [2]int{5 * 2096, 20_000}},
		{"10,000 bytes", followedSpace, []int{10_000}, [2]int{6 * 2096, 15_000}, [2]int{10 * 2096, 31_000}},
		{"100,000 bytes", followedSpace, []int{100_000}, [2]int{51 * 2096, 110_000}, [2]int{55 * 2096, 126_000}},
		{"1,000,000 bytes", followedSpace, []int{1_000_000}, [2]int{7 * 131_072, 1_100_000}, [2]int{7 * 131_072, 1_120_000}},
	} {
		txs := others
		for i, size := range test.sizes {
			txs = append([][]byte{testEnvelope(setup, testBlob(followedSpace, uint64(i), size))}, txs...)
		}
		square, err := newSquare(setup, txs...)
		if err != nil {
			t.Fatal(err)
		}
		chain := newBlobChain(t, square)
		_, host := chain.serveBlobs(t)
		proven, recomputed := followingCost(t, chain, host, test.namespace, false), followingCost(t, chain, host, test.namespace, true)
		t.Logf("%-34s %9d %9d with --verify-index", test.name, proven, recomputed)
		if proven < test.proven[0] || proven > test.proven[1] || recomputed < test.recomputed[0] || recomputed > test.recomputed[1] {
			t.Errorf("%s: %d and %d bytes, want within %v and %v", test.name, proven, recomputed, test.proven, test.recomputed)
		}
	}
}

// followingCost reads what height 1 has of a namespace, and returns how many bytes answers took.
func followingCost(t *testing.T, chain *blobChain, host *p2p.Host, namespace da.Namespace, verify bool) int {
	t.Helper()
	config := testConfig(t, chain.testBlocks, host)
	config.Metrics = prometheus.NewRegistry()
	n, stop := start(t, config)
	defer stop()
	awaitVerdict(t, n, 1, sampling.Available)
	before := answered(t, config.Metrics)
	f := &following{node: n, config: Follow{Namespace: namespace, VerifyIndex: verify}}
	found, err := f.at(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range found.entries {
		if _, err := f.blob(t.Context(), found, &found.entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	return answered(t, config.Metrics) - before
}

// answered returns the bytes received of answers about squares.
func answered(t *testing.T, registry *prometheus.Registry) (bytes int) {
	t.Helper()
	for _, family := range must(registry.Gather()) {
		if family.GetName() != "ashlar_p2p_stream_bytes_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := ""
			for _, label := range metric.GetLabel() {
				labels += " " + label.GetValue()
			}
			about := strings.Contains(labels, "/cells/") || strings.Contains(labels, "/rows/") || strings.Contains(labels, "/namespace/")
			if about && strings.Contains(labels, "received") {
				bytes += int(metric.GetCounter().GetValue())
			}
		}
	}
	return bytes
}
