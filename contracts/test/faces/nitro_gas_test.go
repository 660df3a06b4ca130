package faces

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/da"
)

// TestNitroGas: what Nitro's one-step prover pays for an answer, each a transaction of its own, is in testdata/nitro_gas.md.
func TestNitroGas(t *testing.T) {
	w, c := newNitro(t)
	g := &table{TB: t}
	g.nitroReads(c)
	g.nitroCertificates(w, c)
	g.section("Deployment", "gas")
	g.row("`AshlarNitro`", c.Deployed.GasUsed)
	const file = "testdata/nitro_gas.md"
	if *update {
		if err := os.WriteFile(file, g.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, g.Bytes()) {
		t.Errorf("gas has changed; go test ./faces -run NitroGas -update rewrites %s:\n%s", file, g.String())
	}
}

func (g *table) nitroReads(c *evm.Contract) {
	g.section("AshlarNitro.validateReadPreimage: 32 bytes of a batch", "gas", "of which calldata and the transaction", "bytes of calldata")
	for _, row := range []struct {
		name   string
		size   int
		offset uint64
	}{
		{"two scalars, a batch of one row", 5000, 64},
		{"the last bytes, in one scalar", 5000, 4992},
		{"behind the end", 5000, 5024},
		{"two scalars, two rows", da.DataRowSize + 5, 64},
		{"two scalars, sixteen rows, the largest batch", da.MaxTxOwnRows * da.DataRowSize, 64},
	} {
		n := newBatch(g, dataBlob(2, row.size))
		args := []any{da.Keccak256(n.certificate), number(row.offset), n.proof(g, row.offset)}
		gas, size := g.transaction(c, "validateReadPreimage", args...)
		g.row(row.name, gas, intrinsic(c.Pack(g, "validateReadPreimage", args...)), size)
	}
}

func (g *table) nitroCertificates(w *world, c *evm.Contract) {
	const height = 5408 // of 32 leaves in a mountain, with all other mountains beside it
	remembered, shown := w.attest(g, gasHeights), w.certify(g, gasHeights+1)
	j := newJudgement(g, remembered, height, 1)
	g.section(fmt.Sprintf("AshlarNitro.validateCertificate: %d nodes of history, %d of the blob tree", len(j.evidence.Place.History), int(j.certificate[106])), "gas", "bytes of calldata")
	ask := func(name, method string, args ...any) {
		gas, size := g.transaction(c, method, args...)
		g.row(name, gas, size)
	}
	ask("valid, under a root that the light client remembers", "validateCertificate", calldata.NitroProof(j.certificate, j.answer(1)))
	fresh := newJudgement(g, shown, height, 1)
	ask(fmt.Sprintf("valid, with a certificate of %d attesters that it is shown", attesters), "validateCertificate", calldata.NitroProof(fresh.certificate, fresh.answer(1)))
	other := newJudgement(g, remembered, height, 1)
	other.certificate[42] ^= 1
	ask("invalid, under a root that it remembers", "validateCertificate", calldata.NitroProof(other.certificate, other.answer(0)))
	ask("malformed", "validateCertificate", calldata.NitroProof(append(bytes.Clone(j.certificate), 0), []byte{0}))
	ask("`settle`, under a root that it remembers", "settle", j.certificate, j.answer(1))
	ask("settled", "validateCertificate", calldata.NitroProof(j.certificate, []byte{1}))
}
