package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/cometbft/cometbft/light"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

const (
	// defaultPeriod is how long validators answer for what they signed, less than the chain's
	// unbonding time of three weeks.
	defaultPeriod = 14 * 24 * time.Hour
	// clockDrift is how far a header may lie in the future.
	clockDrift = 10 * time.Second
	// maxVerified bounds the headers that are remembered as verified with their validators, and
	// maxHashes those of which the hash is.
	maxVerified, maxHashes = 64, 4096
	// maxWitnesses bounds the nodes that are asked whether they have another header.
	maxWitnesses = 3
	// maxBack bounds how far below the anchor others are verified.
	maxBack = 2048
)

// Anchor is a header that somebody trustworthy vouches for.
type Anchor struct {
	ChainID string
	Height  uint64
	// Hash is the header's, 32 bytes.
	Hash []byte
	// Period is how long a verified header is good to verify others by: less than the chain's
	// unbonding time, 0: two weeks.
	Period time.Duration
}

// TrustAnchor takes the headers that the chain's validators signed, as seen from an anchor: a
// later header is verified by skipping, as long as a third of the validators trusted last
// signed it, and an earlier one by hash links. Who controls a set of validators can still show a
// client another chain. So a later header is held against what the client's other nodes,
// three of them at most, give for its height: where one has another that verifies as well, reading
// fails with ErrForked. A client of one node has no such witness.
//
// The Trust remembers what it verified. Clients may share it.
func TrustAnchor(anchor Anchor) Trust {
	if anchor.Period == 0 {
		anchor.Period = defaultPeriod
	}
	v := &verifier{anchor: anchor, turn: make(turn, 1), hashes: make(map[uint64][]byte)}
	return Trust{how: "its validators signed it, as verified from the anchor", verify: v.verify}
}

// turn is had by one goroutine at a time, for as long as nodes take to answer it. Unlike a mutex's, waiting for it ends with
// a context.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) end() { <-t }

// verifier verifies headers from an anchor.
type verifier struct {
	anchor   Anchor
	turn     turn
	verified []*cmttypes.LightBlock // the anchor's first; of whoever has the turn

	mu     sync.Mutex
	hashes map[uint64][]byte // of verified headers; guarded by mu
}

// verify fails with ErrUntrusted unless the header is verified from the anchor.
func (v *verifier) verify(ctx context.Context, c *Client, node *endpoint, header *chain.Header) error {
	height := uint64(header.Height())
	hash := v.hash(height)
	if hash == nil {
		var err error
		if hash, err = v.verifyNext(ctx, source{c, node}, header.Signed()); err != nil {
			return fmt.Errorf("height %d, from the anchor at height %d: %w", height, v.anchor.Height, err)
		}
	}
	if !bytes.Equal(hash, header.Hash()) {
		return fmt.Errorf("%w: height %d has hash %x, the node gives %x", ErrUntrusted, height, hash, header.Hash())
	}
	return nil
}

// verifyNext returns the hash of a header's height, which it verifies when its turn has come, unless somebody did meanwhile.
func (v *verifier) verifyNext(ctx context.Context, from source, signed *cmttypes.SignedHeader) ([]byte, error) {
	if err := v.turn.take(ctx); err != nil {
		return nil, err
	}
	defer v.turn.end()
	height := uint64(signed.Height)
	if hash := v.hash(height); hash != nil {
		return hash, nil
	}
	if err := v.reach(ctx, from, signed); err != nil {
		return nil, err
	}
	return v.hash(height), nil
}

// hash returns that of a height that was verified, nil if none is known.
func (v *verifier) hash(height uint64) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.hashes[height]
}

