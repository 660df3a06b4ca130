package blob

import (
	"errors"

	errorsmod "cosmossdk.io/errors"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// The codes of codespace "blob". They are part of the interface: clients tell causes
// apart by them, and codes of executed transactions are hashed into blocks.
var (
	ErrMalformedEnvelope  = errorsmod.Register(ModuleName, 2, "malformed envelope")
	ErrTooLarge           = errorsmod.Register(ModuleName, 3, "too large")
	ErrNotFromEnvelope    = errorsmod.Register(ModuleName, 4, "MsgPayForBlobs outside an envelope")
	ErrInvalidMessage     = errorsmod.Register(ModuleName, 5, "invalid MsgPayForBlobs")
	ErrInvalidNamespace   = errorsmod.Register(ModuleName, 6, "invalid namespace")
	ErrBlobMismatch       = errorsmod.Register(ModuleName, 7, "blobs do not match the signed message")
	ErrNonCanonicalScalar = errorsmod.Register(ModuleName, 8, "non-canonical scalar")
	ErrInvalidProof       = errorsmod.Register(ModuleName, 9, "commitment or proof does not hold")
	ErrFeeTooLow          = errorsmod.Register(ModuleName, 10, "fee too low")
	ErrInsufficientFunds  = errorsmod.Register(ModuleName, 11, "insufficient funds")
	ErrInvalidFee         = errorsmod.Register(ModuleName, 12, "invalid fee")
	ErrBackOff            = errorsmod.Register(ModuleName, 13, "account is backing off")
	ErrInvalidParams      = errorsmod.Register(ModuleName, 14, "invalid parameters")
	ErrInjectedByUser     = errorsmod.Register(ModuleName, 15, "transaction begins with 0x00")
	ErrNotFound           = errorsmod.Register(ModuleName, 16, "not found")
	ErrNotReady           = errorsmod.Register(ModuleName, 17, "not ready")
	ErrEvicted            = errorsmod.Register(ModuleName, 18, "evicted from the mempool")
	ErrSupply             = errorsmod.Register(ModuleName, 19, "supply does not add up")
	ErrUnderpriced        = errorsmod.Register(ModuleName, 20, "replacement underpriced")
	ErrAccountLimit       = errorsmod.Register(ModuleName, 21, "too much of one account waits")
	ErrReplaced           = errorsmod.Register(ModuleName, 22, "replaced by another transaction")
	ErrReplacedLately     = errorsmod.Register(ModuleName, 23, "replaced since the last block")
)

// Wrap gives an error of da or kzg about an envelope its code, and keeps its message.
func Wrap(err error) error {
	for _, known := range []struct {
		cause error
		code  *errorsmod.Error
	}{
		{da.ErrInvalidNamespace, ErrInvalidNamespace},
		{da.ErrInvalidBlob, ErrInvalidMessage},
		{da.ErrTooLarge, ErrTooLarge},
		{da.ErrMismatch, ErrBlobMismatch},
		{kzg.ErrNonCanonicalScalar, ErrNonCanonicalScalar},
		{kzg.ErrInvalidPoint, ErrInvalidProof},
		{kzg.ErrInvalidProof, ErrInvalidProof},
	} {
		if errors.Is(err, known.cause) {
			return known.code.Wrap(err.Error())
		}
	}
	return ErrMalformedEnvelope.Wrap(err.Error())
}
