package api

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	// defaultFeeBlocks and maxFeeBlocks are how many blocks a page of the fee history has.
	defaultFeeBlocks, maxFeeBlocks = 100, 2000
	// defaultProbability is what an estimate is made for where the request does not say.
	defaultProbability = 0.9
)

// FeeHistory answers GET /v1/fees/history.
type FeeHistory struct {
	// Blocks are oldest first and end below the height asked for, or with the newest.
	Blocks []FeeBlock `json:"blocks"`
	// More tells that there are older ones: before=HEIGHT of the first asks for them.
	More bool `json:"more"`
}

// FeeBlock is what a block charged, and what it was offered.
type FeeBlock struct {
	Height uint64    `json:"height"`
	Time   time.Time `json:"time"`
	// Elapsed is the time since the block before, in seconds.
	Elapsed float64 `json:"elapsed"`
	// BaseFee is in aash per blob gas.
	BaseFee string `json:"base_fee"`
	// BlobGas is what was used of MaxBlobGas, Rows how many rows the square has of MaxRows.
	BlobGas    uint64 `json:"blob_gas"`
	MaxBlobGas uint64 `json:"max_blob_gas"`
	Rows       int    `json:"rows"`
	MaxRows    int    `json:"max_rows"`
	// BlobTxs is how many transactions with blobs it includes, Tips what they tipped.
	BlobTxs int   `json:"blob_txs"`
	Tips    *Tips `json:"tips,omitempty"`
}

// Tips are what transactions paid above what was due, in aash per blob gas of theirs. They
// are not there where a block includes no transaction with blobs.
type Tips struct {
	Min    string `json:"min"`
	Median string `json:"median"`
	Max    string `json:"max"`
}

// FeeAsk is what a fee is to be estimated for.
type FeeAsk struct {
	// Bytes is the size of the one blob, Encoding its encoding.
	Bytes    uint64
	Encoding da.Encoding
	blobfee.Ask
}

// FeeEstimate answers GET /v1/fees/estimate: what to offer for a transaction with one blob.
type FeeEstimate struct {
	// First and Last are the heights between which the transaction is to get in. First is
	// the second from now: the next block is being made while the transaction is signed.
	First uint64 `json:"first_height"`
	Last  uint64 `json:"last_height"`
	// Probability is what was asked for, Expected how often the offer would have got in
	// before: more where the least offer that is accepted gets in more surely, 0 where Stretches is 0.
	Probability float64 `json:"probability"`
	Expected    float64 `json:"expected"`
	// Stretches is how many stretches of past blocks that rests on. 0: there are too few
	// yet, and the cap is what full blocks would charge.
	Stretches int `json:"stretches"`
	// Bytes are the blob's, which takes so many Cells of a block and Rows of its own; 0 shares one.
	Bytes uint64 `json:"bytes"`
	Cells int    `json:"cells"`
	Rows  int    `json:"rows"`
	// BlobGas is what the transaction is charged for, its own bytes reckoned generously, and Gas
	// the execution gas to name.
	BlobGas uint64 `json:"blob_gas"`
	Gas     uint64 `json:"gas"`
	// BaseFee is the next block's. FeeCap and TipCap are to be offered. All are in aash per blob gas.
	BaseFee string `json:"base_fee"`
	FeeCap  string `json:"fee_cap"`
	TipCap  string `json:"tip_cap"`
	// GasPrice is in aash per execution gas.
	GasPrice string `json:"gas_price"`
	// Cost is what the transaction would pay in the next block, MaxCost what it pays at most and
	// must be held, in aash.
	Cost    string `json:"cost"`
	MaxCost string `json:"max_cost"`
	// Calibration holds this node's past estimates against what came of them.
	Calibration FeeCalibration `json:"calibration"`
}

// FeeCalibration is how past estimates of this node fared: for a few sizes and horizons, after every
// block, whether what was offered would have got in.
type FeeCalibration struct {
	// Stated is the probability they were made for, Expected the mean of what they expected,
	// and Observed the share that got in; both are 0 where there are no Trials.
	Stated   float64 `json:"stated"`
	Expected float64 `json:"expected"`
	Observed float64 `json:"observed"`
	Trials   int     `json:"trials"`
}

