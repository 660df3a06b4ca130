package faces

import (
	"bytes"
	"flag"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/contracts/test/evm"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

var update = flag.Bool("update", false, "rewrite testdata")

// table is the text of testdata/gas.md.
type table struct {
	testing.TB
	bytes.Buffer
}

func (g *table) section(title string, columns ...string) {
	if g.Len() > 0 {
		g.WriteString("\n")
	}
	g.WriteString("## " + title + "\n\n| | " + strings.Join(columns, " | ") + " |\n|" + strings.Repeat("---|", len(columns)+1) + "\n")
}

func (g *table) row(name string, values ...any) {
	line := "| " + name + " |"
	for _, value := range values {
		line += fmt.Sprintf(" %v |", value)
	}
	g.WriteString(line + "\n")
}

// transaction sends a call as a transaction of its own, and returns the gas it used and its calldata's bytes.
func (g *table) transaction(c *evm.Contract, method string, args ...any) (gas uint64, size int) {
	g.Helper()
	return c.Send(g, method, args...).GasUsed, len(c.Pack(g, method, args...))
}

// gasHeights is how long the history of the table is.
const gasHeights = 5413

// TestGas: what each question costs, as a transaction of its own, is in testdata/gas.md.
func TestGas(t *testing.T) {
	pointEvaluation()
	w := newWorld(t)
	g := &table{TB: t}
	h := w.attest(t, gasHeights)
	const height = 5408 // of 32 leaves in a mountain, with all other mountains beside it
	g.blobs(w, h, height)
	g.openings(w, h, height)
	g.faces(t)
	const file = "testdata/gas.md"
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
		t.Errorf("gas has changed; go test ./faces -run Gas -update rewrites %s:\n%s", file, g.String())
	}
}

func (g *table) blobs(w *world, h *history, height uint64) {
	p, place := blob(g, 0, height, 1), h.place(g, height)
	c := w.deploy(g, "AshlarBlobs", gasHeights)
	g.section(fmt.Sprintf("AshlarBlobs: %d nodes of history, %d of the blob tree, 2 rows", len(place.History), len(p.Tree)), "gas", "bytes of calldata")
	for _, row := range []struct {
		method string
		more   []any
	}{
		{"requireBlob", nil},
		{"requireKeccak", []any{p.Blob, p.Blob.DataKeccak}},
		{"requireVersionedHash", []any{p.Blob, big.NewInt(0), p.Blob.VersionedHashes[0]}},
		{"requireVersionedHashes", []any{p.Blob, p.Blob.VersionedHashes}},
	} {
		gas, size := g.transaction(c, row.method, append([]any{h.root, place, p.BlobId, p.Tree}, row.more...)...)
		g.row("`"+row.method+"`", gas, size)
	}
	facts := w.deploy(g, "AshlarFacts", gasHeights)
	gas, size := g.transaction(facts, "register", h.root, place, p.BlobId, p.Tree)
	g.row("`AshlarFacts.register`, the first", gas, size)
	stream := w.deploy(g, "AshlarBlobstream", gasHeights)
	nonce, u, proof := blobstream(h, place)
	gas, size = g.transaction(stream, "verifyAttestation", nonce, *u, *proof)
	g.row("`AshlarBlobstream.verifyAttestation`", gas, size)
}

