package testnet

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode/attesting"
	"github.com/ashlar-da/ashlar/testnet/adversary"
)

// Attesters describes a network whose validators are jailed for few missed certificates: more than MissLimit of MissWindow.
// Every block may carry a certificate.
func Attesters(dir, bin, chainID string, firstPort int) Config {
	config := Standard(dir, bin, chainID, firstPort)
	const params = "app_state.attest.params."
	config.Genesis = Genesis{params + "quiet_blocks": "1", params + "miss_window": fmt.Sprint(MissWindow), params + "miss_limit": fmt.Sprint(MissLimit)}
	return config
}

// MissWindow and MissLimit are parameters of the network of Attesters, EpochBlocks one of every network.
const (
	MissWindow  = 20
	MissLimit   = 10
	EpochBlocks = 20
)

// blocksBefore is how many blocks a chain makes before it is halted.
const blocksBefore = 6

// stillFor is how long a chain has to stay where it is to count as halted.
const stillFor = 20 * time.Second

// TwoDown kills two of four validators. It expects the chain to halt, and to go on with certificates once they are back, also
// of the heights at which one was missing.
func (s *Scenario) TwoDown(ctx context.Context) error {
	const halts = "with 2 of 4 validators down the chain halts"
	witness, victims := s.Network.FullNodes[0], s.Network.Validators()[2:]
	if err := witness.WaitHeight(ctx, startLimit, blocksBefore); err != nil {
		return err
	}
	for _, node := range victims {
		node.Kill()
	}
	before, err := witness.Head(ctx)
	if err != nil {
		return err
	}
	err = witness.WaitHeight(ctx, stillFor, before+2) // a block may have had its votes
	if ctx.Err() != nil {
		return err
	}
	after, failed := witness.Head(ctx)
	if failed != nil {
		return s.ExpectNo(failed, halts)
	}
	if err := s.Expect(err != nil, halts, "from height %d to %d in %v", before, after, stillFor); err != nil {
		return err
	}
	const goesOn = "with them back it goes on, and all heights have certificates"
	for _, node := range victims {
		if err := s.resumeAlone(ctx, node); err != nil {
			return s.ExpectNo(err, goesOn)
		}
	}
	for _, node := range s.Network.FullNodes {
		for height := uint64(1); height <= after; height++ {
			if err := node.WaitCertificate(ctx, startLimit, height, 3); err != nil {
				return s.ExpectNo(err, goesOn)
			}
		}
	}
	return s.Expect(true, goesOn, "up to height %d, at each of %d nodes", after, len(s.Network.FullNodes))
}

// ChangeSet has the last full node join the validators and the last validator leave. It expects a set with the one and
// without the other, signed by the sets before, at a node's API and for `ashlar cert verify`. It returns the first epoch of that set.
func (s *Scenario) ChangeSet(ctx context.Context) (epoch uint64, err error) {
	const changes = "a validator that joins is in a set, and one that left is not"
	witness, joins, leaves := s.Network.FullNodes[0], s.Network.FullNodes[len(s.Network.FullNodes)-1], s.Network.Validators()[s.Network.config.Validators-1]
	anchor, err := s.anchor(ctx, witness, 0)
	if err != nil {
		return 0, s.ExpectNo(err, changes)
	}
	if err := errors.Join(s.Network.Join(ctx, joins), s.Network.Leave(ctx, leaves)); err != nil {
		return 0, s.ExpectNo(err, changes)
	}
	in, out, err := keysOf(joins, leaves)
	if err != nil {
		return 0, err
	}
	err = Wait(ctx, setsLimit, "a set with "+joins.Name+" and without "+leaves.Name, func(ctx context.Context) (bool, error) {
		set, err := witness.attesters(ctx, (*client.Client).CurrentAttesterSet)
		if err != nil {
			return false, err
		}
		epoch = set.Epoch
		return has(set, in) && !has(set, out), nil
	})
	if err != nil {
		return 0, s.ExpectNo(err, changes)
	}
	if err := s.Expect(true, changes, "from epoch %d on, %s for %s", epoch, joins.Name, leaves.Name); err != nil {
		return 0, err
	}
	return epoch, s.verifies(ctx, joins, anchor, epoch)
}

