package fullnode

import (
	"errors"
	"testing"

	"github.com/ashlar-da/ashlar/fullnode/attesting"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/testnet/adversary"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// newForger runs a host that has the certificates of a node, and forges them.
func newForger(t *testing.T, of *runningNode) *p2p.Host {
	t.Helper()
	return rig.Host(t, p2p.Config{ChainID: testChain, Certificates: adversary.ForgeCertificates{CertificateSource: of.attesting}})
}

// counted is the value of a counter of a node, over all its labels.
func (n *runningNode) counted(t *testing.T, name string) (sum float64) {
	t.Helper()
	families, err := n.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			sum += metric.GetCounter().GetValue()
		}
	}
	return sum
}

// unattested counts the heights up to one without a certificate. Those that there are must verify.
func (n *runningNode) unattested(t *testing.T, last uint64) (absent uint64) {
	t.Helper()
	for height := uint64(1); height <= last; height++ {
		found, err := n.attesting.CertificateOf(height)
		if errors.Is(err, attesting.ErrNotAttested) {
			absent++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		set, err := n.app.AttesterSet(found.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		if err := found.Verify(testChain, set); err != nil || found.Height != height {
			t.Errorf("height %d: the certificate of height %d: %v", height, found.Height, err)
		}
	}
	return absent
}

// TestMissedCertificatesComeFromPeers: a node that joins late, and whose only peer forges what it asks for, keeps none of it;
// with an honest peer it has the certificate of every height, and the rotations, as if it had been there.
func TestMissedCertificatesComeFromPeers(t *testing.T) {
	t.Parallel()
	const old, epochs = 42, 2 // more than nodes tell again
	validator := startNode(t, newAttester(t))
	validator.waitCertificate(t, old+10)

	cfg := newFollower(t, validator)
	cfg.Libp2p.Peers = newForger(t, validator).Addresses()[:1]
	follower := startNode(t, cfg)
	await(t, "the forger is caught", func() bool { return follower.counted(t, "ashlar_p2p_garbage_total") >= 2 })
	if absent := follower.unattested(t, old); absent < old/2 { // blocks carry some
		t.Errorf("%d of %d heights have no certificate where nobody gave one", absent, old)
	}
	if fetched := follower.counted(t, "ashlar_certificates_fetched_total"); fetched > 0 {
		t.Errorf("%g of what the forger gave was kept", fetched)
	}

	if _, err := follower.host.Connect(t.Context(), validator.Addresses()[0]); err != nil {
		t.Fatal(err)
	}
	for height := uint64(1); height <= old; height++ {
		follower.waitCertificate(t, height)
	}
	if absent := follower.unattested(t, old); absent > 0 {
		t.Errorf("%d of %d heights have no certificate", absent, old)
	}
	for epoch := range uint64(epochs) {
		await(t, "the rotation is there", func() bool {
			_, err := follower.attesting.SignedRotation(epoch)
			return err == nil
		})
		own, first := validator.attesting.SignedRotation(epoch)
		got, second := follower.attesting.SignedRotation(epoch)
		if err := errors.Join(first, second); err != nil || *own != *got {
			t.Errorf("the rotation of epoch %d is %+v, want %+v: %v", epoch, got, own, err)
		}
	}
	if _, err := newTestClient(t, follower).Certificate(t.Context(), old); err != nil {
		t.Errorf("a user of the node follows the sets: %v", err)
	}
}
