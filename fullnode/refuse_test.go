package fullnode

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdktx "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// requireSimulation asks for a transaction's gas as the SDK's commands do.
func requireSimulation(t *testing.T, node *runningNode, prepared *client.Prepared, owner *client.Signer, account client.Account, fees client.Fees) {
	t.Helper()
	envelope, err := prepared.Sign(owner, account, fees)
	if err != nil {
		t.Fatal(err)
	}
	request, err := (&sdktx.SimulateRequest{TxBytes: envelope.Encode()}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := node.app.Query(t.Context(), &abci.RequestQuery{Path: "/cosmos.tx.v1beta1.Service/Simulate", Data: request})
	if err != nil || answer.Code != 0 {
		t.Fatalf("simulation: %v, %s", err, answer.GetLog())
	}
	var simulated sdktx.SimulateResponse
	if err := simulated.Unmarshal(answer.Value); err != nil {
		t.Fatal(err)
	}
	if used := simulated.GasInfo.GasUsed; used == 0 || used > fees.GasLimit {
		t.Errorf("simulated %d gas, the limit that posts name is %d", used, fees.GasLimit)
	}
}

// refuseEnvelopes hands in a good transaction with one thing wrong at a time, then the
// good one, twice: nothing before it may have used up its sequence.
func refuseEnvelopes(t *testing.T, node *runningNode, c *client.Client) {
	t.Helper()
	owner, err := client.KeyringSigner(node.cfg.Keyring, testKey)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := client.NewSigner(secp256k1.GenPrivKey())
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := client.Prepare(node.setup, []da.Blob{testBlob(t, 7, 2*da.DataRowSize)})
	if err != nil {
		t.Fatal(err)
	}
	state, err := c.Account(t.Context(), owner.Address())
	if err != nil {
		t.Fatal(err)
	}
	account := client.Account{ChainID: testChain, Number: state.Number, Sequence: state.Sequence}
	fees := client.Fees{Cap: math.NewInt(2_000_000_000), Tip: math.ZeroInt(), GasLimit: 200_000, GasPrice: math.NewInt(20_000_000)}
	requireSimulation(t, node, prepared, owner, account, fees)
	low, cheap := fees, fees
	low.Cap, cheap.GasPrice = math.OneInt(), math.NewInt(19_999_999)
	for _, test := range []struct {
		name    string
		signer  *client.Signer
		account client.Account
		fees    client.Fees
		corrupt func(*da.Envelope)
		want    error
	}{
		{"another chain's", owner, client.Account{ChainID: "other", Number: account.Number, Sequence: account.Sequence}, fees, nil, api.ErrWrongChain},
		{"a later sequence", owner, client.Account{ChainID: testChain, Number: account.Number, Sequence: account.Sequence + 5}, fees, nil, api.ErrBadSequence},
		{"a fee cap below the base fee", owner, account, low, nil, api.ErrFeeTooLow},
		{"execution below its price", owner, account, cheap, nil, api.ErrFeeTooLow},
		{"no funds", stranger, account, fees, nil, api.ErrInsufficientFunds},
		{"another byte of data", owner, account, fees, func(e *da.Envelope) {
			e.Blobs = [][]byte{append(bytes.Clone(e.Blobs[0][:len(e.Blobs[0])-1]), 0xff)}
		}, da.ErrMismatch},
		{"another proof", owner, account, fees, func(e *da.Envelope) {
			e.Proofs = append([]kzg.Proof{e.Proofs[1]}, e.Proofs[1:]...)
		}, da.ErrMismatch},
		{"a signature cut short", owner, account, fees, func(e *da.Envelope) { e.Tx = withSignature(t, e.Tx, func(s []byte) []byte { return s[:63] }) }, api.ErrBadRequest},
		{"another signature", owner, account, fees, func(e *da.Envelope) {
			e.Tx = withSignature(t, e.Tx, func(s []byte) []byte { return append([]byte{s[0] ^ 1}, s[1:]...) })
		}, api.ErrWrongChain},
		{"a fee granter that granted nothing", owner, account, fees, func(e *da.Envelope) {
			e.Tx = withAuth(t, e.Tx, func(auth *sdktx.AuthInfo) { setGranter(auth, stranger) })
		}, api.ErrInsufficientFunds},
		{"the same, and a key cut short", owner, account, fees, func(e *da.Envelope) {
			e.Tx = withAuth(t, e.Tx, func(auth *sdktx.AuthInfo) { setGranter(auth, stranger); setKey(t, auth, []byte{2, 3}) })
		}, api.ErrInsufficientFunds},
		{"a key cut short", owner, account, fees, func(e *da.Envelope) {
			e.Tx = withAuth(t, e.Tx, func(auth *sdktx.AuthInfo) { setKey(t, auth, []byte{2, 3}) })
		}, api.ErrBadRequest},
		{"nothing", owner, account, fees, nil, nil},
		{"nothing, again", owner, account, fees, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			envelope, err := prepared.Sign(test.signer, test.account, test.fees)
			if err != nil {
				t.Fatal(err)
			}
			if test.corrupt != nil {
				test.corrupt(envelope)
			}
			_, err = (submitter{node.Node}).SubmitTx(context.Background(), envelope.Encode())
			if !errors.Is(err, test.want) {
				t.Errorf("it is answered with %v, want %v", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("it is answered with more than a line: %v", err)
			}
		})
	}
}

// setGranter has another account pay, and offers enough for the bytes that it takes to say so.
func setGranter(auth *sdktx.AuthInfo, granter *client.Signer) {
	auth.Fee.Granter = granter.Address()
	auth.Fee.Amount[0].Amount = auth.Fee.Amount[0].Amount.MulRaw(2)
}

// withSignature changes the signature of a signed transaction.
func withSignature(t *testing.T, signed []byte, change func([]byte) []byte) []byte {
	t.Helper()
	var raw sdktx.TxRaw
	if err := raw.Unmarshal(signed); err != nil {
		t.Fatal(err)
	}
	raw.Signatures[0] = change(raw.Signatures[0])
	changed, err := raw.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return changed
}
