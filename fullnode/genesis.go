package fullnode

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cosmossdk.io/math"
	cmtcfg "github.com/cometbft/cometbft/config"
	clienttx "github.com/cosmos/cosmos-sdk/client/tx"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
)

// Stake describes a validator of a genesis file.
type Stake struct {
	// Key names the operator's account in Ring.
	Key  string
	Ring keyring.Keyring
	// Balance is what the account starts with, Bonded what it bonds of that, in aash.
	Balance, Bonded math.Int
}

// AddValidator makes the node of comet's home a validator of the genesis file there: it
// gives the operator a balance and adds the signed transaction that bonds a part of it.
func AddValidator(ctx context.Context, comet *cmtcfg.Config, encoding *app.Encoding, chainID string, stake Stake) error {
	record, err := stake.Ring.Key(stake.Key)
	if err != nil {
		return fmt.Errorf("key %q: %w", stake.Key, err)
	}
	address, err := record.GetAddress()
	if err != nil {
		return err
	}
	balance := sdk.NewCoin(app.BaseDenom, stake.Balance).String()
	if err := genutil.AddGenesisAccount(encoding.Codec, address, false, comet.GenesisFile(), balance, "", 0, 0, ""); err != nil {
		return fmt.Errorf("add account %s to %s: %w", address, comet.GenesisFile(), err)
	}
	transaction, err := signCreateValidator(ctx, comet, encoding, chainID, stake, address)
	if err != nil {
		return fmt.Errorf("create validator %s: %w", address, err)
	}
	return addGenesisTx(comet.GenesisFile(), encoding, transaction)
}

func signCreateValidator(ctx context.Context, comet *cmtcfg.Config, encoding *app.Encoding, chainID string, stake Stake, operator sdk.AccAddress) (sdk.Tx, error) {
	_, pubKey, err := genutil.InitializeNodeValidatorFiles(comet)
	if err != nil {
		return nil, err
	}
	message, err := createValidator(comet.Moniker, pubKey, stake, operator)
	if err != nil {
		return nil, err
	}
	builder := encoding.TxConfig.NewTxBuilder()
	if err := builder.SetMsgs(message); err != nil {
		return nil, err
	}
	builder.SetGasLimit(200_000)
	factory := clienttx.Factory{}.
		WithTxConfig(encoding.TxConfig).
		WithKeybase(stake.Ring).
		WithChainID(chainID).
		WithSignMode(signing.SignMode_SIGN_MODE_DIRECT)
	if err := clienttx.Sign(ctx, factory, stake.Key, builder, true); err != nil {
		return nil, err
	}
	return builder.GetTx(), nil
}

func createValidator(moniker string, pubKey cryptotypes.PubKey, stake Stake, operator sdk.AccAddress) (*stakingtypes.MsgCreateValidator, error) {
	return stakingtypes.NewMsgCreateValidator(
		sdk.ValAddress(operator).String(), pubKey,
		sdk.NewCoin(app.BaseDenom, stake.Bonded),
		stakingtypes.NewDescription(moniker, "", "", "", ""),
		stakingtypes.NewCommissionRates(math.LegacyNewDecWithPrec(10, 2), math.LegacyNewDecWithPrec(20, 2), math.LegacyNewDecWithPrec(1, 2)),
		math.OneInt(),
	)
}

// addGenesisTx appends a transaction to those the first block starts from.
func addGenesisTx(file string, encoding *app.Encoding, transaction sdk.Tx) error {
	genesis, err := genutiltypes.AppGenesisFromFile(file)
	if err != nil {
		return err
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(genesis.AppState, &state); err != nil {
		return fmt.Errorf("decode %s: %w", file, err)
	}
	encoded, err := encoding.TxConfig.TxJSONEncoder()(transaction)
	if err != nil {
		return fmt.Errorf("encode the genesis transaction: %w", err)
	}
	transactions := genutiltypes.GetGenesisStateFromAppState(encoding.Codec, state)
	transactions.GenTxs = append(transactions.GenTxs, encoded)
	genutiltypes.SetGenesisStateInAppState(encoding.Codec, state, transactions)
	if genesis.AppState, err = json.MarshalIndent(state, "", " "); err != nil {
		return err
	}
	genesis.GenesisTime = time.Now().UTC()
	return genutil.ExportGenesisFile(genesis, file)
}
