package relay

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
)

// broker gets from nodes what the contract lacks and verifies it: what does not verify costs no gas. It is one
// goroutine's.
type broker struct {
	nodes    []*node
	l1       *l1
	chainID  string
	sets     map[uint64]*da.AttesterSet // verified, by epoch
	rotation *da.SignedRotation         // verified last
	verified map[[da.HashSize]byte]bool // certificates, by the hash of their encoding
	inputs   map[Task][]byte
	// stages is the epoch whose set has too many new keys for one transaction, 0 if there is none.
	stages   uint64
	troubles []string // why nodes are of no use, since the last look
}

func newBroker(nodes []*node, l *l1, chainID string) *broker {
	return &broker{
		nodes: nodes, l1: l, chainID: chainID, sets: make(map[uint64]*da.AttesterSet),
		verified: make(map[[da.HashSize]byte]bool), inputs: make(map[Task][]byte),
	}
}

// demand is what offers are wanted for.
type demand struct {
	// newest asks for the newest certificate.
	newest  bool
	heights []uint64
}

// offers are what the contract lacks, as far as nodes have it.
func (b *broker) offers(ctx context.Context, at *header, s *contractState, want demand) Offers {
	var o Offers
	b.troubles = nil
	if s.Expired {
		return o
	}
	b.forget(s.Epoch)
	rotation, err := b.offerRotation(ctx, at, s)
	b.trouble(err)
	o.Rotation = rotation
	if !want.newest && len(want.heights) == 0 {
		return o
	}
	newest, err := b.certificate(ctx, at, s, 0)
	b.trouble(err)
	for _, height := range want.heights {
		if c := b.covering(ctx, at, s, height, newest); c != nil {
			o.Asked = b.add(o.Asked, c)
		}
	}
	if want.newest && newest != nil {
		o.Newest = &b.add(nil, newest)[0]
	}
	return o
}

func (b *broker) trouble(err error) {
	if err != nil {
		b.troubles = append(b.troubles, err.Error())
	}
}

// forget lets go of what is of no use any more.
func (b *broker) forget(epoch uint64) {
	for e := range b.sets {
		if e+1 < epoch || e > epoch+1 {
			delete(b.sets, e)
		}
	}
	if len(b.verified) > 1000 {
		clear(b.verified)
	}
	for task := range b.inputs {
		if task.Epoch+1 < epoch {
			delete(b.inputs, task)
		}
	}
}

// add notes how a certificate is posted.
func (b *broker) add(tasks []Task, c *da.Certificate) []Task {
	task := Task{Kind: Attest, Epoch: c.Epoch, Height: c.Height, Root: c.HistoryRoot}
	input, err := b.l1.client.certificate("attest", c)
	if err != nil { // which a verified certificate cannot cause
		b.trouble(err)
	}
	b.inputs[task] = input
	return append(tasks, task)
}

// ask asks nodes in turn for what verifies.
func ask[T any](ctx context.Context, b *broker, from func(context.Context, *node) (T, error)) (T, error) {
	var failures []error
	for _, n := range b.nodes {
		answer, err := from(ctx, n)
		if err == nil {
			return answer, nil
		}
		failures = append(failures, err)
	}
	var none T
	return none, errors.Join(failures...)
}

// covering returns the certificate of a height, or the newest where that is above and the height's own is not to be had or
// too old.
func (b *broker) covering(ctx context.Context, at *header, s *contractState, height uint64, newest *da.Certificate) *da.Certificate {
	own, err := b.certificate(ctx, at, s, height)
	if own != nil {
		return own
	}
	if newest != nil && newest.Height >= height {
		return newest
	}
	if err == nil {
		err = fmt.Errorf("no certificate covers height %d yet", height)
	}
	b.trouble(err)
	return nil
}

// certificate returns a verified certificate that the contract may take, nil if there is none.
func (b *broker) certificate(ctx context.Context, at *header, s *contractState, height uint64) (*da.Certificate, error) {
	c, err := ask(ctx, b, func(ctx context.Context, n *node) (*da.Certificate, error) {
		c, err := n.certificate(ctx, height)
		if err != nil {
			return nil, err
		}
		if !s.knows(c.Epoch) || saturatingAdd(c.Time, s.maxAge) <= at.time {
			return nil, n.useless(c) // the contract would not take it, if it is true at all: another node may have a better one
		}
		if err := b.verify(ctx, n, at, s, c); err != nil {
			return nil, fmt.Errorf("%s: the certificate of height %d does not verify, it is not posted: %w", n.url, c.Height, err)
		}
		return c, nil
	})
	if isAbsent(err) {
		return nil, nil
	}
	return c, err
}

// isAbsent tells whether all nodes answered that there is no certificate, or none any more.
func isAbsent(err error) bool {
	var p *problem
	if !errors.As(err, &p) {
		return false
	}
	return p.Code == api.CodeNotAttested || p.Code == api.CodePruned || p.Code == api.CodeFutureHeight
}

