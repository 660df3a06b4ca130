package attest

import errorsmod "cosmossdk.io/errors"

// The codes of codespace "attest". They are part of the interface: clients tell causes
// apart by them, and codes of executed transactions are hashed into blocks.
var (
	ErrInvalidParams    = errorsmod.Register(ModuleName, 2, "invalid parameters")
	ErrInvalidOperator  = errorsmod.Register(ModuleName, 3, "invalid operator")
	ErrNoValidator      = errorsmod.Register(ModuleName, 4, "no such validator")
	ErrInvalidKey       = errorsmod.Register(ModuleName, 5, "invalid attestation key")
	ErrInvalidProof     = errorsmod.Register(ModuleName, 6, "invalid proof of possession")
	ErrKeyTaken         = errorsmod.Register(ModuleName, 7, "attestation key of another validator")
	ErrNotFound         = errorsmod.Register(ModuleName, 8, "not found")
	ErrNotBegun         = errorsmod.Register(ModuleName, 9, "attestations have not begun")
	ErrStaleCertificate = errorsmod.Register(ModuleName, 10, "certificate is not newer than the last injected")
	ErrWrongCertificate = errorsmod.Register(ModuleName, 11, "certificate of what is not the chain's")
	ErrQuiet            = errorsmod.Register(ModuleName, 12, "certificate in a block that should stay empty")
	ErrInvalidEvidence  = errorsmod.Register(ModuleName, 13, "invalid evidence")
	ErrFutureHeight     = errorsmod.Register(ModuleName, 14, "height in the future")
	ErrOutsideWindow    = errorsmod.Register(ModuleName, 15, "height before the window")
	ErrUnknownSet       = errorsmod.Register(ModuleName, 16, "attester set is not in state")
	ErrNotAttester      = errorsmod.Register(ModuleName, 17, "not an attester of the epoch")
	ErrNoFault          = errorsmod.Register(ModuleName, 18, "what was signed is the chain's own")
	ErrInvalidSignature = errorsmod.Register(ModuleName, 19, "invalid signature")
	ErrPunished         = errorsmod.Register(ModuleName, 20, "already punished")
	ErrNoStake          = errorsmod.Register(ModuleName, 21, "validator has no stake to slash")
)
