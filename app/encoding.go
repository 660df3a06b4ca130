package app

import (
	"fmt"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/address"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/std"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	txsigning "github.com/cosmos/cosmos-sdk/x/tx/signing"
	"github.com/cosmos/gogoproto/proto"

	"github.com/ashlar-da/ashlar/app/blob"
)

// Encoding is how the chain's types are written: what commands, clients and the
// application share.
type Encoding struct {
	Registry codectypes.InterfaceRegistry
	Codec    codec.Codec
	Amino    *codec.LegacyAmino
	// TxConfig decodes envelopes as well as bare transactions.
	TxConfig client.TxConfig
	// Basics are the modules without state: genesis defaults and validation.
	Basics module.BasicManager
}

// NewEncoding returns the chain's encoding. It fails where ConfigureSDK has not run.
func NewEncoding() (*Encoding, error) {
	if prefix := sdk.GetConfig().GetBech32AccountAddrPrefix(); prefix != AddressPrefix {
		return nil, fmt.Errorf("app: addresses would begin with %q: call ConfigureSDK first", prefix)
	}
	registry, err := newRegistry()
	if err != nil {
		return nil, err
	}
	e := &Encoding{
		Registry: registry,
		Codec:    codec.NewProtoCodec(registry),
		Amino:    codec.NewLegacyAmino(),
		Basics:   newBasics(),
	}
	std.RegisterLegacyAminoCodec(e.Amino)
	std.RegisterInterfaces(registry)
	e.Basics.RegisterLegacyAminoCodec(e.Amino)
	e.Basics.RegisterInterfaces(registry)
	e.TxConfig, err = authtx.NewTxConfigWithOptions(e.Codec, authtx.ConfigOptions{
		EnabledSignModes: authtx.DefaultSignModes,
		ProtoDecoder:     blob.NewTxDecoder(authtx.DefaultTxDecoder(e.Codec)),
		ProtoEncoder:     blob.NewTxEncoder(authtx.DefaultTxEncoder()),
	})
	if err != nil {
		return nil, fmt.Errorf("transaction encoding: %w", err)
	}
	return e, nil
}

func newRegistry() (codectypes.InterfaceRegistry, error) {
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: txsigning.Options{
			AddressCodec:          address.NewBech32Codec(sdk.GetConfig().GetBech32AccountAddrPrefix()),
			ValidatorAddressCodec: address.NewBech32Codec(sdk.GetConfig().GetBech32ValidatorAddrPrefix()),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("interface registry: %w", err)
	}
	if err := registry.SigningContext().Validate(); err != nil {
		return nil, fmt.Errorf("signers of the registered messages: %w", err)
	}
	return registry, nil
}
