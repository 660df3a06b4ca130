package lightnode

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/sampling"
)

// Follow is a namespace whose blobs the node delivers: of each height all of them, in the
// order of the block's index, heights in order, and none of a height before the node itself
// has found it available.
type Follow struct {
	Namespace da.Namespace
	// Out is the folder that blobs are delivered to. Empty: they are answered over HTTP alone.
	Out string
	// From is the first height of a folder that is new; 0: the newest verified then. A folder
	// that was begun goes on where it stopped, unless From lies above: then what lies between
	// is left out.
	From uint64
	// VerifyIndex recomputes each block's index from its transaction rows, instead of taking the
	// one the DA header commits to on the word of those who signed it.
	VerifyIndex bool
	// BeforeVerdict delivers a height that is pending or unavailable too, as soon as all of its
	// blobs are there and verified, and says so beside them.
	BeforeVerdict bool
}

// ParseNamespace reads a namespace that users may post to, 58 hex digits.
func ParseNamespace(s string) (da.Namespace, error) {
	namespace, err := da.ParseNamespace(s)
	if err == nil {
		err = namespace.ValidateForBlob()
	}
	if err != nil {
		return da.Namespace{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return namespace, nil
}

// Why a height of a namespace is not delivered.
var (
	// errWaiting: the height has no verdict yet. It comes with da.ErrFutureHeight.
	errWaiting = errors.New("lightnode: not judged yet")
	// errUnavailable: the verdict about the height is unavailable; late cells may revise it.
	errUnavailable = errors.New("lightnode: the height is unavailable")
	// errBelowWindow: the height is too old to be judged. It comes with da.ErrPruned, which peers
	// answer of themselves too.
	errBelowWindow = errors.New("lightnode: below the sampling window")
	// errContradicted: the chain committed to something that contradicts itself. No peer's
	// answer changes that.
	errContradicted = errors.New("lightnode: the chain contradicts itself")
)

// rememberedIndices is how many heights' entries are remembered for those who ask again.
const rememberedIndices = 16

// following reads one namespace. It is safe for concurrent use.
type following struct {
	node   *Node
	config Follow
	folder *folder // nil without one; of the goroutine of deliver, but for what is delivered

	mu     sync.Mutex
	recent []*indexed // newest last; guarded by mu
	stall  *stall     // why the next height is not delivered, nil while it is; guarded by mu
}

// indexed is what a block's index has of the namespace: proven to be all, and under VerifyIndex
// recomputed.
type indexed struct {
	block   hash
	header  *chain.Header
	entries []da.Entry
	proof   *da.NamespaceProof
}

// openFollowing returns nil if nothing is followed.
func (n *Node) openFollowing() (*following, error) {
	follow := n.config.Follow
	if follow == nil {
		return nil, nil
	}
	if err := follow.Namespace.ValidateForBlob(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	f := &following{node: n, config: *follow}
	if follow.Out == "" {
		return f, nil
	}
	var err error
	f.folder, err = openFolder(follow.Out, n.config.ChainID, follow.Namespace)
	return f, err
}

// judged returns a height's record once it may be delivered. Until then it fails with errWaiting,
// errUnavailable, errContradicted or errBelowWindow.
func (f *following) judged(height uint64) (*record, error) {
	r, err := f.node.heights.get(height)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, f.unknown(height)
	}
	switch verdict := r.Verdict.Verdict; {
	case verdict == sampling.Available:
		return r, nil
	case verdict == sampling.Invalid:
		return nil, fmt.Errorf("%w: the DA header of height %d is malformed", errContradicted, height)
	case f.config.BeforeVerdict:
		return r, nil
	case verdict == sampling.Unavailable:
		return nil, fmt.Errorf("%w: %d of its %d cells came; it is delivered if the others do", errUnavailable, r.Verdict.Verified, r.Verdict.Samples)
	}
	return nil, fmt.Errorf("%w: height %d is pending: %w", errWaiting, height, da.ErrFutureHeight)
}

// unknown says why there is no record of a height.
func (f *following) unknown(height uint64) error {
	_, err := f.node.Availability(context.Background(), height)
	switch {
	case errors.Is(err, da.ErrPruned):
		return fmt.Errorf("%w: height %d: %w; widen --window, or begin higher with --from", errBelowWindow, height, err)
	case errors.Is(err, da.ErrFutureHeight), errors.Is(err, da.ErrNotFound), err == nil: // nil: it came just now
		return fmt.Errorf("%w: height %d is not verified: %w", errWaiting, height, da.ErrFutureHeight)
	}
	return err
}

// header returns a height's header with its DA header, from what is kept of sampling or from a
// peer.
func (f *following) header(ctx context.Context, r *record) (*chain.Header, error) {
	n := f.node
	if k, err := n.ring.get(r.Height); err == nil && k.header.Proof != nil && toHash(k.header.Signed.Hash()) == r.BlockHash {
		return chain.Bind(k.header.Signed, *k.header.Proof)
	}
	header, err := n.peers.header(ctx, r.Height, r.BlockHash, true)
	if errors.Is(err, da.ErrMalformed) {
		return nil, fmt.Errorf("%w: %w", errContradicted, err)
	}
	if err != nil {
		return nil, err
	}
	return chain.Bind(header.Signed, *header.Proof)
}

// read returns what a judged block's index has of the namespace.
func (f *following) read(ctx context.Context, r *record) (*indexed, error) {
	if known := f.remembered(r.BlockHash); known != nil {
		return known, nil
	}
	header, err := f.header(ctx, r)
	if err != nil {
		return nil, err
	}
	found := &indexed{block: r.BlockHash, header: header}
	if f.config.VerifyIndex && header.DA().K() > 0 {
		err = f.recompute(ctx, found)
	} else {
		err = f.prove(ctx, found)
	}
	if err != nil {
		return nil, fmt.Errorf("height %d: %w", r.Height, err)
	}
	f.remember(found)
	return found, nil
}

func (f *following) remembered(block hash) *indexed {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, known := range f.recent {
		if known.block == block {
			return known
		}
	}
	return nil
}

func (f *following) remember(found *indexed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recent = append(f.recent, found)
	if len(f.recent) > rememberedIndices {
		f.recent = f.recent[1:]
	}
}
