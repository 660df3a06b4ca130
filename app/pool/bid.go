package pool

import (
	"context"
	"time"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
)

// ID names a transaction: SHA-256 of its signed bytes.
type ID [da.HashSize]byte

// Address is an account's, its bytes.
type Address string

// String returns the address as users write it.
func (a Address) String() string { return sdk.AccAddress(a).String() }

// Place is what a signature uses up: one account's one sequence.
type Place struct {
	Address  Address
	Sequence uint64
}

// Bid is a transaction as far as the mempool compares it with others.
type Bid struct {
	ID ID
	// Raw is the transaction as it was received.
	Raw []byte
	// Offer is what it pays at most.
	Offer blob.Offer
	// Places are those of its signers, at least one.
	Places []Place
	// Payer pays the fee; Grantee is whom it does so for under an allowance, empty if itself.
	Payer, Grantee Address
	// Blobs tells that the transaction does nothing but pay for blobs: it moves no funds beside
	// its fee.
	Blobs bool
	// Size is about how many bytes the transaction takes, blobs and proofs included.
	Size int64
	// TimeoutHeight and Timeout are the last height and time at which a block may include it;
	// zero: any.
	TimeoutHeight int64
	Timeout       time.Time
	// Unverified tells that its blobs are still being verified: it holds its place, and nothing
	// offers it before Confirm.
	Unverified bool
}

// bidKey is the context key of WithBid.
type bidKey struct{}

// WithBid hands a bid to Admit and Insert.
func WithBid(ctx sdk.Context, bid *Bid) sdk.Context { return ctx.WithValue(bidKey{}, bid) }

func bidOf(ctx context.Context) (*Bid, bool) {
	bid, ok := sdk.UnwrapSDKContext(ctx).Value(bidKey{}).(*Bid)
	return bid, ok
}

// Market is what the next block charges and holds.
type Market struct {
	// Height and Time are the last block's.
	Height   int64
	Time     time.Time
	Prices   blob.Prices
	Capacity blob.Capacity
}

// State is what the mempool reads of the last committed state.
type State interface {
	Market() (Market, error)
	// Sequence returns what an account's next transaction must carry, 0 if there is no account.
	Sequence(Address) uint64
	// Spendable returns what an account can pay fees with.
	Spendable(Address) math.Int
	// Allowed fails if a granter's allowance does not cover an amount for these messages.
	Allowed(granter, grantee Address, amount math.Int, msgs []sdk.Msg) error
}

// entry is a transaction that waits.
type entry struct {
	*Bid
	tx sdk.Tx
	// priority is the bid's rank at the prices of the next block, and worth that of the least of
	// it and those that must be included before it.
	priority, worth int64
	// since is the height at which it came. replaced tells that it took another's place then.
	since    int64
	replaced bool
	// arrival orders entries; one that replaces another inherits its.
	arrival uint64
}

func newEntry(tx sdk.Tx, bid *Bid, market Market) *entry {
	e := &entry{Bid: bid, tx: tx, since: market.Height}
	e.rank(market)
	return e
}

// rank holds the bid against what the next block charges.
func (e *entry) rank(market Market) {
	e.priority = e.Offer.Rank(market.Prices, market.Capacity)
}
