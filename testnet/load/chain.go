package load

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/ashlar-da/ashlar/blobfee"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/testnet"
)

// Block is what a load looks at in a block.
type Block struct {
	Height uint64    `json:"height"`
	Time   time.Time `json:"time"`
	// Rows are those of the square, TxRows and SharedRows among them.
	Rows       int `json:"rows"`
	TxRows     int `json:"tx_rows"`
	SharedRows int `json:"shared_rows"`
	// BlobGas is what the block's transactions were charged for, in bytes of square, and
	// BaseFee what each cost, in aash.
	BlobGas uint64 `json:"blob_gas"`
	BaseFee string `json:"base_fee"`
	// Formula is the base fee that follows from the blocks before.
	Formula string `json:"formula"`
}

// Waste is the share of the square that nobody was charged for.
func (b Block) Waste() float64 {
	if b.Rows == 0 {
		return 0
	}
	return 1 - float64(b.BlobGas)/float64(b.Rows*kzg.RowSize)
}

// ReadBlock asks a node for a block.
func ReadBlock(ctx context.Context, node testnet.API, height uint64) (Block, error) {
	var answer struct {
		Height   uint64    `json:"height"`
		Time     time.Time `json:"time"`
		DAHeader struct {
			K          int `json:"k"`
			TxRows     int `json:"tx_rows"`
			SharedRows int `json:"shared_rows"`
		} `json:"da_header"`
		Fees struct {
			BaseFee string `json:"base_fee"`
			BlobGas uint64 `json:"blob_gas"`
		} `json:"fees"`
	}
	if err := node.Get(ctx, fmt.Sprintf("/v1/blocks/%d", height), &answer); err != nil {
		return Block{}, err
	}
	return Block{
		Height: answer.Height, Time: answer.Time,
		Rows: answer.DAHeader.K, TxRows: answer.DAHeader.TxRows, SharedRows: answer.DAHeader.SharedRows,
		BlobGas: answer.Fees.BlobGas, BaseFee: answer.Fees.BaseFee,
	}, nil
}

// ReadBlocks asks a node for the blocks after those given, up to head.
func ReadBlocks(ctx context.Context, node testnet.API, known []Block, head uint64) ([]Block, error) {
	for height := uint64(len(known)) + 1; height <= head; height++ {
		block, err := ReadBlock(ctx, node, height)
		if err != nil {
			return known, err
		}
		known = append(known, block)
	}
	return known, nil
}

// Market is what a genesis file says of prices.
type Market struct {
	blobfee.Params
	// Excess is what the chain starts with.
	Excess uint64
	// MaxRows bounds a square.
	MaxRows int
}

// ReadMarket reads a genesis file.
func ReadMarket(path string) (Market, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Market{}, fmt.Errorf("read the fee market's parameters: %w", err)
	}
	return parseMarket(text)
}

func parseMarket(genesis []byte) (Market, error) {
	var file struct {
		AppState struct {
			Blob struct {
				Excess string `json:"excess"`
				Params struct {
					MaxRows        int    `json:"max_rows"`
					Reserve        string `json:"reserve_price"`
					BlockTime      string `json:"block_time"`
					UpdateFraction string `json:"update_fraction"`
				} `json:"params"`
			} `json:"blob"`
		} `json:"app_state"`
	}
	if err := json.Unmarshal(genesis, &file); err != nil {
		return Market{}, fmt.Errorf("the genesis file is not the JSON expected: %w", err)
	}
	blob := file.AppState.Blob
	blockTime, err := time.ParseDuration(blob.Params.BlockTime)
	if err != nil {
		return Market{}, fmt.Errorf("block_time of the genesis file: %w", err)
	}
	fraction, err := strconv.ParseUint(blob.Params.UpdateFraction, 10, 64)
	if err != nil {
		return Market{}, fmt.Errorf("update_fraction of the genesis file: %w", err)
	}
	excess, err := strconv.ParseUint(blob.Excess, 10, 64)
	if err != nil {
		return Market{}, fmt.Errorf("excess of the genesis file: %w", err)
	}
	reserve, ok := new(big.Int).SetString(blob.Params.Reserve, 10)
	if !ok {
		return Market{}, fmt.Errorf("reserve_price of the genesis file is %q", blob.Params.Reserve)
	}
	params := blobfee.Params{
		MaxGas: uint64(blob.Params.MaxRows) * kzg.RowSize, BlockTime: blockTime, Reserve: reserve, UpdateFraction: fraction,
	}
	return Market{Params: params, Excess: excess, MaxRows: blob.Params.MaxRows}, params.Validate()
}

// Capacity is what full blocks hold, in bytes of square a second, at a time between blocks.
func (m Market) Capacity(interval time.Duration) float64 {
	return float64(m.MaxGas) / interval.Seconds()
}

// Derive computes every block's base fee from what the blocks before it used and when they
// were made, by the formula alone, writes it beside the one that was charged, and returns
// the heights where the two differ. The blocks are all of the chain, from height 1.
func (m Market) Derive(blocks []Block) (differ []uint64) {
	excess := m.Excess
	for i := range blocks {
		block := &blocks[i]
		block.Formula = blobfee.BaseFee(m.Params, excess).String()
		if block.Formula != block.BaseFee {
			differ = append(differ, block.Height)
		}
		elapsed := m.BlockTime // the first block counts as in time
		if i > 0 {
			elapsed = block.Time.Sub(blocks[i-1].Time)
		}
		excess = blobfee.NextExcess(m.Params, excess, block.BlobGas, elapsed)
	}
	return differ
}

// HeadAt returns the height of the last block that was decided at a time. A block's time is
// that of the votes that decided the one before it.
func HeadAt(blocks []Block, at time.Time) uint64 {
	after := sort.Search(len(blocks), func(i int) bool { return blocks[i].Time.After(at) })
	return uint64(max(after-1, 0))
}