// openings measures the opening alone: what says that the blob is attested comes on top.
func (g *table) openings(w *world, h *history, height uint64) {
	a := &asked{Contract: w.deploy(g, "AshlarOpenings", gasHeights), blob: blockAt(height).blobs[1], posted: blob(g, 0, height, 1)}
	a.rows, _ = scalars(g, &a.blob)
	a.about = []any{h.root, h.place(g, height), a.posted.BlobId, a.posted.Tree, a.posted.Blob}
	g.section("AshlarOpenings: scalars, 31 bytes of encoding `data` each", "gas with the blob's attestation", "gas alone", "of which calldata and the transaction", "one by one, alone")
	one := a.element(g, 77)
	whole, _ := g.transaction(a.Contract, "requireElement", a.with(big.NewInt(77), one.Value, one.Points)...)
	args := []any{a.posted.Blob.VersionedHashes[0], big.NewInt(77), one.Value, one.Points}
	single, _ := g.transaction(a.Contract, "requireElementOf", args...)
	carried := intrinsic(a.Pack(g, "requireElementOf", args...))
	g.row("1, 31 bytes", whole, single, carried, single)
	for _, n := range []int{2, 4, 8, 16, 32, 64, 128, 256, 512, 1024} {
		o := a.elements(g, 0, n)
		whole, _ := g.transaction(a.Contract, "requireElements", a.with(big.NewInt(0), o.Values, o.Evaluations, o.Points)...)
		args := []any{a.posted.Blob.VersionedHashes[0], big.NewInt(0), o.Values, o.Evaluations, o.Points}
		alone, _ := g.transaction(a.Contract, "requireElementsOf", args...)
		name := fmt.Sprintf("%d, %d bytes", n, 31*n)
		if n == kzg.CellScalars {
			name += ", a cell"
		}
		g.row(name, whole, alone, intrinsic(a.Pack(g, "requireElementsOf", args...)), params.TxGas+uint64(n)*(single-params.TxGas))
	}
	g.bls()
}

// bls prices the way not taken: the pairing equation of EIP-7594 for a cell, whose interpolant is committed to by a
// multiplication over 64 points of the setup. What it would compute besides, and its calldata, come on top.
func (g *table) bls() {
	price := func(precompile byte, size int) uint64 {
		return vm.PrecompiledContractsOsaka[common.BytesToAddress([]byte{precompile})].RequiredGas(make([]byte, size))
	}
	sum, pairing := price(0x0c, (kzg.CellScalars+1)*160), price(0x0f, 2*384)
	g.section("A cell by the precompiles of EIP-2537 instead", "gas of the precompiles alone")
	g.row("65 points and scalars (`0x0c`)", sum)
	g.row("two pairings (`0x0f`)", pairing)
	g.row("together", sum+pairing)
}

// intrinsic is what a transaction with this calldata costs before anything runs.
func intrinsic(data []byte) uint64 {
	gas := params.TxGas
	for _, b := range data {
		if b == 0 {
			gas += params.TxDataZeroGas
		} else {
			gas += params.TxDataNonZeroGasEIP2028
		}
	}
	return gas
}

func (g *table) faces(t *testing.T) {
	r := newCDK(t)
	g.section("Faces: 2 heights, 4 nodes of history each", "gas", "bytes of the message")
	zk := r.deploy(t, "AshlarZKsync", 13)
	for _, c := range []struct {
		name        string
		certificate calldata.Certificate
	}{{"a root posted before", r.h.posted()}, {fmt.Sprintf("a whole certificate, of %d attesters", attesters), r.h.whole(t)}} {
		r.send(t, r.sequence(t, 1, c.certificate)) // storage is written for the first time
		for _, n := range []int{1, 3} {
			s := r.sequence(t, n, c.certificate)
			g.row(fmt.Sprintf("`AshlarCDK.verifyMessage` in a rollup's call, %d batches, %s", n, c.name), r.send(t, s).GasUsed, len(s.Encode()))
		}
		p, output := r.pubdata(t, c.certificate)
		gas, _ := g.transaction(zk, "checkDA", big.NewInt(324), big.NewInt(7), output, p.Encode(), big.NewInt(6))
		g.row("`AshlarZKsync.checkDA`, "+c.name, gas, len(p.Encode()))
	}
	g.section("Deployment", "gas")
	var names []string
	deployed := make(map[string]*types.Receipt)
	for name, more := range map[string][]any{
		"AshlarBlobs": nil, "AshlarOpenings": nil, "AshlarCDK": {r.rollup.Address}, "AshlarZKsync": nil, "AshlarBlobstream": nil, "AshlarFacts": nil,
	} {
		names, deployed[name] = append(names, name), r.deploy(t, name, 13, more...).Deployed
	}
	slices.Sort(names)
	for _, name := range names {
		g.row("`"+name+"`", deployed[name].GasUsed)
	}
}