// reach verifies a header whose height was not verified yet. The caller has the turn.
func (v *verifier) reach(ctx context.Context, from source, signed *cmttypes.SignedHeader) error {
	if len(v.verified) == 0 {
		if err := v.begin(ctx, from); err != nil {
			return err
		}
	}
	below := v.below(signed.Height)
	switch {
	case signed.Height == v.verified[0].Height:
		v.note(v.anchor.Height, v.anchor.Hash)
		return nil
	case below == nil:
		return v.back(ctx, from, uint64(signed.Height))
	}
	set, err := from.validators(ctx, uint64(signed.Height))
	if err != nil {
		return err
	}
	target := &cmttypes.LightBlock{SignedHeader: signed, ValidatorSet: set}
	path, err := v.forward(ctx, from, below, target)
	if err != nil {
		return err
	}
	if err := v.witness(ctx, from, below, target); err != nil {
		return err
	}
	for _, block := range path {
		v.remember(block)
	}
	return nil
}

// begin takes the anchor's header.
func (v *verifier) begin(ctx context.Context, from source) error {
	block, err := from.block(ctx, v.anchor.Height)
	if err != nil {
		return err
	}
	if err := block.ValidateBasic(v.anchor.ChainID); err != nil {
		return fmt.Errorf("%w: the anchor's header: %w", ErrUntrusted, err)
	}
	if !bytes.Equal(block.Hash(), v.anchor.Hash) {
		return fmt.Errorf("%w: the node's header of height %d has hash %x, the anchor has %x", ErrUntrusted, v.anchor.Height, block.Hash(), v.anchor.Hash)
	}
	v.remember(block)
	return nil
}

// below returns the newest verified header below a height, nil if there is none. The caller
// has the turn.
func (v *verifier) below(height int64) *cmttypes.LightBlock {
	var best *cmttypes.LightBlock
	for _, block := range v.verified {
		if block.Height < height && (best == nil || block.Height > best.Height) {
			best = block
		}
	}
	return best
}

// forward verifies a later header by an earlier one, and returns those that it verified, the
// target last. Where too few of the validators trusted before signed it, one in between is
// verified first.
func (v *verifier) forward(ctx context.Context, from source, trusted, target *cmttypes.LightBlock) (path []*cmttypes.LightBlock, _ error) {
	if err := target.ValidateBasic(v.anchor.ChainID); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	for pending := []*cmttypes.LightBlock{target}; len(pending) > 0; {
		next := pending[len(pending)-1]
		err := light.Verify(trusted.SignedHeader, trusted.ValidatorSet, next.SignedHeader, next.ValidatorSet,
			v.anchor.Period, time.Now(), clockDrift, light.DefaultTrustLevel)
		var few light.ErrNewValSetCantBeTrusted
		var expired light.ErrOldHeaderExpired
		switch {
		case err == nil:
			path = append(path, next)
			trusted, pending = next, pending[:len(pending)-1]
		case errors.As(err, &few):
			between, err := from.block(ctx, uint64(trusted.Height+next.Height)/2)
			if err != nil {
				return nil, err
			}
			if err := between.ValidateBasic(v.anchor.ChainID); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
			}
			pending = append(pending, between)
		case errors.As(err, &expired):
			return nil, fmt.Errorf("%w: the newest verified header expired at %s: begin with a newer anchor", ErrUntrusted, expired.At.Format(time.RFC3339))
		default:
			return nil, fmt.Errorf("%w: %w", ErrUntrusted, err)
		}
	}
	return path, nil
}

// witness fails with ErrForked if another of the client's nodes has another header for the
// target's height which verifies as well. One that cannot be asked, or lies, says nothing; but if ctx
// ends before they could answer it fails: else a node that answers late would have no witness.
func (v *verifier) witness(ctx context.Context, from source, trusted, target *cmttypes.LightBlock) error {
	asked := 0
	for _, node := range from.client.nodes.order() {
		if node == from.node || asked == maxWitnesses || from.client.nodes.rests(node) {
			continue
		}
		asked++
		if err := v.question(ctx, source{from.client, node}, trusted, target); errors.Is(err, ErrForked) {
			return fmt.Errorf("%w; %s has %x", err, from.node.url, target.Hash())
		}
		if ctx.Err() != nil {
			return fmt.Errorf("before its witnesses answered: %w", ctx.Err())
		}
	}
	return nil
}