func (h *handler) feeRoutes() []route {
	return []route{
		{method: "GET", path: "/v1/fees", summary: "What the next block charges", answer: Fees{}, serve: h.fees},
		{
			method: "GET", path: "/v1/fees/history", summary: "What blocks charged and were offered, oldest first; a node remembers the last 20000 it followed",
			params: []param{
				inQuery("blocks", fmt.Sprintf("how many: 1 to %d (default %d)", maxFeeBlocks, defaultFeeBlocks)),
				inQuery("before", "only blocks below this height (default: up to the newest)"),
			},
			answer: FeeHistory{}, serve: h.feeHistory,
		},
		{
			method: "GET", path: "/v1/fees/estimate", summary: "The least fee cap and tip that get a transaction with one blob in, within some blocks, so surely",
			params: []param{
				{"bytes", "query", "the blob's size", true},
				{"blocks", "query", fmt.Sprintf("within how many blocks: 1 to %d, the one that is being made not counted", blobfee.MaxBlocks), true},
				inQuery("probability", "how surely: 0.01 to 0.99 (default 0.9)"),
				inQuery("encoding", "data (default): any bytes; raw: canonical scalars of 32 bytes"),
			},
			answer: FeeEstimate{}, serve: h.feeEstimate,
		},
	}
}

func (h *handler) feeHistory(w http.ResponseWriter, r *http.Request) error {
	blocks, err := queryCount(r, "blocks", defaultFeeBlocks, maxFeeBlocks)
	if err != nil {
		return err
	}
	before, err := queryHeight(r, "before")
	if err != nil {
		return err
	}
	history, err := h.config.Full.Chain.FeeHistory(r.Context(), before, blocks)
	if err != nil {
		return err
	}
	return sendJSON(w, history)
}

func (h *handler) feeEstimate(w http.ResponseWriter, r *http.Request) error {
	ask, err := feeAsk(r)
	if err != nil {
		return err
	}
	estimate, err := h.config.Full.Chain.FeeEstimate(r.Context(), *ask)
	if err != nil {
		return err
	}
	return sendJSON(w, estimate)
}

// feeAsk reads the parameters of an estimate.
func feeAsk(r *http.Request) (*FeeAsk, error) {
	query := r.URL.Query()
	encoding, err := parseEncoding(query.Get("encoding"))
	if err != nil {
		return nil, err
	}
	bytes, err := strconv.ParseUint(query.Get("bytes"), 10, 63)
	if err != nil || bytes == 0 {
		return nil, fmt.Errorf("%w: bytes=%.40s: want the blob's size, from 1 on", ErrBadRequest, query.Get("bytes"))
	}
	if encoding.Cells(int(min(bytes, 1<<31))) > da.MaxTxCells {
		return nil, fmt.Errorf("%w: %d bytes in encoding %s, a transaction takes at most %d", da.ErrTooLarge, bytes, encoding, da.MaxTxCells*encoding.CellBytes())
	}
	if encoding == da.EncodingRaw && bytes%kzg.ScalarSize != 0 {
		return nil, fmt.Errorf("%w: bytes=%d: encoding raw takes scalars of %d bytes each", ErrBadRequest, bytes, kzg.ScalarSize)
	}
	ask := &FeeAsk{Bytes: bytes, Encoding: encoding}
	if ask.Blocks, err = queryCount(r, "blocks", 0, blobfee.MaxBlocks); err != nil {
		return nil, err
	}
	ask.Probability = defaultProbability
	if s := query.Get("probability"); s != "" {
		if ask.Probability, err = strconv.ParseFloat(s, 64); err != nil {
			return nil, fmt.Errorf("%w: probability=%.40s: want a number such as 0.9", ErrBadRequest, s)
		}
	}
	if err := ask.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	return ask, nil
}

// queryCount reads a number from 1 to most; one that is left out is what is given, or, if
// that is 0, missing.
func queryCount(r *http.Request, name string, otherwise, most int) (int, error) {
	s := r.URL.Query().Get(name)
	if s == "" && otherwise > 0 {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n == 0 || n > uint64(most) {
		return 0, fmt.Errorf("%w: %s=%.40s: want a number from 1 to %d", ErrBadRequest, name, s, most)
	}
	return int(n), nil
}
