package blob

import (
	"fmt"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdktx "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
	"github.com/cosmos/cosmos-sdk/x/auth/signing"

	"github.com/ashlar-da/ashlar/da"
	blobpb "github.com/ashlar-da/ashlar/proto/blob"
)

// injectedPrefix begins what a proposer injects; no transaction of a user may.
const injectedPrefix = 0x00

// innerTx is everything the SDK asks of a transaction somewhere by type assertion. A
// wrapper that hid one of these would silently skip a check of the ante chain.
type innerTx interface {
	signing.Tx
	signing.V2AdaptableTx
	ante.HasExtensionOptionsTx
	AsAny() *codectypes.Any
	GetProtoTx() *sdktx.Tx
}

// Tx is a decoded envelope: the signed transaction to the SDK, with what came beside it.
type Tx struct {
	innerTx
	// Raw is the envelope as it was received. It must not be changed.
	Raw []byte
	// Envelope is what Raw encodes.
	Envelope *da.Envelope
	// Message is the transaction's one message, as da decodes it.
	Message *da.PayForBlobs
}

// String names the transaction shortly: errors print transactions.
func (t *Tx) String() string {
	return fmt.Sprintf("envelope of %d blobs, %d bytes", len(t.Envelope.Blobs), len(t.Raw))
}

// Pay returns the one message of a blob transaction, or nil where there are others.
func (t *Tx) Pay() *blobpb.MsgPayForBlobs {
	msgs := t.GetMsgs()
	if len(msgs) != 1 {
		return nil
	}
	pay, _ := msgs[0].(*blobpb.MsgPayForBlobs)
	return pay
}

// IsInjected tells whether a transaction of a block was injected by its proposer.
func IsInjected(raw []byte) bool {
	return len(raw) > 0 && raw[0] == injectedPrefix
}

// NewTxDecoder returns a decoder of envelopes, and by the decoder given of bare
// transactions. What it returns refers to the bytes it was given.
func NewTxDecoder(bare sdk.TxDecoder) sdk.TxDecoder {
	return func(raw []byte) (sdk.Tx, error) {
		switch {
		case IsInjected(raw):
			return nil, ErrInjectedByUser.Wrap("only proposers may inject: submit a signed transaction or an envelope")
		case da.IsEnvelope(raw):
			return decodeEnvelope(bare, raw)
		}
		return bare(raw)
	}
}

func decodeEnvelope(bare sdk.TxDecoder, raw []byte) (sdk.Tx, error) {
	envelope, err := da.DecodeEnvelope(raw)
	if err != nil {
		return nil, Wrap(err)
	}
	message, err := envelope.Message()
	if err != nil {
		return nil, Wrap(err)
	}
	decoded, err := bare(envelope.Tx)
	if err != nil {
		return nil, err
	}
	inner, ok := decoded.(innerTx)
	if !ok {
		return nil, fmt.Errorf("transaction type %T lacks what the SDK asks of one", decoded)
	}
	return &Tx{innerTx: inner, Raw: raw, Envelope: envelope, Message: message}, nil
}

// NewTxEncoder returns the inverse of NewTxDecoder: an envelope is encoded as it came.
func NewTxEncoder(bare sdk.TxEncoder) sdk.TxEncoder {
	return func(tx sdk.Tx) ([]byte, error) {
		if tx, ok := tx.(*Tx); ok {
			return tx.Raw, nil
		}
		return bare(tx)
	}
}

const (
	// txGas and gasPerByte are the most execution gas that a transaction with blobs may name, and
	// more for each byte that was signed: several times what it uses. Under the first limits of
	// a square and a block, all blob transactions that find room together name less than a
	// block's gas, so that none of them can use it up for the others.
	txGas      = 500_000
	gasPerByte = 100
)

// MaxGas returns the most execution gas that a blob transaction of so many signed bytes may name.
func MaxGas(size int) uint64 { return txGas + gasPerByte*uint64(size) }
