package fullnode

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"cosmossdk.io/math"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/blobfee/market"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// nervous is the home of a validator on whose chain every blob raises the price: blocks
// are to take an hour, so that next to nothing is taken off, and hold few rows.
func nervous(t *testing.T) Config {
	t.Helper()
	cfg := newValidator(t)
	path := cfg.Comet.GenesisFile()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, edit := range [][2]string{
		{`"max_rows": 34`, `"max_rows": 6`},
		{`"max_shared_rows": 4`, `"max_shared_rows": 2`},
		{`"block_time": "6s"`, `"block_time": "3600s"`},
		{`"update_fraction": "4245093508"`, `"update_fraction": "1000000000"`},
	} {
		if !strings.Contains(text, edit[0]) {
			t.Fatalf("the genesis file has no %s", edit[0])
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// getJSON reads an answer of the node's API.
func getJSON[T any](t *testing.T, node *runningNode, path string) T {
	t.Helper()
	var value T
	status, body, _ := strings.Cut(node.get(t, path), " ")
	if err := json.Unmarshal([]byte(body), &value); err != nil || status != "200" {
		t.Fatalf("%s: %s %s: %v", path, status, body, err)
	}
	return value
}

// TestTheFeeAnnouncedIsCharged: whatever /v1/fees said the next block charges, that block
// charged, while the price moves; and the history says the same of it.
func TestTheFeeAnnouncedIsCharged(t *testing.T) {
	node := startNode(t, nervous(t))
	node.waitStored(t, 1)
	announced := make(map[uint64]string)
	last := uint64(0)
	for seed := range byte(6) {
		_, last = node.post(t, testBlob(t, seed, da.DataRowSize))
		fees := getJSON[api.Fees](t, node, "/v1/fees")
		announced[fees.Height] = fees.BaseFee
	}
	node.waitStored(t, last+3)
	prices := make(map[string]bool)
	for height, want := range announced {
		block := getJSON[api.Block](t, node, fmt.Sprintf("/v1/blocks/%d", height))
		if block.Fees.BaseFee != want {
			t.Errorf("block %d charged %s, announced were %s", height, block.Fees.BaseFee, want)
		}
		past := node.feesAt(t, height)
		if past.BaseFee != want || past.BlobGas != block.Fees.BlobGas || past.Rows != block.DAHeader.K || !past.Time.Equal(block.Time) {
			t.Errorf("the history says %+v of a block with %+v", past, block)
		}
		prices[want] = true
	}
	if len(prices) < 4 {
		t.Errorf("the price took only the values %v: it proves nothing", prices)
	}
}

// feesAt returns the history's entry of a height, once it is there.
func (n *runningNode) feesAt(t *testing.T, height uint64) api.FeeBlock {
	t.Helper()
	await(t, "the fees are recorded", func() bool { last := n.fees.last(); return last != nil && last.Height >= height })
	history := getJSON[api.FeeHistory](t, n, fmt.Sprintf("/v1/fees/history?blocks=1&before=%d", height+1))
	if len(history.Blocks) != 1 || history.Blocks[0].Height != height {
		t.Fatalf("the history has %+v where height %d was asked for", history.Blocks, height)
	}
	return history.Blocks[0]
}

// TestFeeHistoryTellsTipsAndOutlivesPruningAndRestarts posts with a tip that is known.
func TestFeeHistoryTellsTipsAndOutlivesPruningAndRestarts(t *testing.T) {
	cfg := forgetful(newValidator(t))
	node := startNode(t, cfg)
	node.waitStored(t, 1)
	_, height := node.post(t, testBlob(t, 1, 100))
	got := node.feesAt(t, height)
	if tip := "50000000"; got.BlobTxs != 1 || got.Tips == nil || got.Tips.Min != tip || got.Tips.Median != tip || got.Tips.Max != tip {
		t.Errorf("one transaction tipped %s: %+v", tip, got)
	}
	await(t, "the block is pruned", func() bool { return node.comet.BlockStore().Base() > int64(height) })
	if err := node.stop(); err != nil {
		t.Fatal(err)
	}
	again := startNode(t, cfg)
	if after := again.feesAt(t, height); after.BaseFee != got.BaseFee || after.Tips == nil || *after.Tips != *got.Tips {
		t.Errorf("after pruning and a restart %+v, before %+v", after, got)
	}
	again.post(t, testBlob(t, 2, 100))
	history := getJSON[api.FeeHistory](t, again, "/v1/fees/history?blocks=2000")
	for i, block := range history.Blocks[1:] {
		if block.Height != history.Blocks[i].Height+1 || !block.Time.After(history.Blocks[i].Time) {
			t.Errorf("after height %d comes %d", history.Blocks[i].Height, block.Height)
		}
	}
}

// TestFeesAreMadeUpForAfterACrash: a block that was stored and not recorded, as a crash
// between the two leaves it, is recorded with the next.
func TestFeesAreMadeUpForAfterACrash(t *testing.T) {
	cfg := newValidator(t)
	node := startNode(t, cfg)
	node.waitStored(t, 1)
	_, height := node.post(t, testBlob(t, 1, 100))
	node.waitStored(t, height+1)
	want := node.feesAt(t, height)
	if err := node.stop(); err != nil {
		t.Fatal(err)
	}
	log, err := openFeeLog(cfg.Comet.DBDir())
	if err != nil {
		t.Fatal(err)
	}
	for lost := log.last().Height; lost >= height; lost-- {
		if err := log.db.Delete(feeKey(lost)); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.db.Close(); err != nil {
		t.Fatal(err)
	}
	again := startNode(t, cfg)
	if got := again.feesAt(t, height); got.BaseFee != want.BaseFee || got.BlobGas != want.BlobGas || got.Tips == nil || *got.Tips != *want.Tips || got.Elapsed != want.Elapsed {
		t.Errorf("made up for is %+v, lost was %+v", got, want)
	}
}

// TestWhoFollowsAnEstimateGetsIn signs with what the node says and nothing else.
func TestWhoFollowsAnEstimateGetsIn(t *testing.T) {
	node := startNode(t, nervous(t))
	node.waitStored(t, 1)
	node.post(t, testBlob(t, 1, da.DataRowSize)) // the price is above the reserve now
	signer, err := client.KeyringSigner(node.cfg.Keyring, testKey)
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range []int{1, 5000, 2 * da.DataRowSize} {
		testBlob := testBlob(t, byte(i+2), size)
		estimate := getJSON[api.FeeEstimate](t, node, fmt.Sprintf("/v1/fees/estimate?bytes=%d&blocks=5", size))
		prepared, err := client.Prepare(node.setup, []da.Blob{testBlob})
		if err != nil {
			t.Fatal(err)
		}
		envelope, err := prepared.Sign(signer, node.account(t, signer), client.Fees{
			Cap: amount(t, estimate.FeeCap), Tip: amount(t, estimate.TipCap), GasPrice: amount(t, estimate.GasPrice), GasLimit: estimate.Gas,
		})
		if err != nil {
			t.Fatal(err)
		}
		gas := prepared.BlobGas() + da.TxBlobGas(len(envelope.Tx))
		if estimate.BlobGas < gas || estimate.BlobGas > gas+gas/20+200 {
			t.Errorf("%d bytes take %d blob gas, estimated were %d", size, gas, estimate.BlobGas)
		}
		if _, err := (submitter{node.Node}).SubmitTx(t.Context(), envelope.Encode()); err != nil {
			t.Fatal(err)
		}
		if _, err := (submitter{node.Node}).WaitIncluded(t.Context(), envelope.TxID()); err != nil {
			t.Fatal(err)
		}
	}
	if answer := node.get(t, fmt.Sprintf("/v1/fees/estimate?bytes=%d&blocks=5", 7*da.DataRowSize)); !strings.HasPrefix(answer, `413 {"error":{"code":"too_large"`) {
		t.Errorf("more rows than a block has: %s", answer)
	}
}

func (n *runningNode) account(t *testing.T, signer *client.Signer) client.Account {
	t.Helper()
	address, err := da.ParseAddress(signer.Address())
	if err != nil {
		t.Fatal(err)
	}
	state, err := view{n.Node}.Account(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return client.Account{ChainID: n.ChainID(), Number: state.Number, Sequence: state.Sequence}
}

func amount(t *testing.T, text string) math.Int {
	t.Helper()
	value, ok := math.NewIntFromString(text)
	if !ok {
		t.Fatalf("%q is no amount", text)
	}
	return value
}

// TestTheModelIsTheChain: what package blobfee reckons of blocks and blobs is what package
// da, which it cannot import, lays out, and its simulation starts as a chain does.
func TestTheModelIsTheChain(t *testing.T) {
	p := blob.DefaultParams()
	defaults := market.Defaults()
	if got := blob.FeeParams(p); got.MaxGas != defaults.Params.MaxGas || got.BlockTime != defaults.Params.BlockTime || got.Reserve.Cmp(defaults.Params.Reserve) != 0 || got.UpdateFraction != defaults.Params.UpdateFraction {
		t.Errorf("the chain starts with %+v, the simulation with %+v", got, defaults.Params)
	}
	limits := da.Limits{MaxRows: int(p.MaxRows), MaxTxRows: int(p.MaxTxRows), MaxSharedRows: int(p.MaxSharedRows)}
	if want := (blobfee.Limits{Rows: limits.MaxRows, TxRows: limits.MaxTxRows, SharedRows: limits.MaxSharedRows, Gas: app.MaxBlockGas}); defaults.Limits != want {
		t.Errorf("the chain starts with %+v, the simulation with %+v", want, defaults.Limits)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		requireSameRoom(t, random, limits, defaults.Limits)
	}
	for cells := 1; cells <= da.MaxTxCells; cells++ {
		info := da.BlobInfo{Size: uint64(cells * da.DataCellSize)}
		space := blobfee.SpaceOf(blobfee.SizeOf(cells))
		if rows := info.OwnRows(); space.OwnRows != rows || rows == 0 && space.SharedCells != info.Allotment() {
			t.Fatalf("%d cells: %+v, want %d rows or %d cells", cells, space, rows, info.Allotment())
		}
	}
	if blobfee.TxGas != new(client.Prepared).Fees(math.OneInt(), math.OneInt()).GasLimit || blobfee.MaxRows != da.MaxTxOwnRows {
		t.Error("blobfee's transaction is not the poster's")
	}
}

// requireSameRoom fills a square with random transactions until neither has room.
func requireSameRoom(t *testing.T, random *rand.Rand, limits da.Limits, model blobfee.Limits) {
	t.Helper()
	builder, err := da.NewSquareBuilder(limits)
	if err != nil {
		t.Fatal(err)
	}
	var taken blobfee.Space
	for range 400 {
		size, cells := 200+random.IntN(3000), 1+random.IntN(64)
		if random.IntN(3) == 0 {
			cells = 1 + random.IntN(da.MaxTxCells)
		}
		message := &da.PayForBlobs{Blobs: []da.BlobInfo{{Size: uint64(cells * da.DataCellSize)}}}
		space := blobfee.SpaceOf(blobfee.SizeOf(cells))
		space.TxBytes, space.Gas = size+2, 0
		with := taken.Plus(space)
		if fits := builder.AddBlobTx(size, message) == nil; fits != model.Fits(with) {
			t.Fatalf("%d cells beside %+v: the square has room: %v", cells, taken, fits)
		} else if fits {
			taken = with
		}
		if gas := message.BlobGas() + da.TxBlobGas(size); gas != space.BlobGas() {
			t.Fatalf("%d cells and %d bytes are %d blob gas, the model says %d", cells, size, gas, space.BlobGas())
		}
	}
	if builder.Rows() < limits.MaxRows-kzg.RowCells/16 {
		t.Errorf("only %d rows were filled", builder.Rows())
	}
}
