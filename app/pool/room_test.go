package pool

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"cosmossdk.io/math"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/mempool"
	protov2 "google.golang.org/protobuf/proto"

	"github.com/ashlar-da/ashlar/app/blob"
)

// tx is a transaction that is nothing but its name.
type tx string

func (*tx) GetMsgs() []sdk.Msg                    { return nil }
func (*tx) GetMsgsV2() ([]protov2.Message, error) { return nil, nil }

// ledger is a committed state that tests write.
type ledger struct {
	height    int64
	baseFee   int64
	sequences map[Address]uint64
	funds     map[Address]int64
	allowed   map[allowance]int64
}

func (l *ledger) Market() (Market, error) {
	return Market{
		Height: l.height, Capacity: blob.Capacity{BlobGas: 1000, Gas: 1000},
		Prices: blob.Prices{BaseFee: math.NewInt(l.baseFee), Gas: math.ZeroInt(), Reserve: math.OneInt()},
	}, nil
}

func (l *ledger) Sequence(a Address) uint64 { return l.sequences[a] }

func (l *ledger) Spendable(a Address) math.Int {
	if funds, ok := l.funds[a]; ok {
		return math.NewInt(funds)
	}
	return math.NewInt(1_000_000)
}

func (l *ledger) Allowed(granter, grantee Address, amount math.Int, _ []sdk.Msg) error {
	if most := l.allowed[allowance{granter, grantee}]; amount.GT(math.NewInt(most)) {
		return blob.ErrInsufficientFunds.Wrapf("%s is more than %d", amount, most)
	}
	return nil
}

// room is a pool on a ledger.
type room struct {
	*Pool
	t      *testing.T
	ledger *ledger
	names  map[string]*Bid
	count  uint64
}

func newRoom(t *testing.T, limits Limits) *room {
	t.Helper()
	l := &ledger{height: 1, baseFee: 100, sequences: map[Address]uint64{}, funds: map[Address]int64{}, allowed: map[allowance]int64{}}
	return &room{Pool: New(limits, func() State { return l }), t: t, ledger: l, names: map[string]*Bid{}}
}

// bid returns a blob transaction of an account that offers so much per blob gas, for ten.
func (r *room) bid(from Address, sequence uint64, feeCap, tipCap int64) *Bid {
	r.count++
	bid := &Bid{
		Places: []Place{{from, sequence}}, Payer: from, Blobs: true, Size: 10,
		Offer: offerOf(feeCap, tipCap, feeCap*10),
	}
	binary.BigEndian.PutUint64(bid.ID[:], r.count)
	return bid
}

func offerOf(feeCap, tipCap, fee int64) blob.Offer {
	most, tip := math.NewInt(feeCap), math.NewInt(tipCap)
	return blob.Offer{BlobGas: 10, Fee: math.NewInt(fee), FeeCap: &most, TipCap: &tip}
}

// plain returns a transaction of an account that does more than pay for blobs.
func (r *room) plain(from Address, sequence uint64, perGas int64) *Bid {
	bid := r.bid(from, sequence, perGas, 0)
	bid.Blobs, bid.Offer.FeeCap, bid.Offer.TipCap = false, nil, nil
	return bid
}

// enter has a transaction admitted and inserted, as BaseApp does.
func (r *room) enter(name string, bid *Bid) error {
	r.t.Helper()
	tx := tx(name)
	ctx := WithBid(sdk.Context{}.WithContext(context.Background()), bid)
	if err := r.Admit(ctx, &tx); err != nil {
		return err
	}
	r.names[name] = bid
	if err := r.Insert(ctx, &tx, mempool.InsertOption{}); err != nil {
		r.t.Fatalf("%s was admitted and not inserted: %v", name, err)
	}
	r.consistent()
	return nil
}

func (r *room) enters(name string, bid *Bid) {
	r.t.Helper()
	if err := r.enter(name, bid); err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
}

// commit moves the ledger on by a height.
func (r *room) commit() {
	r.t.Helper()
	r.ledger.height++
	if err := r.Refresh(r.ledger); err != nil {
		r.t.Fatal(err)
	}
	r.consistent()
}

// offered returns the names of what a block could include, in order.
func (r *room) offered() []string {
	var names []string
	r.SelectBy(context.Background(), nil, func(p mempool.PooledTx) bool {
		names = append(names, string(*p.Tx.(*tx)))
		return true
	})
	return names
}

func (r *room) requireOffered(want ...string) {
	r.t.Helper()
	if have := r.offered(); !slices.Equal(have, want) {
		r.t.Errorf("offered are %v, want %v", have, want)
	}
}

// requireStatus takes "waiting", or a kind and, of what was evicted, the cause.
func (r *room) requireStatus(name, want string) {
	r.t.Helper()
	status := r.Status(r.names[name].ID)
	if have := string(status.Kind) + string(status.Cause); have != want {
		r.t.Errorf("%s is %s (%s), want %s", name, have, status.Reason, want)
	}
	_, err := r.Recheck(r.names[name].ID)
	if (err == nil) != (status.Kind == Waiting) {
		r.t.Errorf("%s is %s, and checked again: %v", name, status.Kind, err)
	}
}

// consistent holds the pool's books against what waits.
func (r *room) consistent() {
	r.t.Helper()
	bytes, held, places := int64(0), math.ZeroInt(), 0
	for _, e := range r.byID {
		bytes, held, places = bytes+e.Size, held.Add(e.Offer.Fee), places+len(e.Places)
		for _, place := range e.Places {
			line := r.lines[place.Address]
			if at := int(place.Sequence - r.ledger.sequences[place.Address]); at >= len(line) || line[at] != e {
				r.t.Fatalf("sequence %d of %q is not where it belongs in its line of %d", place.Sequence, string(place.Address), len(line))
			}
		}
		if want := r.worth(e); e.worth != want {
			r.t.Fatalf("%s is said to be worth %d, is %d", *e.tx.(*tx), e.worth, want)
		}
	}
	for _, line := range r.lines {
		places -= len(line)
	}
	for _, sum := range r.held {
		held = held.Sub(sum)
	}
	if bytes != r.bytes || !held.IsZero() || places != 0 {
		r.t.Fatalf("%d bytes are counted as %d, %s too much is held, %d places too few are taken", bytes, r.bytes, held, places)
	}
}

func roomy() Limits {
	return Limits{Txs: 100, Bytes: 1000, AccountTxs: 10, AccountBytes: 100, Blocks: 5}
}
