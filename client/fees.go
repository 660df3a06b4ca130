package client

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// FeeHistory is what blocks charged and were offered.
type FeeHistory struct {
	// Blocks are oldest first.
	Blocks []FeeBlock `json:"blocks"`
	// More tells that the node remembers older ones.
	More bool `json:"more"`
}

// FeeBlock is what one block charged, and what it was offered.
type FeeBlock struct {
	Height uint64    `json:"height"`
	Time   time.Time `json:"time"`
	// Elapsed is the time since the block before, in seconds.
	Elapsed float64 `json:"elapsed"`
	// BaseFee is in aash per blob gas.
	BaseFee    string `json:"base_fee"`
	BlobGas    uint64 `json:"blob_gas"`
	MaxBlobGas uint64 `json:"max_blob_gas"`
	Rows       int    `json:"rows"`
	MaxRows    int    `json:"max_rows"`
	// BlobTxs is how many transactions with blobs the block includes, Tips what they tipped, nil
	// where there are none.
	BlobTxs int   `json:"blob_txs"`
	Tips    *Tips `json:"tips,omitempty"`
}

// Tips are in aash per blob gas.
type Tips struct {
	Min    string `json:"min"`
	Median string `json:"median"`
	Max    string `json:"max"`
}

// FeeAsk is what a fee is to be estimated for: a transaction with one blob.
type FeeAsk struct {
	// Bytes is the blob's size, Encoding its encoding.
	Bytes    int
	Encoding da.Encoding
	// Blocks is within how many blocks it is to get in, Probability how surely: 0 is 0.9.
	Blocks      int
	Probability float64
}

// FeeEstimate is what to offer. Amounts are in aash.
type FeeEstimate struct {
	// First and Last are the heights between which the transaction is to get in.
	First uint64 `json:"first_height"`
	Last  uint64 `json:"last_height"`
	// Probability is what was asked for, Expected how often the offer would have got in
	// before, as Stretches past stretches of blocks tell; where those are 0 it is the price of full blocks.
	Probability float64 `json:"probability"`
	Expected    float64 `json:"expected"`
	Stretches   int     `json:"stretches"`
	// Cells and Rows, of its own, are what the blob takes of a block.
	Bytes uint64 `json:"bytes"`
	Cells int    `json:"cells"`
	Rows  int    `json:"rows"`
	// BlobGas and Gas are what the transaction uses, Gas to be named as its limit.
	BlobGas uint64 `json:"blob_gas"`
	Gas     uint64 `json:"gas"`
	// BaseFee is the next block's per blob gas, FeeCap and TipCap what to offer.
	BaseFee  string `json:"base_fee"`
	FeeCap   string `json:"fee_cap"`
	TipCap   string `json:"tip_cap"`
	GasPrice string `json:"gas_price"`
	// Cost is what the transaction would pay in the next block, MaxCost what it pays at most.
	Cost        string         `json:"cost"`
	MaxCost     string         `json:"max_cost"`
	Calibration FeeCalibration `json:"calibration"`
}

// FeeCalibration is how the node's past estimates fared: the probability they were made for,
// the mean of what they expected, and the share that got in.
type FeeCalibration struct {
	Stated   float64 `json:"stated"`
	Expected float64 `json:"expected"`
	Observed float64 `json:"observed"`
	Trials   int     `json:"trials"`
}

// FeeHistory asks for the newest blocks below a height, 0 for any, at most that many.
func (c *Client) FeeHistory(ctx context.Context, before uint64, blocks int) (*FeeHistory, error) {
	query := url.Values{"blocks": {strconv.Itoa(blocks)}}
	if before > 0 {
		query.Set("before", strconv.FormatUint(before, 10))
	}
	return get[FeeHistory](ctx, c, "/v1/fees/history?"+query.Encode())
}

// FeeEstimate asks what to offer.
func (c *Client) FeeEstimate(ctx context.Context, ask FeeAsk) (*FeeEstimate, error) {
	query := url.Values{
		"bytes": {strconv.Itoa(ask.Bytes)}, "encoding": {ask.Encoding.String()}, "blocks": {strconv.Itoa(ask.Blocks)},
	}
	if ask.Probability != 0 {
		query.Set("probability", strconv.FormatFloat(ask.Probability, 'g', -1, 64))
	}
	return get[FeeEstimate](ctx, c, "/v1/fees/estimate?"+query.Encode())
}
