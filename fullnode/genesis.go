package fullnode

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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
	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
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
// gives the operator a balance, adds the signed transaction that bonds a part of it, and
// registers the home's attestation key.
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
	if err := addGenesisTx(comet.GenesisFile(), encoding, transaction); err != nil {
		return err
	}
	registration, err := RegistrationOf(comet.RootDir, [da.AddressSize]byte(address))
	if err != nil {
		return err
	}
	return AddAttestationKey(comet.GenesisFile(), encoding, address.String(), registration)
}

// Registration is a validator's attestation key, with the proof, for its operator, that it has the secret.
type Registration struct {
	Key   da.AttestationKey
	Proof da.AttestationSignature
}

// AttestationKeyOf returns the public key of a home, whose secret it creates where there is none.
func AttestationKeyOf(home string) (da.AttestationKey, error) {
	secret, err := attesting.LoadOrCreateSecret(AttestationKeyFile(home))
	if err != nil {
		return da.AttestationKey{}, err
	}
	return secret.Key(), nil
}

// RegistrationOf returns the key of a home as an operator registers it; a key is created where there is none.
func RegistrationOf(home string, operator [da.AddressSize]byte) (r Registration, _ error) {
	secret, err := attesting.LoadOrCreateSecret(AttestationKeyFile(home))
	if err != nil {
		return r, err
	}
	r.Key = secret.Key()
	r.Proof, err = secret.Prove(operator)
	return r, err
}

// AddAttestationKey registers a validator's attestation key in a genesis file, in place of one that
// is there: it attests from the first block on. The operator is an account's address.
func AddAttestationKey(file string, encoding *app.Encoding, operator string, registration Registration) error {
	genesis, err := genutiltypes.AppGenesisFromFile(file)
	if err != nil {
		return err
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(genesis.AppState, &state); err != nil {
		return fmt.Errorf("decode %s: %w", file, err)
	}
	var keys attestpb.GenesisState
	if err := encoding.Codec.UnmarshalJSON(state[attest.ModuleName], &keys); err != nil {
		return fmt.Errorf("decode the attestation keys of %s: %w", file, err)
	}
	keys.Keys = slices.DeleteFunc(keys.Keys, func(k attestpb.RegisteredKey) bool { return k.Operator == operator })
	keys.Keys = append(keys.Keys, attestpb.RegisteredKey{Operator: operator, Key: registration.Key[:], Proof: registration.Proof[:]})
	if err := attest.ValidateGenesis(&keys); err != nil {
		return fmt.Errorf("attestation key of %s: %w", operator, err)
	}
	if state[attest.ModuleName], err = encoding.Codec.MarshalJSON(&keys); err != nil {
		return err
	}
	if genesis.AppState, err = json.MarshalIndent(state, "", " "); err != nil {
		return err
	}
	return genutil.ExportGenesisFile(genesis, file)
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
