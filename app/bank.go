package app

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"

	"github.com/ashlar-da/ashlar/app/blob"
)

// Bank is the SDK's, which in addition has the blob module record all that is burned, fees,
// slashed stake and forfeited deposits, so that the supply can be audited at every block.
type Bank struct {
	bankkeeper.BaseKeeper
	blob *blob.Keeper
}

var _ bankkeeper.Keeper = Bank{}

// BurnCoins implements bankkeeper.Keeper.
func (b Bank) BurnCoins(ctx context.Context, module string, amounts sdk.Coins) error {
	if err := b.BaseKeeper.BurnCoins(ctx, module, amounts); err != nil {
		return err
	}
	return b.blob.Burn(ctx, amounts.AmountOf(BaseDenom))
}