// verify holds a certificate against a set that the contract's hash vouches for. Of the set before its current one the contract
// tells no hash: unless that set was verified while it was current, the contract is asked whether it would take the certificate.
func (b *broker) verify(ctx context.Context, n *node, at *header, s *contractState, c *da.Certificate) error {
	id := da.Keccak256(c.Encode())
	if b.verified[id] {
		return nil
	}
	set, err := b.sets[c.Epoch], error(nil)
	if set == nil && c.Epoch == s.Epoch {
		if set, err = b.current(ctx, n, s); err != nil {
			return err
		}
	}
	if set == nil {
		err = b.l1.verify(ctx, at.hash, c)
	} else {
		err = c.Verify(b.chainID, set)
	}
	if err != nil {
		return err
	}
	b.verified[id] = true
	return nil
}

// current returns the set of the contract's epoch, held against the hash that the contract has.
func (b *broker) current(ctx context.Context, n *node, s *contractState) (*da.AttesterSet, error) {
	if set := b.sets[s.Epoch]; set != nil {
		return set, nil
	}
	set, err := n.attesters(ctx, s.Epoch)
	if err != nil {
		return nil, err
	}
	hash, err := set.Hash()
	if err != nil {
		return nil, fmt.Errorf("the set of epoch %d: %w", s.Epoch, err)
	}
	if hash != s.setHash {
		return nil, fmt.Errorf("%w: the set of epoch %d hashes to %x, and the contract has %x: do both follow the same chain?", da.ErrMismatch, s.Epoch, hash, s.setHash)
	}
	b.sets[s.Epoch] = set
	return set, nil
}

// offerRotation returns the rotation from the contract's epoch, or what has to come before it; nil if there is none.
func (b *broker) offerRotation(ctx context.Context, at *header, s *contractState) (*Task, error) {
	r, err := b.signedRotation(ctx, s)
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	set, next := b.sets[s.Epoch], b.sets[s.Epoch+1]
	if b.stages == s.Epoch+1 {
		return b.throughStage(ctx, at, r, next)
	}
	return b.rotate(r, next, keysOf(set), common.Address{})
}

func keysOf(set *da.AttesterSet) []da.AttestationKey {
	keys := make([]da.AttestationKey, len(set.Attesters))
	for i := range set.Attesters {
		keys[i] = set.Attesters[i].Key
	}
	return keys
}

// signedRotation returns the verified rotation from the contract's epoch, with both sets in b.sets.
func (b *broker) signedRotation(ctx context.Context, s *contractState) (*da.SignedRotation, error) {
	if b.rotation != nil && b.rotation.Epoch == s.Epoch && b.rotation.SetHash == s.setHash && b.sets[s.Epoch] != nil && b.sets[s.Epoch+1] != nil {
		return b.rotation, nil
	}
	return ask(ctx, b, func(ctx context.Context, n *node) (*da.SignedRotation, error) {
		r, err := n.rotation(ctx, s.Epoch)
		if err != nil {
			return nil, err
		}
		set, err := b.current(ctx, n, s)
		if err != nil {
			return nil, err
		}
		next, err := n.attesters(ctx, s.Epoch+1)
		if err != nil {
			return nil, err
		}
		if err := r.Verify(b.chainID, set, next); err != nil {
			return nil, fmt.Errorf("%s: the rotation of epoch %d does not verify, it is not relayed: %w", n.url, s.Epoch, err)
		}
		b.sets[s.Epoch+1], b.rotation = next, r
		return r, nil
	})
}

func (b *broker) rotate(r *da.SignedRotation, next *da.AttesterSet, keys []da.AttestationKey, base common.Address) (*Task, error) {
	task := Task{Kind: Rotate, Epoch: r.Epoch, Root: r.NextHash}
	input, err := b.l1.client.rotate(r, next, keys, base)
	if err != nil {
		return nil, err
	}
	b.inputs[task] = input
	return &task, nil
}

// throughStage rotates from keys that were put on the chain before, or puts them there.
func (b *broker) throughStage(ctx context.Context, at *header, r *da.SignedRotation, next *da.AttesterSet) (*Task, error) {
	keys := keysOf(next)
	input, err := b.l1.client.stage(keys)
	if err != nil {
		return nil, err
	}
	answer, err := b.l1.CallContractAtHash(ctx, ethereum.CallMsg{To: &b.l1.contract, Data: input}, at.hash)
	if err != nil {
		return nil, fmt.Errorf("ask the contract where keys would be staged: %w", err)
	}
	base := common.BytesToAddress(answer)
	code, err := b.l1.CodeAtHash(ctx, base, at.hash)
	if err != nil {
		return nil, err
	}
	if len(code) > 0 {
		return b.rotate(r, next, keys, base)
	}
	task := Task{Kind: Stage, Epoch: r.Epoch, Root: r.NextHash}
	b.inputs[task] = input
	return &task, nil
}