// setsLimit bounds the wait for a set: two epochs, and a while.
const setsLimit = 4 * time.Minute

// verifies expects `ashlar cert verify` to take a certificate of an epoch from a set that is pinned, of long before, by the
// rotations that a node serves.
func (s *Scenario) verifies(ctx context.Context, node *FullNode, anchor string, epoch uint64) error {
	const verifies = "cert verify takes a certificate across the change, from a set pinned before"
	file := filepath.Join(s.Network.config.Dir, "after.cert")
	var said []byte
	err := Wait(ctx, startLimit, "a certificate of the epoch, and rotations to it", func(ctx context.Context) (bool, error) {
		if _, err := s.Network.ashlar(ctx, node, "cert", "get", fmt.Sprint(epoch*EpochBlocks+1), "--out", file, "--node", node.Base); err != nil {
			return false, err
		}
		var err error
		said, err = s.Network.ashlar(ctx, node, "cert", "verify", file, "--trust", anchor, "--chain-id", s.Network.config.ChainID, "--node", node.Base)
		return err == nil, err
	})
	if err != nil {
		return s.ExpectNo(err, verifies)
	}
	if _, err := s.Network.ashlar(ctx, node, "cert", "verify", file, "--trust", "0:"+hex.EncodeToString(make([]byte, da.HashSize)), "--node", node.Base); err == nil {
		return s.Expect(false, verifies, "and from a set that never was")
	}
	return s.Expect(true, verifies, "%s", firstLine(said))
}

func firstLine(text []byte) string {
	for i, c := range text {
		if c == '\n' {
			return string(text[:i])
		}
	}
	return string(text)
}

// anchor pins the set of an epoch, as a user would who trusts a node for it.
func (s *Scenario) anchor(ctx context.Context, node *FullNode, epoch uint64) (string, error) {
	out, err := s.Network.ashlar(ctx, node, "cert", "set", fmt.Sprint(epoch), "--node", node.Base)
	return firstLine(out), err
}

// attesters asks the node for a set.
func (f *FullNode) attesters(ctx context.Context, ask func(*client.Client, context.Context) (*da.AttesterSet, error)) (*da.AttesterSet, error) {
	c, err := client.New(ctx, client.Config{URL: f.Base})
	if err != nil {
		return nil, err
	}
	set, err := ask(c, ctx)
	return set, errors.Join(err, c.Close())
}

// keysOf are the attestation keys of two nodes.
func keysOf(a, b *FullNode) (first, second da.AttestationKey, err error) {
	one, err := attesting.LoadSecret(a.attestationKey())
	if err != nil {
		return first, second, err
	}
	other, err := attesting.LoadSecret(b.attestationKey())
	if err != nil {
		return first, second, err
	}
	return one.Key(), other.Key(), nil
}

func has(set *da.AttesterSet, key da.AttestationKey) bool {
	for i := range set.Attesters {
		if set.Attesters[i].Key == key {
			return true
		}
	}
	return false
}

