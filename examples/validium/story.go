package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/examples/validium/circuit"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
	"github.com/ashlar-da/ashlar/examples/validium/operator"
	"github.com/ashlar-da/ashlar/testnet"
)

// deposit is what each user deposits, in gwei.
const deposit = 1_000_000_000

// user has an account of Ethereum and a key of the validium.
type user struct {
	name   string
	wallet *l1.Wallet
	secret *ledger.Secret
	index  int
	nonce  uint32
}

// story is the scenario and what its parts hand on.
type story struct {
	testnet.Scenario
	retention time.Duration

	keys      *operator.Keys
	setup     *kzg.Setup
	ashlar    *client.Client
	ethereum  *l1.Chain
	contracts *l1.Ashlar
	relay     *relay
	relayer   *l1.Wallet
	operators []*l1.Wallet
	users     []*user

	namespace da.Namespace
	newKey    da.AttestationKey // of the validator that replaced its own
	validium  *l1.Validium
	operator  *operator.Operator
	first     *publication // of the first batch
	firstAt   time.Time
	rebuilt   *ledger.Ledger
}

// tell plays the parts in order, and stops every process at the end.
func (s *story) tell(ctx context.Context, bin, out string) error {
	if err := s.Phase(ctx, "Draw keys for the two circuits, or take those drawn before", func(context.Context) error { return s.draw(out) }); err != nil {
		return err
	}
	var err error
	s.Network, ctx, err = testnet.New(ctx, network(out, bin, s.retention, 12000+rand.IntN(16000)))
	if s.Network != nil {
		defer s.Network.Remove()
	}
	if err != nil {
		return err
	}
	if err := s.cast(bin, out); err != nil {
		return err
	}
	defer func() { _ = s.ethereum.Close() }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go s.ethereum.Run(ctx)
	defer s.relay.stop()
	for _, part := range []struct {
		name string
		play func(context.Context) error
	}{
		{fmt.Sprintf("Start Ashlar: 4 validators and 1 further full node, which keep data for %v", s.retention), s.start},
		{"Deploy the light client, the verifiers and the validium on Ethereum", s.deploy},
		{"Four users deposit; the operator publishes a checkpoint, then a batch", s.open},
		{"A validator replaces its key: a relay has to tell Ethereum of the set that results", s.replace},
		{"The next batch goes in a blob of Ethereum instead: the same contract, the same circuit", s.volition},
		{"The operator works on, until the first batch is older than what the network keeps", s.work},
		{"The operator vanishes; anyone may freeze", s.vanish},
		{"A user rebuilds the state from Ashlar alone, by a light node that trusts no full node for the data", s.rebuild},
		{"Everyone takes out what is theirs, by a Merkle proof", s.exit},
		{"Another operator proves a batch and withholds it", s.withhold},
	} {
		if err := s.Phase(ctx, part.name, part.play); err != nil {
			return err
		}
	}
	return nil
}

// draw makes or reads the keys.
func (s *story) draw(out string) error {
	s.keys = &operator.Keys{Shape: shape}
	for _, c := range []struct {
		what string
		make func() (*circuit.Prover, bool, error)
		to   **circuit.Prover
	}{
		{"a batch of 4 deposits and 8 transfers", func() (*circuit.Prover, bool, error) { return circuit.Cached(out, circuit.NewBatch(shape)) }, &s.keys.Batches},
		{"64 accounts of a checkpoint", func() (*circuit.Prover, bool, error) { return circuit.Cached(out, circuit.NewCheckpoint(shape)) }, &s.keys.Checkpoints},
	} {
		begin := time.Now()
		prover, drawn, err := c.make()
		if err != nil {
			return err
		}
		*c.to = prover
		verb := "read"
		if drawn {
			verb = "drawn"
		}
		s.Progress.Say("%s: %d constraints, keys %s in %.1f s", c.what, prover.Constraints(), verb, time.Since(begin).Seconds())
	}
	var err error
	s.setup, err = kzg.NewSetup()
	return err
}

