package blob

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// envelopeMark is the context key of MarkEnvelope.
type envelopeMark struct{}

// MarkEnvelope marks a transaction's context as that of an envelope whose blobs
// match its one message. The ante chain calls it; the message server asks for it.
func MarkEnvelope(ctx sdk.Context) sdk.Context {
	return ctx.WithValue(envelopeMark{}, true)
}

// fromEnvelope tells whether the context carries the mark.
func fromEnvelope(ctx context.Context) bool {
	marked, _ := sdk.UnwrapSDKContext(ctx).Value(envelopeMark{}).(bool)
	return marked
}
