package fullnode

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/testnet/rig"
)

// asker is a libp2p host that knows one full node and nobody else, as a light node may.
type asker struct {
	host  *p2p.Host
	from  peer.ID
	setup *kzg.Setup
}

func newAsker(t *testing.T, node *runningNode) *asker {
	t.Helper()
	host := rig.Host(t, p2p.Config{ChainID: testChain})
	from, err := host.Connect(t.Context(), node.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	return &asker{host: host, from: from, setup: node.setup}
}

// header asks for a height's header and binds the DA header to it.
func (a *asker) header(t *testing.T, height uint64) *chain.Header {
	t.Helper()
	answer, err := a.host.GetHeader(t.Context(), a.from, p2p.HeaderRequest{Height: height, Proof: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Validators.VerifyCommitLight(testChain, answer.Signed.Commit.BlockID, int64(height), answer.Signed.Commit); err != nil {
		t.Fatalf("commit of height %d: %v", height, err)
	}
	header, err := chain.Bind(answer.Signed, *answer.Proof)
	if err != nil {
		t.Fatal(err)
	}
	return header
}

// cells asks for the four corners of the extended matrix and verifies them.
func (a *asker) cells(t *testing.T, header *chain.Header) {
	t.Helper()
	last := 2*header.DA().K() - 1
	coords := []erasure.Coord{{Row: 0, Column: 0}, {Row: 0, Column: kzg.Columns - 1}, {Row: last, Column: 0}, {Row: last, Column: kzg.Columns - 1}}
	cells, err := a.host.GetCells(t.Context(), a.from, uint64(header.Height()), coords)
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]da.Sample, len(cells))
	for i, cell := range cells {
		if cell == nil {
			t.Fatalf("no cell at %v", coords[i])
		}
		samples[i] = da.Sample{Coord: coords[i], Cell: &cell.Cell, Proof: cell.Proof}
	}
	if bad, err := da.VerifySamples(a.setup, header.DA(), samples); err != nil || len(bad) > 0 {
		t.Errorf("samples %v do not verify: %v", bad, err)
	}
}

// rows asks for all original rows and verifies them.
func (a *asker) rows(t *testing.T, header *chain.Header) {
	t.Helper()
	rows := make([]*kzg.Row, header.DA().K())
	for i := range rows {
		got, err := a.host.GetRows(t.Context(), a.from, uint64(header.Height()), []int{i})
		if err != nil {
			t.Fatal(err)
		}
		rows[i] = &got[0].Row
	}
	if err := a.setup.VerifyRows(rows, header.DA().Commitments); err != nil {
		t.Errorf("rows of height %d: %v", header.Height(), err)
	}
}

// namespace lists a namespace and expects one blob in it.
func (a *asker) namespace(t *testing.T, header *chain.Header, namespace da.Namespace, want da.BlobID) {
	t.Helper()
	answer, err := a.host.GetNamespace(t.Context(), a.from, uint64(header.Height()), namespace)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := answer.Proof.VerifyEntries(header.DA(), namespace, answer.Entries)
	if err != nil || len(entries) != 1 || entries[0].ID != want {
		t.Errorf("namespace %s has %d entries (%v), want blob %s", namespace, len(entries), err, want)
	}
}
