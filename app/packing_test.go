package app_test

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// posting is one line of a recorded load.
type posting struct {
	size int
	tip  int64
}

// recordedLoad reads what was submitted: bytes and tip per blob gas, in order.
func recordedLoad(t testing.TB) []posting {
	t.Helper()
	file, err := os.Open("testdata/load.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var load []posting
	for _, line := range lines[1:] {
		size, sizeErr := strconv.Atoi(line[0])
		tip, tipErr := strconv.ParseInt(line[1], 10, 64)
		if sizeErr != nil || tipErr != nil {
			t.Fatalf("%q is no posting", line)
		}
		load = append(load, posting{size: size, tip: tip})
	}
	return load
}

// TestARecordedLoadFillsSquares has a recorded load wait for blocks, twice what they hold at
// any time: under 5 % of a square may go unsold. What blobs pad to whole cells and
// allotments is paid for, and logged.
func TestARecordedLoadFillsSquares(t *testing.T) {
	load := recordedLoad(t)
	c := newChainOf(t, newApp(t), len(load)+2, steadyPrice)
	limits := da.DefaultLimits()
	full := float64(limits.MaxRows * kzg.RowSize)
	var waiting, sold, carried float64
	height := c.height
	for i, p := range load {
		for waiting > 2*full {
			waiting -= c.fill(t, full, &sold, &carried)
		}
		b := smallBlob(t, 1, p.size)
		c.accept(c.bid(c.accounts[2+i], p.tip, b))
		waiting += blobGas(t, b)
	}
	blocks := float64(c.height - height)
	t.Logf("%.0f blocks: %.2f %% of the squares was not sold, %.1f %% of what was sold is padding", blocks, 100*(1-sold/full/blocks), 100*(1-carried/sold))
	if blocks < 5 {
		t.Fatalf("the load fills %.0f blocks, too few to tell", blocks)
	}
}

// steadyPrice keeps full blocks from raising the base fee much.
func steadyPrice(e *app.Encoding, s app.GenesisState) {
	state := blob.DefaultGenesis()
	state.Params.UpdateFraction = 1 << 56
	s[blob.ModuleName] = e.Codec.MustMarshalJSON(state)
}

// bid returns a blob transaction that pays exactly what is due and a tip per blob gas.
func (c *chain) bid(from account, tip int64, b da.Blob) []byte {
	c.t.Helper()
	const gas = 200_000
	base, size := c.baseFee(), 0
	for {
		blobGas := da.TxBlobGas(size) + uint64(blobGas(c.t, b))
		fee := math.NewInt(base + tip).Mul(math.NewIntFromUint64(blobGas)).AddRaw(gas * 20_000_000)
		raw := c.blobTx(from, terms{gas: gas, fee: fee}, offer{feeCap: base + tip, tipCap: tip}, b)
		envelope, err := da.DecodeEnvelope(raw)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(envelope.Tx) <= size {
			return raw
		}
		size = len(envelope.Tx)
	}
}

func (c *chain) baseFee() int64 {
	c.t.Helper()
	fee, err := c.app.Keepers.Blob.BaseFee(c.ctx())
	if err != nil {
		c.t.Fatal(err)
	}
	return fee.Int64()
}

// fill makes a block and returns the blob gas of its blobs.
func (c *chain) fill(t testing.TB, full float64, sold, carried *float64) float64 {
	t.Helper()
	txs, resp := c.step()
	requireExecuted(t, resp)
	roots, err := c.app.Keepers.Blob.Roots(c.ctx(), c.height)
	if err != nil {
		t.Fatal(err)
	}
	used := float64(roots.BlobGasUsed)
	if used < 0.95*full {
		t.Errorf("block %d sold %.2f %% of its square while more waited", c.height, 100*used/full)
	}
	*sold += used
	var placed float64
	for _, raw := range txs[2:] {
		*carried += float64(len(raw))
		envelope, err := da.DecodeEnvelope(raw)
		if err != nil {
			t.Fatal(err)
		}
		*carried -= float64(len(envelope.Proofs) * kzg.PointSize)
		placed += blobGas(t, da.Blob{Data: envelope.Blobs[0]})
	}
	return placed
}

// blobGas is what a blob takes of a square.
func blobGas(t testing.TB, b da.Blob) float64 {
	t.Helper()
	message := da.PayForBlobs{Blobs: []da.BlobInfo{{Size: uint64(len(b.Data))}}}
	return float64(message.BlobGas())
}

// TestOneSenderWithoutRoomDoesNotHoldUpOthers: what does not fit is passed over, its
// sender's later transactions with it, and nobody else's.
func TestOneSenderWithoutRoomDoesNotHoldUpOthers(t *testing.T) {
	c := newChain(t)
	big := smallBlob(t, 1, 16*da.DataRowSize)
	c.accept(
		c.blobTx(c.accounts[2], terms{}, offer{generous.feeCap, 900}, big),
		c.blobTx(c.accounts[2], terms{sequence: 1}, offer{generous.feeCap, 900}, big),
		c.blobTx(c.accounts[2], terms{sequence: 2}, offer{generous.feeCap, 900}, big),
		c.blobTx(c.accounts[2], terms{sequence: 3}, offer{generous.feeCap, 900}, rowBlob(t, 2)),
		c.blobTx(c.accounts[3], terms{}, offer{generous.feeCap, 1}, rowBlob(t, 2)),
	)
	txs, resp := c.step()
	requireExecuted(t, resp)
	if len(txs) != 2+3 || c.sequence(c.accounts[2]) != 2 || c.sequence(c.accounts[3]) != 1 {
		t.Fatalf("%d transactions, sequences %d and %d: want the first two and the other sender's", len(txs), c.sequence(c.accounts[2]), c.sequence(c.accounts[3]))
	}
}
