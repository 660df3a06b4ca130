package adversary

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/testnet/signed"
)

// deepVotes is how many votes a header made up carries, of whom one is there: close to what a header may have.
const deepVotes = 4000

// Deepen claims that a chain is far longer than it is. Whatever height above it is asked for, it makes up a heavy header
// of strangers for it: a light client that finds nobody in it whom it knows asks for one halfway.
type Deepen struct {
	p2p.HeaderSource
	chainID       string
	above, claims uint64
	strangers     *Validators

	mu                sync.Mutex
	last              uint64 // height that was asked for; guarded by mu
	shown, shownAtOne int    // headers since a skip began, and the most of one; guarded by mu
}

// NewDeepen wraps a source of a chain, above whose height all is made up, up to the one that it claims.
func NewDeepen(source p2p.HeaderSource, chainID string, above, claims uint64) *Deepen {
	return &Deepen{HeaderSource: source, chainID: chainID, above: above, claims: claims, strangers: NewValidators("the deep", 1)}
}

// Shown is how many headers that it made up were asked for with their commits in a single skip, at most. A skip goes
// down: who asks for a greater height than before has begun another.
func (d *Deepen) Shown() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shownAtOne
}

func (d *Deepen) show(height uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if height > d.last {
		d.shown = 0
	}
	d.last, d.shown = height, d.shown+1
	d.shownAtOne = max(d.shownAtOne, d.shown)
}

// Header implements p2p.HeaderSource.
func (d *Deepen) Header(ctx context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	height := request.Height
	if height == 0 {
		height = d.claims
	}
	if height <= d.above {
		return d.HeaderSource.Header(ctx, request)
	}
	if request.Proof {
		return nil, da.ErrNotFound // it is asked again without
	}
	set := d.strangers.Set()
	header := signed.NewHeader(d.chainID, int64(height), time.Now(), da.EmptyTxs(), set, set, nil)
	made, err := d.strangers.Sign(header, 0)
	if err != nil {
		return nil, err
	}
	made.Commit.Signatures = append(made.Commit.Signatures, slices.Repeat([]types.CommitSig{types.NewCommitSigAbsent()}, deepVotes)...)
	if !request.Alone {
		d.show(height)
	}
	return &p2p.Header{Signed: made, Validators: set}, nil
}
