package attest

import (
	"time"

	"cosmossdk.io/math"

	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// Bounds of the parameters, whatever governance decides. They bound what state keeps: a record and
// two nodes for each height of the window, a set for each epoch that is in it.
const (
	maxEpochBlocks  = 1_000_000
	maxWindow       = 1_000_000
	maxWindowEpochs = 1024
	maxMissWindow   = 100_000
	maxMissLimit    = 10_000
)

// DefaultParams returns the parameters a new chain starts with: at six seconds a block, an epoch takes a
// day and validators vouch for seven, an idle chain injects a certificate every ten minutes, and who
// misses half of a thousand is jailed.
func DefaultParams() attestpb.Params {
	return attestpb.Params{
		EpochBlocks:   14_400,
		Window:        100_800,
		QuietBlocks:   100,
		MissWindow:    1000,
		MissLimit:     500,
		MissJail:      10 * time.Minute,
		SlashFraction: math.LegacyNewDecWithPrec(5, 2),
	}
}

// ValidateParams reports the first parameter the chain could not run with.
func ValidateParams(p attestpb.Params) error {
	switch {
	case p.EpochBlocks == 0 || p.EpochBlocks > maxEpochBlocks:
		return ErrInvalidParams.Wrapf("epoch_blocks is %d: choose 1 to %d", p.EpochBlocks, maxEpochBlocks)
	case p.Window == 0 || p.Window > maxWindow:
		return ErrInvalidParams.Wrapf("window is %d: choose 1 to %d", p.Window, maxWindow)
	case p.Window/p.EpochBlocks > maxWindowEpochs:
		return ErrInvalidParams.Wrapf("a window of %d blocks has %d epochs of %d, at most %d: choose longer epochs", p.Window, p.Window/p.EpochBlocks, p.EpochBlocks, maxWindowEpochs)
	case p.QuietBlocks == 0:
		return ErrInvalidParams.Wrap("quiet_blocks is 0: every block would have to carry a certificate")
	case p.MissWindow == 0 || p.MissWindow > maxMissWindow:
		return ErrInvalidParams.Wrapf("miss_window is %d: choose 1 to %d", p.MissWindow, maxMissWindow)
	case p.MissLimit == 0 || p.MissLimit > min(p.MissWindow, maxMissLimit):
		return ErrInvalidParams.Wrapf("miss_limit is %d: choose 1 to %d, of a window of %d", p.MissLimit, min(p.MissWindow, maxMissLimit), p.MissWindow)
	case p.MissJail < 0:
		return ErrInvalidParams.Wrapf("miss_jail is %v: it cannot be negative", p.MissJail)
	case p.SlashFraction.IsNil() || p.SlashFraction.IsNegative() || p.SlashFraction.GT(math.LegacyOneDec()):
		return ErrInvalidParams.Wrap("slash_fraction is missing or not between 0 and 1")
	}
	return nil
}
