package test

import (
	"testing"

	"github.com/ashlar-da/ashlar/contracts/test/committee"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
)

// TestAttest: certificates of sets of all sizes are accepted, by the client and by da.Certificate.Verify alike.
func TestAttest(t *testing.T) {
	for _, n := range []int{1, 20, 100, 200, 256} {
		chain := evm.New(t)
		c := committee.New(t, n, chain.Now(t))
		client := c.Deploy(t, chain)
		t.Logf("%d: deployed with %d gas", n, client.Deployed.GasUsed)
		missing := map[string][]int{"none": nil, "few": committee.Every(10, n), "many": committee.Every(4, n)}
		height := uint64(1000)
		for name, missing := range missing {
			height++
			cert := c.Certify(t, c.Attestation(t, height, chain.Now(t)), missing...)
			if err := cert.Verify(committee.ChainID, c.Set); err != nil {
				t.Fatal(err)
			}
			args := committee.Args(t, cert)
			client.Call(t, "verify", args...)
			receipt := client.Send(t, "attest", args...)
			t.Logf("%d attesters, %s missing: %d gas", n, name, receipt.GasUsed)
			got := client.Call(t, "attested", cert.HistoryRoot)
			if got[0] != cert.Height || got[1] != cert.Time {
				t.Errorf("attested %v, want height %d at %d", got, cert.Height, cert.Time)
			}
			again := client.Send(t, "attest", args...)
			t.Logf("again: %d gas", again.GasUsed)
		}
	}
}
