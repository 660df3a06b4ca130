package app

import (
	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

const (
	// BaseDenom is the denomination of all amounts on chain: 10⁻¹⁸ ASH.
	BaseDenom = "aash"
	// DisplayDenom is the denomination people speak of.
	DisplayDenom = "ash"
	// Decimals are those of an ASH in BaseDenom.
	Decimals = 18
	// AddressPrefix is the bech32 prefix of accounts.
	AddressPrefix = "ashlar"
)

// OneASH returns an ASH in BaseDenom.
func OneASH() math.Int {
	return math.NewIntWithDecimal(1, Decimals)
}

// ConfigureSDK sets what the Cosmos SDK keeps in package variables: the bech32
// prefixes, the bond denomination and the power of a bonded token. A program calls it
// once, first thing in main, before it builds commands or addresses; New and
// NewEncoding rely on it. With the SDK's own power reduction of 10⁶ a bonded million
// ASH would overflow CometBFT's voting power.
func ConfigureSDK() {
	config := sdk.GetConfig()
	config.SetBech32PrefixForAccount(AddressPrefix, AddressPrefix+sdk.PrefixPublic)
	config.SetBech32PrefixForValidator(AddressPrefix+sdk.PrefixValidator+sdk.PrefixOperator, AddressPrefix+sdk.PrefixValidator+sdk.PrefixOperator+sdk.PrefixPublic)
	config.SetBech32PrefixForConsensusNode(AddressPrefix+sdk.PrefixValidator+sdk.PrefixConsensus, AddressPrefix+sdk.PrefixValidator+sdk.PrefixConsensus+sdk.PrefixPublic)
	sdk.DefaultBondDenom = BaseDenom
	sdk.DefaultPowerReduction = OneASH()
}
