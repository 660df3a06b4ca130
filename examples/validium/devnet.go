package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/operator"
	"github.com/ashlar-da/ashlar/testnet"
)

const (
	chainID = "ashlar-validium"
	// window is how many heights an attestation speaks for: fewer than are made within the retention.
	window = 40
	// startLimit, postLimit and attestLimit are how long one waits for the network at most.
	startLimit  = 3 * time.Minute
	postLimit   = 2 * time.Minute
	attestLimit = 2 * time.Minute
	// rotationLimit is how long after the retention one waits for a new key to be in a set that Ethereum knows.
	rotationLimit = 5 * time.Minute
)

// epochBlocks is how many heights one attester set signs: few enough for sets to take over from each other within the story.
const epochBlocks = 40

// network describes the chain.
func network(out, bin string, retention time.Duration, firstPort int) testnet.Config {
	c := testnet.Standard(out, bin, chainID, firstPort)
	c.Retain = retention
	c.Genesis = testnet.Genesis{
		"app_state.attest.params.epoch_blocks": fmt.Sprint(epochBlocks), "app_state.attest.params.window": fmt.Sprint(window),
	}
	return c
}

// attesters asks a node for the set of an epoch, and when it was taken. The contract trusts it, as whoever deploys a light client trusts what
// it begins with.
func attesters(ctx context.Context, node *testnet.FullNode) (*da.AttesterSet, uint64, error) {
	var answer struct {
		Epoch, Total, Time uint64
		Attesters          []struct {
			Operator, Key string
			Power         uint64
		}
	}
	if err := node.Get(ctx, "/v1/attesters/current", &answer); err != nil {
		return nil, 0, err
	}
	set := &da.AttesterSet{Epoch: answer.Epoch, Total: answer.Total}
	for _, a := range answer.Attesters {
		key, err := hex.DecodeString(a.Key)
		if err != nil || len(key) != da.AttestationKeySize {
			return nil, 0, fmt.Errorf("the node answered %q for an attester's key", a.Key)
		}
		operator, err := da.ParseAddress(a.Operator)
		if err != nil {
			return nil, 0, fmt.Errorf("the node answered an attester: %w", err)
		}
		set.Attesters = append(set.Attesters, da.Attester{Operator: operator, Key: da.AttestationKey(key), Power: a.Power})
	}
	if answer.Time != 0 {
		return set, answer.Time, nil
	}
	first, err := node.Block(ctx, 1) // the genesis set's has no other time
	return set, uint64(first.Time.Unix()), err
}

// publication is what came of publishing on Ashlar.
type publication struct {
	l1.Posted
	id da.BlobID
	// posted and attested are how long it took to be final, and from there to be attested.
	posted, attested time.Duration
	// gas is what relaying the certificate took, signers how many of the attesters signed.
	gas     uint64
	signers int
}

// publish posts a blob, waits until its height is attested, and has the relay bring the certificate.
func (s *story) publish(ctx context.Context, namespace da.Namespace, p *operator.Publication) (*publication, error) {
	ctx, cancel := context.WithTimeout(ctx, postLimit+attestLimit)
	defer cancel()
	begin := time.Now()
	posted, err := s.ashlar.Post(ctx, da.Blob{Namespace: namespace, Encoding: da.EncodingRaw, Data: p.Data}, client.Final)
	if err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	out := &publication{id: posted.ID, posted: time.Since(begin)}
	inclusion, err := s.ashlar.Inclusion(ctx, posted.ID, posted.Height)
	if err != nil {
		return nil, fmt.Errorf("prove the inclusion: %w", err)
	}
	block, err := s.ashlar.WaitAttested(ctx, posted.Height)
	if err != nil {
		return nil, fmt.Errorf("wait for the certificate of height %d: %w", posted.Height, err)
	}
	out.attested = time.Since(begin) - out.posted
	out.signers = block.Certificate.Signers.Count()
	if block, err = s.relay.post(ctx, s.ashlar, block, posted.Height); err != nil {
		return nil, fmt.Errorf("relay the certificate of height %d: %w", posted.Height, err)
	}
	receipt, err := s.contracts.Attested(ctx, block.Certificate.HistoryRoot)
	if err != nil {
		return nil, err
	}
	out.gas = receipt.GasUsed
	out.Posted = place(p, posted.Height, block, inclusion.BlobTreeProof)
	return out, nil
}

// place is what the contract is told of a blob.
func place(p *operator.Publication, height uint64, block *client.AttestedBlock, tree da.BlobTreeProof) l1.Posted {
	history := append([][32]byte{}, block.Proof.Path...)
	if block.Proof.Right != ([32]byte{}) {
		history = append(history, block.Proof.Right)
	}
	header := block.Header.DA()
	return l1.Posted{
		VersionedHash: p.VersionedHash, DataKeccak: da.Keccak256(p.Data), HistoryRoot: block.Certificate.HistoryRoot,
		Place: l1.Place{Height: height, DataRoot: header.DataRoot(), BlobTreeRoot: header.BlobTreeRoot, History: append(history, block.Proof.Left...)},
		Tree:  append([][32]byte{}, tree...),
	}
}

// errGone means that no node has a blob any more.
var errGone = errors.New("pruned")

// has tells whether a node still gives a blob's bytes.
func has(ctx context.Context, node *testnet.FullNode, id da.BlobID) error {
	_, err := node.BlobData(ctx, id.String())
	var api *testnet.APIError
	if errors.As(err, &api) && (api.Code == "pruned" || api.Code == "not_found") {
		return errGone
	}
	return err
}
