package attest

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// The events of the module and their attributes.
const (
	eventKey         = "attestation_key"
	eventSet         = "attester_set"
	eventCertificate = "certificate"
	eventMiss        = "attestation_missed"
	eventJail        = "attestation_jail"
	eventFault       = "attestation_fault"

	attributeOperator = "operator"
	attributeKey      = "key"
	attributeEpoch    = "epoch"
	attributeHash     = "hash"
	attributeHeight   = "height"
	attributeMissed   = "missed"
	attributeUntil    = "until"
)

func emit(ctx context.Context, event string, attributes ...sdk.Attribute) {
	sdk.UnwrapSDKContext(ctx).EventManager().EmitEvent(sdk.NewEvent(event, attributes...))
}