// cast makes who takes part, with ether, and the simulated Ethereum.
func (s *story) cast(bin, out string) error {
	s.relayer = l1.NewWallet("relayer")
	s.operators = []*l1.Wallet{l1.NewWallet("operator"), l1.NewWallet("withholder")}
	keeper, courier := l1.NewWallet("keeper"), l1.NewWallet("courier")
	wallets := append([]*l1.Wallet{s.relayer, keeper, courier}, s.operators...)
	for i, name := range []string{"Anna", "Ben", "Cleo", "Dov"} {
		u := &user{name: name, wallet: l1.NewWallet(name), index: i + 1}
		s.users, wallets = append(s.users, u), append(wallets, u.wallet)
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	s.ethereum = l1.NewServedChain(port, wallets...)
	s.relay, err = newRelay(bin, filepath.Join(out, "relay"), port, keeper, courier)
	return err
}

// start starts the network.
func (s *story) start(ctx context.Context) error {
	s.Progress.Note("waiting for the first blocks")
	if err := s.Network.StartFullNodes(ctx, startLimit, 2); err != nil {
		return err
	}
	for _, node := range s.Network.FullNodes {
		s.Progress.Say("%-11s  %s  process %d", node.Name, node.Base, node.PID())
	}
	var err error
	s.ashlar, err = client.New(ctx, client.Config{URL: s.Network.FullNodes[0].Base, Setup: s.setup})
	return err
}

// deploy puts the contracts on Ethereum.
func (s *story) deploy(ctx context.Context) error {
	s.ethereum.Mine()
	set, taken, err := attesters(ctx, s.Network.FullNodes[0])
	if err != nil {
		return err
	}
	bounds := l1.Bounds{MaxAge: s.retention / 4, TrustingPeriod: 24 * time.Hour, Window: window}
	if s.contracts, err = s.ethereum.DeployAshlar(ctx, s.relayer, chainID, set, taken, bounds); err != nil {
		return err
	}
	s.Progress.Say("AshlarLightClient trusts %d attesters of epoch %d: %d gas", len(set.Attesters), set.Epoch, s.contracts.Client.Receipt.GasUsed)
	if err := s.relay.start(s.Network.Logs(), s.contracts.Client.Address, s.Network.FullNodes); err != nil {
		return err
	}
	s.Progress.Say("ashlar relay    process %d keeps its set current, anyone could", s.relay.keeper.PID())
	copy(s.namespace[19:], "validium")
	s.validium, s.operator, err = s.found(ctx, s.operators[0], s.namespace)
	return err
}

// found deploys a validium and starts its operator.
func (s *story) found(ctx context.Context, wallet *l1.Wallet, namespace da.Namespace) (*l1.Validium, *operator.Operator, error) {
	v, err := s.ethereum.DeployValidium(ctx, wallet, l1.Terms{
		Blobs: s.contracts.Address(), Operator: wallet.Address, Namespace: namespace, Retention: s.retention, Patience: s.retention / 4,
		Grace: s.retention / 4, Pace: s.retention / 8, MinDeposit: deposit / 100, ExitFee: deposit / 1000,
		FreezeOnExpiry: true, Shape: shape, BatchKey: s.keys.Batches.VerifyingKey(), CheckpointKey: s.keys.Checkpoints.VerifyingKey(),
	})
	if err != nil {
		return nil, nil, err
	}
	s.Progress.Say("Validium at %s, namespace %s: %d gas", v.Address, namespace, v.Receipt.GasUsed)
	o, err := operator.New(ctx, wallet, v, s.keys, s.setup)
	return v, o, err
}

// open takes deposits, and lands the first checkpoint and the first batch.
func (s *story) open(ctx context.Context) error {
	for _, u := range s.users {
		var err error
		if u.secret, err = ledger.NewSecret(); err != nil {
			return err
		}
		if err := s.validium.Deposit(ctx, u.wallet, u.secret.Key(), deposit); err != nil {
			return err
		}
	}
	s.Progress.Say("%d users deposited %s each", len(s.users), ether(deposit))
	if err := s.checkpoint(ctx); err != nil {
		return err
	}
	batch, err := s.batch(ctx)
	if err != nil {
		return err
	}
	if s.first, err = s.land(ctx, batch); err != nil {
		return err
	}
	s.firstAt = time.Now()
	const opened = "the batch moved the root to that of the operator's state"
	root, err := s.validium.Root(ctx)
	if err != nil {
		return err
	}
	return s.Expect(root == s.operator.State().Root(), opened, "root %s", hexOf(root))
}

// checkpoint publishes all of the state, proven, and lands it.
func (s *story) checkpoint(ctx context.Context) error {
	slices, err := s.operator.Checkpoint()
	if err != nil {
		return err
	}
	for _, slice := range slices {
		published, err := s.publish(ctx, s.namespace, slice.Publication)
		if err != nil {
			return err
		}
		receipt, err := s.operator.LandSlice(ctx, slice, published.Posted)
		if err != nil {
			return err
		}
		s.Progress.Say("checkpoint: %d bytes at height %d, proven in %.1f s, final in %.1f s, attested %.1f s later, landed for %d gas",
			len(slice.Data), published.Place.Height, slice.Proven.Took.Seconds(), published.posted.Seconds(), published.attested.Seconds(), receipt.GasUsed)
	}
	return nil
}

// batch has everyone send to everyone else, and makes and proves a batch of that and of what was deposited.
func (s *story) batch(ctx context.Context) (*operator.Move, error) {
	if err := s.submit(ctx, s.validium, s.operator, s.users); err != nil {
		return nil, err
	}
	m, err := s.operator.Batch(ctx)
	if err != nil {
		return nil, err
	}
	s.Progress.Say("batch: %d deposits and %d transfers in %d bytes, proven in %.1f s", len(m.Batch.Deposits), len(m.Batch.Transfers), len(m.Data), m.Proven.Took.Seconds())
	return m, s.Expect(m.Proven.Took < time.Minute, "a batch is proven within a minute", "%.1f s", m.Proven.Took.Seconds())
}

// submit has each user send two transfers.
func (s *story) submit(ctx context.Context, v *l1.Validium, o *operator.Operator, users []*user) error {
	domain, err := v.Domain(ctx)
	if err != nil {
		return err
	}
	for range 2 {
		for _, u := range users {
			to := uint16(rand.IntN(len(users)) + 1)
			t, err := ledger.Transfer{From: uint16(u.index), To: to, Amount: rand.Uint64N(deposit/100) + 1}.Sign(u.secret, u.nonce, domain)
			if err != nil {
				return err
			}
			u.nonce++
			o.Submit(t)
		}
	}
	return nil
}

// land publishes a batch on Ashlar and moves the root.
func (s *story) land(ctx context.Context, m *operator.Move) (*publication, error) {
	published, err := s.publish(ctx, s.namespace, m.Publication)
	if err != nil {
		return nil, err
	}
	receipt, err := s.operator.Land(ctx, m, published.Posted)
	if err != nil {
		return nil, err
	}
	s.Progress.Say("on Ashlar at height %d, final in %.1f s, attested %.1f s later by %d of 4", published.Place.Height,
		published.posted.Seconds(), published.attested.Seconds(), published.signers)
	s.Progress.Say("on Ethereum: %d gas for the certificate, %d for proof, inclusion and blob evaluation", published.gas, receipt.GasUsed)
	return published, nil
}

// volition lands a batch in a transaction of type 3.
func (s *story) volition(ctx context.Context) error {
	m, err := s.batch(ctx)
	if err != nil {
		return err
	}
	var receipt *types.Receipt
	if receipt, err = s.operator.LandByBlob(ctx, m); err != nil {
		return s.ExpectNo(err, "the contract takes a blob of Ethereum")
	}
	return s.Expect(receipt.BlobGasUsed > 0, "the contract takes a blob of Ethereum", "%d gas, %d blob gas", receipt.GasUsed, receipt.BlobGasUsed)
}

// work lands checkpoints and batches until the first batch is gone and the attesters' sets have changed, and for the last time.
func (s *story) work(ctx context.Context) error {
	for {
		if err := s.checkpoint(ctx); err != nil {
			return err
		}
		m, err := s.batch(ctx)
		if err != nil {
			return err
		}
		if _, err := s.land(ctx, m); err != nil {
			return err
		}
		changed, err := s.contracts.HasKey(ctx, s.newKey)
		if err != nil {
			return err
		}
		age := time.Since(s.firstAt)
		if age >= s.retention && changed || age > s.retention+rotationLimit {
			return s.rotated(ctx, changed)
		}
		s.Progress.Note("the first batch is %v old", age.Round(time.Second))
		if err := sleep(ctx, min(max(s.retention-age, time.Second), s.retention/8)); err != nil {
			return err
		}
	}
}

// vanish stops the operator. Nobody has its state any more: what follows has only the root.
func (s *story) vanish(ctx context.Context) error {
	s.operator = nil
	anna := s.users[0]
	root, err := s.validium.Root(ctx)
	if err != nil {
		return err
	}
	_, err = s.validium.Send(ctx, anna.wallet, "freeze")
	if err := s.Expect(l1.Refused(err) == "StillPatient", "nobody freezes before the operator's time is up", "%v", err); err != nil {
		return err
	}
	const gone = "no node has the first batch any more"
	err = testnet.Wait(ctx, s.retention, "the nodes to prune the first batch", func(ctx context.Context) (bool, error) {
		s.Progress.Note("the first batch is %v old", time.Since(s.firstAt).Round(time.Second))
		for _, node := range s.Network.FullNodes {
			if err := has(ctx, node, s.first.id); !errors.Is(err, errGone) {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		return s.ExpectNo(err, gone)
	}
	if err := s.Expect(true, gone, "posted %v ago", time.Since(s.firstAt).Round(time.Second)); err != nil {
		return err
	}
	const frozen = "once it is, anyone does"
	err = testnet.Wait(ctx, s.retention, "the operator's time to be up", func(ctx context.Context) (bool, error) {
		_, err := s.validium.Send(ctx, anna.wallet, "freeze")
		return err == nil, err
	})
	if err != nil {
		return s.ExpectNo(err, frozen)
	}
	return s.Expect(true, frozen, "at root %s", hexOf(root))
}

// exit pays everyone.
func (s *story) exit(ctx context.Context) error {
	total := uint64(0)
	for _, u := range s.users {
		account, _ := s.rebuilt.Account(u.index)
		before, err := s.ethereum.Balance(ctx, u.wallet.Address)
		if err != nil {
			return err
		}
		gas, err := s.validium.Exit(ctx, s.relayer, s.rebuilt, u.index) // anyone may send it, the owner is paid
		if err != nil {
			return s.ExpectNo(err, u.name+" is paid")
		}
		after, err := s.ethereum.Balance(ctx, u.wallet.Address)
		if err != nil {
			return err
		}
		want := new(big.Int).Mul(new(big.Int).SetUint64(account.Balance), big.NewInt(params.GWei))
		if err := s.Expect(after.Sub(after, before).Cmp(want) == 0, u.name+" is paid", "%s, %d gas", ether(account.Balance), gas); err != nil {
			return err
		}
		total += account.Balance
	}
	left, err := s.ethereum.Balance(ctx, s.validium.Address)
	if err != nil {
		return err
	}
	return s.Expect(left.Sign() == 0 && total == uint64(len(s.users))*deposit, "that is all that was deposited", "%s, and %s wei left", ether(total), left)
}

func ether(gwei uint64) string { return fmt.Sprintf("%.6f ETH", float64(gwei)/1e9) }

func hexOf(s ledger.Scalar) string {
	b := s.Bytes()
	return fmt.Sprintf("%x…", b[:8])
}

// sleep waits, unless the story ends first.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
