package fullnode

import (
	"fmt"
	"strings"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdktx "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
)

// notGranted is how the application says that a fee granter does not pay. It does so with the
// error that stands for signatures, too.
const notGranted = " does not pay fees for "

// unauthorized says why a transaction was refused as unauthorized; said is what the
// application said.
func (s submitter) unauthorized(tx []byte, said string) error {
	if strings.Contains(said, notGranted) {
		return api.Advise(fmt.Errorf("%w: %s", api.ErrInsufficientFunds, said),
			"have the fee granter grant an allowance that covers the fee, or name no fee granter")
	}
	return s.signatureError(tx, said)
}

// signatureSize is the length of an ECDSA signature on secp256k1: r and s.
const signatureSize = 64

// signatureError says what is wrong with a transaction's signature. What that was made for
// does not show in it, so that likely mistakes are tried; where none fits, what is left is
// named and no more.
func (s submitter) signatureError(tx []byte, said string) error {
	signed, err := readSigned(tx)
	if err != nil {
		return fmt.Errorf("%w: %s (%w)", api.ErrBadRequest, said, err)
	}
	if signed == nil {
		return fmt.Errorf("%w: %s", api.ErrWrongChain, said)
	}
	state, err := view(s).state()
	if err != nil {
		return err
	}
	account := s.node.app.Keepers.Account.GetAccount(state, signed.key.Address().Bytes())
	if account == nil {
		return fmt.Errorf("%w: %s", api.ErrInsufficientFunds, said)
	}
	return signed.explain(s.node.ChainID(), account.GetAccountNumber(), said)
}

// signed is a transaction with one plain signature.
type signed struct {
	body, auth []byte
	key        secp256k1.PubKey
	signature  []byte
}

// readSigned decodes the signature of a transaction or envelope; nil if there are several,
// or one of another kind. The key of what it returns has the length of one.
func readSigned(tx []byte) (*signed, error) {
	if da.IsEnvelope(tx) {
		envelope, err := da.DecodeEnvelope(tx)
		if err != nil {
			return nil, err
		}
		tx = envelope.Tx
	}
	var raw sdktx.TxRaw
	var auth sdktx.AuthInfo
	if err := raw.Unmarshal(tx); err != nil {
		return nil, err
	}
	if err := auth.Unmarshal(raw.AuthInfoBytes); err != nil {
		return nil, err
	}
	if len(auth.SignerInfos) != 1 || len(raw.Signatures) != 1 {
		return nil, nil
	}
	signer := auth.SignerInfos[0]
	if signer.ModeInfo.GetSingle().GetMode() != signing.SignMode_SIGN_MODE_DIRECT || signer.PublicKey.GetTypeUrl() != "/cosmos.crypto.secp256k1.PubKey" {
		return nil, nil
	}
	s := &signed{body: raw.BodyBytes, auth: raw.AuthInfoBytes, signature: raw.Signatures[0]}
	if err := s.key.Unmarshal(signer.PublicKey.Value); err != nil {
		return nil, err
	}
	if len(s.key.Key) != secp256k1.PubKeySize { // its Address would panic
		return nil, fmt.Errorf("a public key of %d bytes, want %d", len(s.key.Key), secp256k1.PubKeySize)
	}
	return s, nil
}

// fits tells whether the signature is one for that chain and account number.
func (s *signed) fits(chainID string, number uint64) bool {
	doc := sdktx.SignDoc{BodyBytes: s.body, AuthInfoBytes: s.auth, ChainId: chainID, AccountNumber: number}
	message, err := doc.Marshal()
	return err == nil && s.key.VerifySignature(message, s.signature)
}

// explain says what is wrong with the signature, where the chain and the account's number
// are these; said is what the application said.
func (s *signed) explain(chainID string, number uint64, said string) error {
	switch {
	case len(s.signature) != signatureSize:
		return fmt.Errorf("%w: a signature of %d bytes, want the %d of r and s", api.ErrBadRequest, len(s.signature), signatureSize)
	case s.fits(chainID, number):
		return fmt.Errorf("%w: %s", api.ErrBadRequest, said)
	case s.fits("", number), s.fits("", 0):
		return fmt.Errorf("%w: it was signed for no chain id at all, this is %s", api.ErrWrongChain, chainID)
	case s.fits(chainID, 0):
		return fmt.Errorf("%w: it was signed for account number 0, this account's is %d", api.ErrBadRequest, number)
	}
	return fmt.Errorf("%w: the signature does not verify for chain id %s and account number %d: it was made for others, or something was changed after signing",
		api.ErrWrongChain, chainID, number)
}