// StopAttesting takes a validator's attestation key away: it goes on voting. It expects the chain to jail it for what is
// missing in the certificates that blocks carry, and nobody else.
func (s *Scenario) StopAttesting(ctx context.Context, victim *FullNode) error {
	const jailed = "a validator that votes and does not attest is jailed, and no other"
	witness := s.Network.FullNodes[0]
	before, err := s.Network.Stake(ctx, witness)
	if err != nil {
		return err
	}
	victim.Stop(stopPatience)
	if err := os.Rename(victim.attestationKey(), victim.attestationKey()+".away"); err != nil {
		return err
	}
	if err := s.resumeAlone(ctx, victim); err != nil {
		return s.ExpectNo(err, jailed)
	}
	since, err := witness.Head(ctx)
	if err != nil {
		return err
	}
	after, err := s.Network.WaitStake(ctx, setsLimit, witness, victim.Name+" to be jailed", func(all map[string]*Validator) bool {
		return all[victim.Name] != nil && all[victim.Name].Jailed
	})
	if err != nil {
		return s.ExpectNo(err, jailed)
	}
	head, err := witness.Head(ctx)
	if err != nil {
		return err
	}
	address, err := victim.consensusAddress()
	if err != nil {
		return err
	}
	votes, err := witness.voted(ctx, since, head-1, address)
	if err != nil {
		return err
	}
	for name, v := range after {
		if name != victim.Name && v.Jailed && (before[name] == nil || !before[name].Jailed) {
			return s.Expect(false, jailed, "%s is jailed too", name)
		}
	}
	kept, voted := after[victim.Name].ash() == before[victim.Name].ash(), 2*votes > int(head-since)
	return s.Expect(kept && voted, jailed, "%s, which voted for %d of the %d blocks since height %d; its stake is %g of %g ASH",
		victim.Name, votes, head-since, since, after[victim.Name].ash(), before[victim.Name].ash())
}

func bondedOf(all map[string]*Validator) (n int) {
	for _, v := range all {
		if v.Bonded() {
			n++
		}
	}
	return n
}

// Perjury has a validator's key sign a false attestation and tell one honest node. It expects others to hear of it, and
// the chain to slash and expel that validator, by what honest nodes submit of their own.
func (s *Scenario) Perjury(ctx context.Context, victim *FullNode) error {
	const expelled = "a validator that attests what is false loses stake and its place, by honest nodes' evidence"
	witness, told := s.Network.FullNodes[0], s.Network.FullNodes[len(s.Network.FullNodes)-1]
	before, err := s.Network.Stake(ctx, witness)
	if err != nil {
		return err
	}
	if err := s.swear(ctx, victim, told, witness); err != nil {
		return s.ExpectNo(err, expelled)
	}
	after, err := s.Network.WaitStake(ctx, setsLimit, witness, victim.Name+" to be expelled", func(all map[string]*Validator) bool {
		return all[victim.Name] != nil && all[victim.Name].Jailed
	})
	if err != nil {
		return s.ExpectNo(err, expelled)
	}
	lost := before[victim.Name].ash() - after[victim.Name].ash()
	if err := s.Expect(lost > 0 && bondedOf(after) == bondedOf(before)-1, expelled, "%s, told to %s alone, has lost %g of %g ASH", victim.Name, told.Name, lost, before[victim.Name].ash()); err != nil {
		return err
	}
	const forGood = "and can never come back, as the one that was jailed can"
	tombstoned, err := s.Network.tombstoned(ctx, witness)
	if err != nil {
		return s.ExpectNo(err, forGood)
	}
	return s.Expect(tombstoned == 1, forGood, "tombstoned validators: %d", tombstoned)
}

// swear tells a node of a false attestation until another has heard of it.
func (s *Scenario) swear(ctx context.Context, victim, told, hears *FullNode) error {
	secret, err := attesting.LoadSecret(victim.attestationKey())
	if err != nil {
		return err
	}
	perjurer, err := adversary.NewPerjurer(ctx, s.Network.config.ChainID, told.Peer, secret)
	if err != nil {
		return err
	}
	head, err := told.Head(ctx)
	if err != nil {
		return err
	}
	certificate, err := told.Certificate(ctx, head-blocksAgain)
	if err != nil {
		return err
	}
	set, err := told.attesters(ctx, func(c *client.Client, ctx context.Context) (*da.AttesterSet, error) {
		return c.AttesterSet(ctx, certificate.Epoch)
	})
	if err != nil {
		return err
	}
	err = Wait(ctx, startLimit, hears.Name+" to hear of it", func(ctx context.Context) (bool, error) {
		if err := perjurer.Swear(ctx, set, certificate.Attestation); err != nil {
			return false, err
		}
		heard, _, err := hears.FalseAttestations(ctx)
		return heard > 0, err
	})
	return errors.Join(err, perjurer.Close())
}
