// Package conformance holds blobfee's EIP4844 against go-ethereum's own arithmetic, in a
// module of its own: nothing of Ashlar depends on go-ethereum.
package conformance

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/consensus/misc/eip4844"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ashlar-da/ashlar/blobfee"
)

const (
	histories = 2000
	blocks    = 100
)

// fork is a time at which Ethereum's mainnet had constants of its own.
type fork struct {
	name    string
	time    uint64
	config  *params.BlobConfig
	reserve bool // EIP-7918 applies
}

func forks() []fork {
	chain := params.MainnetChainConfig
	schedule := chain.BlobScheduleConfig
	return []fork{
		{"Cancun", *chain.CancunTime, schedule.Cancun, false},
		{"Prague", *chain.PragueTime, schedule.Prague, false},
		{"Osaka", *chain.OsakaTime, schedule.Osaka, true},
		{"BPO1", *chain.BPO1Time, schedule.BPO1, true},
		{"BPO2", *chain.BPO2Time, schedule.BPO2, true},
	}
}

func (f fork) ours() blobfee.EIP4844 {
	return blobfee.EIP4844{
		TargetGas:      uint64(f.config.Target) * params.BlobTxBlobGasPerBlob,
		MaxGas:         uint64(f.config.Max) * params.BlobTxBlobGasPerBlob,
		MinBaseFee:     big.NewInt(params.BlobTxMinBlobGasprice),
		UpdateFraction: f.config.UpdateFraction,
	}
}

// TestMarketIsEthereums follows random histories of use and of the execution base fee on
// both implementations, block by block.
func TestMarketIsEthereums(t *testing.T) {
	for i, f := range forks() {
		t.Run(f.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(4844, uint64(i)))
			for range histories {
				follow(t, f, random)
			}
		})
	}
}

// follow runs one history. It starts anywhere up to what 200 full blocks reach, and most
// of its blocks lean to one side, so that prices get somewhere.
func follow(t *testing.T, f fork, random *rand.Rand) {
	t.Helper()
	ours := f.ours()
	excess := random.Uint64N(200 * (ours.MaxGas - ours.TargetGas))
	lean := random.IntN(f.config.Max + 1)
	for range blocks {
		blobs := random.IntN(f.config.Max + 1)
		if random.IntN(3) > 0 {
			blobs = lean
		}
		used := uint64(blobs) * params.BlobTxBlobGasPerBlob
		execution := new(big.Int).SetUint64(random.Uint64N(1 << random.IntN(45)))
		parent := &types.Header{Time: f.time, ExcessBlobGas: &excess, BlobGasUsed: &used, BaseFee: execution}
		if have, want := ours.BaseFee(excess), eip4844.CalcBlobFee(params.MainnetChainConfig, parent); have.Cmp(want) != 0 {
			t.Fatalf("base fee at excess %d: have %v, go-ethereum says %v", excess, have, want)
		}
		want := eip4844.CalcExcessBlobGas(params.MainnetChainConfig, parent, f.time)
		have := ours.NextExcess(excess, used)
		if f.reserve {
			have = ours.NextExcessWithReserve(excess, used, execution)
		}
		if have != want {
			t.Fatalf("excess %d, used %d, execution at %v: have %d, go-ethereum says %d", excess, used, execution, have, want)
		}
		excess = want
	}
}
