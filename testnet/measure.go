package testnet

import (
	"context"
	"slices"
	"time"
)

// Blocks reads the blocks of heights 1 to head from a full node.
func (f *FullNode) Blocks(ctx context.Context, head uint64) ([]Block, error) {
	var blocks []Block
	for height := uint64(1); height <= head; height++ {
		block, err := f.Block(ctx, height)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
	}
	return blocks, nil
}

// Largest returns the block with the most rows, the first of them if there are several.
func Largest(blocks []Block) Block {
	var largest Block
	for _, block := range blocks {
		if block.Rows > largest.Rows {
			largest = block
		}
	}
	return largest
}

// dataRows is the number of rows from which a block counts as one with data: it holds
// more than transactions.
const dataRows = 4

// MeasureBlockTimes sums up the times between consecutive blocks.
func MeasureBlockTimes(blocks []Block) BlockTimes {
	var all, withData []time.Duration
	for i := 1; i < len(blocks); i++ {
		took := blocks[i].Time.Sub(blocks[i-1].Time)
		all = append(all, took)
		// A block's time is that of the votes on the one before it.
		if blocks[i-1].Rows >= dataRows {
			withData = append(withData, took)
		}
	}
	return BlockTimes{
		Median: quantile(all, 50), P90: quantile(all, 90), Max: quantile(all, 100),
		WithData: quantile(withData, 50),
	}
}

// quantile returns the least duration, in seconds, that a percentage of all do not
// exceed; 0 of none.
func quantile(all []time.Duration, percent int) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	at := (len(all)*percent+99)/100 - 1
	return all[max(at, 0)].Round(time.Millisecond).Seconds()
}