// question asks one witness. One that had time to answer and did not is left alone for a while: it must
// not keep the node that is read from from being heard.
func (v *verifier) question(ctx context.Context, witness source, trusted, target *cmttypes.LightBlock) error {
	bounded, cancel := context.WithTimeout(ctx, witness.client.timeout/8)
	started := time.Now()
	defer func() {
		if bounded.Err() != nil && time.Since(started) >= witness.client.timeout/32 {
			witness.client.nodes.rest(witness.node)
		}
		cancel()
	}()
	signed, err := witness.header(bounded, uint64(target.Height))
	if err != nil || bytes.Equal(signed.Hash(), target.Hash()) {
		return err
	}
	block, err := witness.block(bounded, uint64(target.Height))
	if err != nil {
		return err
	}
	if _, err := v.forward(bounded, witness, trusted, block); err != nil {
		return err
	}
	return fmt.Errorf("%w: at height %d %s has %x", ErrForked, target.Height, witness.node.url, block.Hash())
}

// back verifies an earlier header by the hashes that later ones have of it. The caller has the turn.
func (v *verifier) back(ctx context.Context, from source, height uint64) error {
	link, at := v.verified[0].LastBlockID.Hash, v.anchor.Height-1
	if at-height > maxBack {
		return fmt.Errorf("%w: it is %d heights below the anchor: begin with an earlier one", ErrUntrusted, at-height)
	}
	for ; at >= height && at > 0; at-- {
		signed, err := from.header(ctx, at)
		if err != nil {
			return err
		}
		if !bytes.Equal(signed.Hash(), link) {
			return fmt.Errorf("%w: the header above has hash %x for height %d, the node gives %x", ErrUntrusted, []byte(link), at, signed.Hash())
		}
		v.note(at, signed.Hash())
		link = signed.LastBlockID.Hash
	}
	return nil
}

// remember notes a verified header with its validators. The anchor is kept. The caller has the
// turn.
func (v *verifier) remember(block *cmttypes.LightBlock) {
	v.verified = append(v.verified, block)
	if len(v.verified) > maxVerified {
		v.verified = append(v.verified[:1], v.verified[2:]...)
	}
	v.note(uint64(block.Height), block.Hash())
}

func (v *verifier) note(height uint64, hash []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.hashes) >= maxHashes {
		clear(v.hashes)
	}
	v.hashes[height] = hash
}

// source is a node that headers are asked of.
type source struct {
	client *Client
	node   *endpoint
}

func (s source) header(ctx context.Context, height uint64) (*cmttypes.SignedHeader, error) {
	answer, err := getFrom[signedHeader](ctx, s.client, s.node, "/v1/headers/"+strconv.FormatUint(height, 10))
	if err != nil {
		return nil, err
	}
	return answer.decode(height)
}

func (s source) block(ctx context.Context, height uint64) (*cmttypes.LightBlock, error) {
	signed, err := s.header(ctx, height)
	if err != nil {
		return nil, err
	}
	set, err := s.validators(ctx, height)
	return &cmttypes.LightBlock{SignedHeader: signed, ValidatorSet: set}, err
}

// validators asks who may sign a height. The header says whether that is right.
func (s source) validators(ctx context.Context, height uint64) (*cmttypes.ValidatorSet, error) {
	answer, err := getFrom[validators](ctx, s.client, s.node, "/v1/validators/"+strconv.FormatUint(height, 10))
	if err != nil {
		return nil, err
	}
	var m cmtproto.ValidatorSet
	if err := m.Unmarshal(answer.Encoded); err != nil {
		return nil, fmt.Errorf("%w: validators of height %d: %w", da.ErrMalformed, height, err)
	}
	if len(m.Validators) == 0 {
		return nil, fmt.Errorf("%w: no validators of height %d", da.ErrMalformed, height)
	}
	for _, v := range m.Validators {
		v.ProposerPriority = 0 // which the set's hash does not cover
	}
	m.Proposer = m.Validators[0]
	set, err := cmttypes.ValidatorSetFromProto(&m)
	if err != nil {
		return nil, fmt.Errorf("%w: validators of height %d: %w", da.ErrMalformed, height, err)
	}
	return set, nil
}
