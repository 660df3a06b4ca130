package opstack

import (
	"crypto/ecdsa"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	altda "github.com/ethereum-optimism/optimism/op-alt-da"
	opparams "github.com/ethereum-optimism/optimism/op-core/params"
	oprollup "github.com/ethereum-optimism/optimism/op-node/rollup"
	opeth "github.com/ethereum-optimism/optimism/op-service/eth"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/misc/eip1559"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
)

const (
	l2ChainID = 901
	l1Period  = 2 // seconds between blocks, as those below
	l2Period  = 1
	// window is how many L1 blocks op-node gives anybody to challenge a commitment whose data it is told not to exist. It is short, so that
	// op-node has stopped for good by the end of a test if it ever believed that.
	window = 5
)

// Addresses on L1. Nobody has deployed OP's contracts there: op-node reads their logs, and there are none.
var (
	inbox        = common.HexToAddress("0xff00000000000000000000000000000000000901")
	portal       = common.HexToAddress("0x1100000000000000000000000000000000000901")
	systemConfig = common.HexToAddress("0x2200000000000000000000000000000000000901")
	challenges   = common.HexToAddress("0x3300000000000000000000000000000000000901")
)

// chains are an L1 and an L2 from their genesis on, and who has money on them.
type chains struct {
	l1, l2        *core.Genesis
	rollup        *oprollup.Config
	batcher, user *ecdsa.PrivateKey
}

// newChains makes both anew, beginning now.
func newChains(t *testing.T, generic bool) *chains {
	t.Helper()
	c := &chains{batcher: newKey(t), user: newKey(t)}
	batcher, now := crypto.PubkeyToAddress(c.batcher.PublicKey), uint64(time.Now().Unix())
	c.l1 = core.DeveloperGenesisBlock(30_000_000, &batcher)
	c.l1.Timestamp = now
	// op-node reads a storage slot of this account at its start, with a proof, which an account that is not there has none of
	c.l1.Alloc[systemConfig] = types.Account{Balance: big.NewInt(1), Storage: map[common.Hash]common.Hash{{31: 1}: {31: 1}}}
	c.l2 = l2Genesis(now, crypto.PubkeyToAddress(c.user.PublicKey))
	c.rollup = c.rollupConfig(generic)
	if err := c.rollup.Check(); err != nil {
		t.Fatal(err)
	}
	return c
}

// l2Genesis has all of OP's forks up to Jovian and none of its predeploys: what calls them, the deposit that tells of L1, succeeds without.
func l2Genesis(now uint64, rich common.Address) *core.Genesis {
	config := *params.AllDevChainProtocolChanges
	config.ChainID, config.OsakaTime, config.BlobScheduleConfig = big.NewInt(l2ChainID), nil, nil
	config.BedrockBlock, config.MergeNetsplitBlock = new(big.Int), new(big.Int)
	zero := new(uint64)
	config.RegolithTime, config.CanyonTime, config.EcotoneTime, config.FjordTime = zero, zero, zero, zero
	config.GraniteTime, config.HoloceneTime, config.IsthmusTime, config.JovianTime = zero, zero, zero, zero
	config.Optimism = &params.OptimismConfig{EIP1559Elasticity: 6, EIP1559Denominator: 50, EIP1559DenominatorCanyon: denominator()}
	return &core.Genesis{
		Config: &config, Timestamp: now, GasLimit: 60_000_000, Difficulty: new(big.Int), BaseFee: big.NewInt(params.GWei),
		ExtraData: eip1559.EncodeJovianExtraData(250, 6, 0), BlobGasUsed: new(uint64), ExcessBlobGas: new(uint64),
		Alloc: types.GenesisAlloc{
			rich:                         {Balance: new(big.Int).Mul(big.NewInt(1000), big.NewInt(params.Ether))},
			params.HistoryStorageAddress: {Nonce: 1, Code: params.HistoryStorageCode, Balance: new(big.Int)},
		},
	}
}

func denominator() *uint64 {
	value := uint64(250)
	return &value
}

// rollupConfig is what op-node takes as rollup.json.
func (c *chains) rollupConfig(generic bool) *oprollup.Config {
	zero := new(uint64)
	alt := &oprollup.AltDAConfig{CommitmentType: altda.GenericCommitmentString, DAChallengeWindow: window, DAResolveWindow: window}
	if !generic {
		alt.CommitmentType, alt.DAChallengeAddress = altda.KeccakCommitmentString, challenges
	}
	return &oprollup.Config{
		Genesis: oprollup.Genesis{
			L1: opeth.BlockID{Hash: c.l1.ToBlock().Hash()}, L2: opeth.BlockID{Hash: c.l2.ToBlock().Hash()}, L2Time: c.l2.Timestamp,
			SystemConfig: opeth.SystemConfig{
				BatcherAddr: crypto.PubkeyToAddress(c.batcher.PublicKey), GasLimit: c.l2.GasLimit,
				Scalar: opeth.EncodeScalar(opeth.EcotoneScalars{BaseFeeScalar: 1, BlobBaseFeeScalar: 1}),
			},
		},
		BlockTime: l2Period, MaxSequencerDrift: 600, SeqWindowSize: 3600, ChannelTimeoutBedrock: 300,
		L1ChainID: c.l1.Config.ChainID, L2ChainID: c.l2.Config.ChainID,
		RegolithTime: zero, CanyonTime: zero, DeltaTime: zero, EcotoneTime: zero, FjordTime: zero, GraniteTime: zero, HoloceneTime: zero,
		IsthmusTime: zero, JovianTime: zero,
		BatchInboxAddress: inbox, DepositContractAddress: portal, L1SystemConfigAddress: systemConfig,
		ChainOpConfig: &opparams.OptimismConfig{EIP1559Elasticity: 6, EIP1559Denominator: 50, EIP1559DenominatorCanyon: denominator()},
		AltDAConfig:   alt,
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// write writes a file of JSON and returns where it is.
func write(t *testing.T, dir, name string, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
