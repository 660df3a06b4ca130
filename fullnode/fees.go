package fullnode

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// maxFeeBackfill bounds for how many blocks that were stored and not recorded, as a crash
// leaves them, the record is made up for.
const maxFeeBackfill = 32

func (n *Node) openFees(context.Context) error {
	log, err := openFeeLog(n.cfg.Comet.DBDir())
	if err != nil {
		return err
	}
	n.fees = log
	n.closers = append(n.closers, log.db.Close)
	return nil
}

// FeeHistory implements api.Chain.
func (v view) FeeHistory(_ context.Context, before uint64, blocks int) (*api.FeeHistory, error) {
	return v.node.fees.history(before, blocks)
}

// FeeEstimate implements api.Chain.
func (v view) FeeEstimate(_ context.Context, ask api.FeeAsk) (*api.FeeEstimate, error) {
	state, err := v.state()
	if err != nil {
		return nil, err
	}
	rules, err := v.node.feeRules(state)
	if err != nil {
		return nil, err
	}
	prices, err := v.node.prices(state)
	if err != nil {
		return nil, err
	}
	cells := ask.Encoding.Cells(int(ask.Bytes))
	size := blobfee.SizeOf(cells)
	space := blobfee.SpaceOf(size)
	if !rules.limits.Fits(space) {
		return nil, api.Advise(fmt.Errorf("%w: no block has room for %d cells: it has %d rows, of which %d are shared", da.ErrTooLarge, cells, rules.limits.Rows, rules.limits.SharedRows), "split it into smaller blobs")
	}
	forecast := blobfee.NewForecast(rules.params, prices.BaseFee.BigInt(), v.node.fees.observations(size), ask.Blocks)
	estimate := showOffer(forecast.Offer(ask.Probability), prices, space)
	estimate.First = uint64(state.BlockHeight()) + 1 + blobfee.Lag
	estimate.Last = estimate.First + uint64(ask.Blocks) - 1
	estimate.Probability, estimate.Bytes, estimate.Cells, estimate.Rows = ask.Probability, ask.Bytes, cells, space.OwnRows
	estimate.Calibration = api.FeeCalibration(v.node.fees.calibration())
	return estimate, nil
}

// showOffer says what an offer comes to.
func showOffer(offer blobfee.Offer, prices blob.Prices, space blobfee.Space) *api.FeeEstimate {
	gas, execution := math.NewIntFromUint64(space.BlobGas()), prices.Gas.Mul(math.NewIntFromUint64(space.Gas))
	limit, tip := math.NewIntFromBigInt(offer.Cap), math.NewInt(offer.Tip)
	pays := prices.BaseFee.Add(math.MinInt(tip, limit.Sub(prices.BaseFee)))
	return &api.FeeEstimate{
		Expected: offer.Expected, Stretches: offer.Stretches, BlobGas: space.BlobGas(), Gas: space.Gas,
		BaseFee: prices.BaseFee.String(), FeeCap: limit.String(), TipCap: tip.String(), GasPrice: prices.Gas.String(),
		Cost: pays.Mul(gas).Add(execution).String(), MaxCost: limit.Mul(gas).Add(execution).String(),
	}
}

// feeRules is what governs the fees of a state's next block.
type feeRules struct {
	params blobfee.Params
	limits blobfee.Limits
	gas    math.Int // the price of execution gas
}

func (n *Node) feeRules(state sdk.Context) (feeRules, error) {
	p, err := n.app.Keepers.Blob.Params(state)
	if err != nil {
		return feeRules{}, err
	}
	return feeRules{
		params: blob.FeeParams(p),
		limits: blobfee.Limits{
			Rows: int(p.MaxRows), TxRows: int(p.MaxTxRows), SharedRows: int(p.MaxSharedRows), Gas: n.app.GetMaximumBlockGas(state),
		},
		gas: p.MinGasPrice,
	}, nil
}

// recordFees keeps what a block that was stored charged, and what the blocks before it did
// if a crash came between. The chain goes on without.
func (n *Node) recordFees(height uint64, at time.Time, block *da.Block) {
	last := n.fees.last()
	if last != nil && height <= last.Height {
		return
	}
	if last != nil && height-last.Height <= maxFeeBackfill {
		for missing := last.Height + 1; missing < height; missing++ {
			n.backfillFees(missing)
		}
	}
	record, err := n.feesOf(height, at, block)
	if err == nil {
		err = n.offerFees(record)
	}
	if err == nil {
		err = n.fees.add(record)
	}
	if err != nil {
		n.cfg.Log.Error("the fees of a block are not recorded", "height", height, "error", err)
	}
}

func (n *Node) backfillFees(height uint64) {
	loaded := n.comet.BlockStore().LoadBlock(int64(height))
	if loaded == nil {
		return
	}
	_, block, err := square(loaded)
	if err != nil {
		return
	}
	if record, err := n.feesOf(height, loaded.Time, block); err == nil {
		_ = n.fees.add(record) // as for any other height the chain goes on without
	}
}

