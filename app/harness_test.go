package app_test

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"sync"
	"testing"
	"time"

	"cosmossdk.io/math"
	cmted25519 "github.com/cometbft/cometbft/crypto/ed25519"
	dbm "github.com/cosmos/cosmos-db"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/pool"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const chainID = "ashlar-test"

// genesisTime is when the test chains start.
var genesisTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	app.ConfigureSDK()
	os.Exit(m.Run())
}

// loadSetup is shared: it takes seconds.
var loadSetup = sync.OnceValues(kzg.NewSetup)

func testSetup(t testing.TB) *kzg.Setup {
	t.Helper()
	setup, err := loadSetup()
	if err != nil {
		t.Fatal(err)
	}
	return setup
}

// account is a funded account of the test chain.
type account struct {
	key    *secp256k1.PrivKey
	number uint64
}

func (a account) address() sdk.AccAddress {
	return sdk.AccAddress(a.key.PubKey().Address())
}

// testAccounts returns n accounts, the same ones each time.
func testAccounts(n int) []account {
	accounts := make([]account, n)
	for i := range accounts {
		accounts[i] = account{key: secp256k1.GenPrivKeyFromSecret(binary.AppendUvarint(nil, uint64(i))), number: uint64(i)}
	}
	return accounts
}

// testValidators returns n consensus keys, the same ones each time.
func testValidators(n int) []cmted25519.PrivKey {
	keys := make([]cmted25519.PrivKey, n)
	for i := range keys {
		keys[i] = cmted25519.GenPrivKeyFromSecret([]byte{byte(i)})
	}
	return keys
}

// newApp opens an application on an empty database.
func newApp(t testing.TB) *app.App {
	t.Helper()
	return newAppWith(t, pool.DefaultLimits())
}

// newAppWith is newApp with a mempool of other bounds.
func newAppWith(t testing.TB, limits pool.Limits) *app.App {
	t.Helper()
	a, err := app.New(app.Config{ChainID: chainID, Home: t.TempDir(), DB: dbm.NewMemDB(), Setup: testSetup(t), Mempool: &limits})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// genesis returns a state with accounts that hold 1000 ASH each and validators, the
// i-th operated by the i-th account, with 100 ASH bonded.
func genesis(t testing.TB, e *app.Encoding, accounts []account, validators []cmted25519.PrivKey, adjust func(app.GenesisState)) []byte {
	t.Helper()
	state := e.DefaultGenesis()
	bonded := app.OneASH().MulRaw(100)
	var auth []authtypes.GenesisAccount
	var balances []banktypes.Balance
	for _, a := range accounts {
		auth = append(auth, authtypes.NewBaseAccount(a.address(), nil, a.number, 0))
		balances = append(balances, banktypes.Balance{Address: a.address().String(), Coins: coins(app.OneASH().MulRaw(1000))})
	}
	balances = append(balances, banktypes.Balance{
		Address: authtypes.NewModuleAddress(stakingtypes.NotBondedPoolName).String(),
		Coins:   coins(bonded.MulRaw(int64(len(validators)))),
	})
	stake := stakingtypes.DefaultGenesisState()
	e.Codec.MustUnmarshalJSON(state[stakingtypes.ModuleName], stake)
	for i, key := range validators {
		operator := sdk.ValAddress(accounts[i].address())
		stake.Validators = append(stake.Validators, newValidator(t, operator, key, bonded))
		stake.Delegations = append(stake.Delegations,
			stakingtypes.NewDelegation(accounts[i].address().String(), operator.String(), math.LegacyNewDecFromInt(bonded)))
	}
	state[authtypes.ModuleName] = e.Codec.MustMarshalJSON(authtypes.NewGenesisState(authtypes.DefaultParams(), auth))
	bank := banktypes.DefaultGenesisState()
	bank.Balances = balances
	state[banktypes.ModuleName] = e.Codec.MustMarshalJSON(bank)
	state[stakingtypes.ModuleName] = e.Codec.MustMarshalJSON(stake)
	if adjust != nil {
		adjust(state)
	}
	raw, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func newValidator(t testing.TB, operator sdk.ValAddress, key cmted25519.PrivKey, bonded math.Int) stakingtypes.Validator {
	t.Helper()
	pub, err := cryptocodec.FromCmtPubKeyInterface(key.PubKey())
	if err != nil {
		t.Fatal(err)
	}
	packed, err := codectypes.NewAnyWithValue(pub)
	if err != nil {
		t.Fatal(err)
	}
	return stakingtypes.Validator{
		OperatorAddress:   operator.String(),
		ConsensusPubkey:   packed,
		Status:            stakingtypes.Unbonded,
		Tokens:            bonded,
		DelegatorShares:   math.LegacyNewDecFromInt(bonded),
		MinSelfDelegation: math.OneInt(),
		Commission:        stakingtypes.NewCommission(math.LegacyZeroDec(), math.LegacyOneDec(), math.LegacyOneDec()),
	}
}

func coins(amount math.Int) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(app.BaseDenom, amount))
}