// feesOf returns the record of a block that was executed.
func (n *Node) feesOf(height uint64, at time.Time, block *da.Block) (*feeRecord, error) {
	state, err := view{n}.state()
	if err != nil {
		return nil, err
	}
	roots, err := n.app.Keepers.Blob.Roots(state, int64(height))
	if err != nil {
		return nil, err
	}
	// What governed the block is in the state before it, where that is still kept.
	if before, err := n.app.CreateQueryContextWithCheckHeader(int64(height)-1, false, false); err == nil && height > 1 {
		state = before
	}
	m, err := n.feeRules(state)
	if err != nil {
		return nil, err
	}
	elapsed := n.elapsed(height, at, m.params.BlockTime)
	bids, tips, err := n.bids(m, roots.BaseFee, block)
	if err != nil {
		return nil, err
	}
	observed := m.params.Observe(roots.BlobGasUsed, elapsed, 0)
	record := &feeRecord{
		FeeBlock: api.FeeBlock{
			Height: height, Time: at.UTC(), Elapsed: elapsed.Seconds(), BaseFee: roots.BaseFee.String(), BlobGas: roots.BlobGasUsed,
			MaxBlobGas: m.params.MaxGas, Rows: block.Header.K(), MaxRows: m.limits.Rows, BlobTxs: len(bids), Tips: tips,
		},
		Used: observed.Used, Due: observed.Due,
	}
	for size, entry := range m.limits.Entry(bids, blobfee.Spaces()) {
		record.Entry = append(record.Entry, m.limits.Tip(blobfee.SpaceOf(size), entry))
	}
	return record, nil
}

// elapsed is the time since the block before, or what it should be before the first.
func (n *Node) elapsed(height uint64, at time.Time, first time.Duration) time.Duration {
	if last := n.fees.last(); last != nil && last.Height+1 == height {
		return at.Sub(last.Time)
	}
	if meta := n.comet.BlockStore().LoadBlockMeta(int64(height) - 1); meta != nil {
		return at.Sub(meta.Header.Time)
	}
	return first
}

// bids returns what a block's transactions with blobs bid, and their tips.
func (n *Node) bids(m feeRules, baseFee math.Int, block *da.Block) ([]blobfee.Bid, *api.Tips, error) {
	bids, tips := make([]blobfee.Bid, len(block.Envelopes)), make([]math.Int, len(block.Envelopes))
	raw := block.Txs[len(block.Txs)-len(block.Plain)-len(block.Envelopes):]
	for i, envelope := range block.Envelopes {
		message := block.Messages[i]
		tx, err := n.app.TxDecode(raw[i])
		if err != nil {
			return nil, nil, fmt.Errorf("decode transaction %d: %w", i, err)
		}
		own := da.TxBlobGas(len(envelope.Tx))
		space := blobfee.Space{
			TxBytes: int(own) * (kzg.ScalarSize - 1) / kzg.ScalarSize, OwnRows: message.OwnRows(), Gas: tx.(sdk.FeeTx).GetGas(),
			SharedCells: int(message.BlobGas()/kzg.CellSize) - message.OwnRows()*kzg.RowCells,
		}
		gas := math.NewIntFromUint64(own + message.BlobGas())
		tip, err := tipOf(tx, gas.Uint64(), blob.Prices{BaseFee: baseFee, Gas: m.gas})
		if err != nil {
			return nil, nil, fmt.Errorf("tip of transaction %d: %w", i, err)
		}
		bids[i], tips[i] = blobfee.Bid{Space: space, Priority: capped(tip.Quo(math.NewIntFromUint64(m.limits.Scarce(space))))}, tip.Quo(gas)
	}
	return bids, showTips(tips), nil
}

// tipOf is what a blob transaction of a block paid above what was due, in all.
func tipOf(tx sdk.Tx, blobGas uint64, prices blob.Prices) (math.Int, error) {
	envelope, ok := tx.(*blob.Tx)
	if !ok || envelope.Pay() == nil {
		return math.Int{}, errors.New("it is no blob transaction")
	}
	pay := envelope.Pay()
	offer := blob.Offer{BlobGas: blobGas, Gas: envelope.GetGas(), FeeCap: &pay.FeeCap, TipCap: &pay.TipCap, Fee: math.ZeroInt()}
	if fee := envelope.GetFee(); len(fee) > 0 {
		offer.Fee = fee[0].Amount
	}
	charge, err := offer.Quote(prices)
	return charge.Tip, err
}

// capped is an amount as what orders the mempool has it.
func capped(amount math.Int) int64 {
	if amount.IsInt64() {
		return amount.Int64()
	}
	return blobfee.NeverFits
}

// showTips sums tips up; nil if there are none.
func showTips(tips []math.Int) *api.Tips {
	if len(tips) == 0 {
		return nil
	}
	slices.SortFunc(tips, func(a, b math.Int) int { return a.BigIntMut().Cmp(b.BigIntMut()) })
	return &api.Tips{Min: tips[0].String(), Median: tips[len(tips)/2].String(), Max: tips[len(tips)-1].String()}
}

// offerFees makes the standard estimates after a block, unless others were executed since.
func (n *Node) offerFees(record *feeRecord) error {
	state, err := view{n}.state()
	if err != nil {
		return err
	}
	if state.BlockHeight() != int64(record.Height) {
		return nil
	}
	m, err := n.feeRules(state)
	if err != nil {
		return err
	}
	next, err := n.app.Keepers.Blob.BaseFee(state)
	if err != nil {
		return err
	}
	for _, ask := range standardAsks() {
		history := append(n.fees.observations(ask.size), blobfee.Observation{Used: record.Used, Due: record.Due, Entry: record.Entry[ask.size]})
		offer := blobfee.NewForecast(m.params, next.BigInt(), history, ask.blocks).Offer(standardProbability)
		if offer.Stretches == 0 { // it says what full blocks would charge, which is no statement to be graded
			return nil
		}
		record.Offers = append(record.Offers, offer)
	}
	return nil
}

// baseFee is what the block charged.
func (r *feeRecord) baseFee() *big.Int {
	fee, ok := new(big.Int).SetString(r.BaseFee, 10)
	if !ok {
		return new(big.Int)
	}
	return fee
}
