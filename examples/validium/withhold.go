package main

import (
	"context"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
	"github.com/ashlar-da/ashlar/examples/validium/operator"
	"github.com/ashlar-da/ashlar/testnet"
)

// withhold has an operator prove a batch and keep its data to itself. All it can say of where the data is, the contract refuses.
func (s *story) withhold(ctx context.Context) error {
	var namespace da.Namespace
	copy(namespace[19:], "withheld")
	v, o, err := s.found(ctx, s.operators[1], namespace)
	if err != nil {
		return err
	}
	victim := s.users[0]
	if err := v.Deposit(ctx, victim.wallet, victim.secret.Key(), deposit); err != nil {
		return err
	}
	s.namespace, s.validium, s.operator = namespace, v, o
	if err := s.checkpoint(ctx); err != nil {
		return err
	}
	m, err := o.Batch(ctx)
	if err != nil {
		return err
	}
	s.Progress.Say("a batch of %d bytes, proven in %.1f s: valid, and published nowhere", len(m.Data), m.Proven.Took.Seconds())
	if err := s.attempts(ctx, m); err != nil {
		return err
	}
	root, err := v.Root(ctx)
	if err != nil {
		return err
	}
	if err := s.Expect(root == m.Batch.Old, "the root stands where it was", "root %s", hexOf(root)); err != nil {
		return err
	}
	return s.reclaim(ctx, v, victim)
}

// attempts tells the contract what is not so.
func (s *story) attempts(ctx context.Context, m *operator.Move) error {
	garbage, err := operator.NewPublication(s.setup, make([]ledger.Scalar, shape.Scalars()))
	if err != nil {
		return err
	}
	published, err := s.publish(ctx, s.namespace, garbage)
	if err != nil {
		return err
	}
	s.Progress.Say("beside it garbage of the same size, published and attested at height %d", published.Place.Height)
	epoch, err := l1.Call[uint64](ctx, s.contracts.Client, "epoch")
	if err != nil {
		return err
	}
	forged, height := s.forge(m, epoch)
	_, attested := s.contracts.Attest(ctx, s.relayer, forged)
	_, invented := s.operator.Land(ctx, m, height)
	_, other := s.operator.Land(ctx, m, published.Posted)
	claimed := published.Posted
	claimed.VersionedHash, claimed.DataKeccak = m.VersionedHash, da.Keccak256(m.Data)
	_, elsewhere := s.operator.Land(ctx, m, claimed)
	for _, attempt := range []struct {
		what string
		err  error
		want string
	}{
		{"a certificate that it signed itself", attested, "WrongSignature"},
		{"a block that it made up", invented, "NeverAttested"},
		{"the garbage in the batch's place", other, "WrongBlob"},
		{"the garbage's block, as that of the batch", elsewhere, "NotInBlobTree"},
	} {
		if err := s.Expect(l1.Refused(attempt.err) == attempt.want, attempt.what+" is refused", "%s", l1.Refused(attempt.err)); err != nil {
			return err
		}
	}
	return nil
}

// forge makes a block of the batch's blob, and a certificate in the name of all attesters that one key signed.
func (s *story) forge(m *operator.Move, epoch uint64) (*da.Certificate, l1.Posted) {
	id := da.ComputeBlobID(s.namespace, da.EncodingRaw, da.Keccak256(m.Data), []kzg.Commitment{m.Commitment}, uint64(len(m.Data)))
	tree := da.BlobTreeRoot([]da.BlobID{id})
	root := da.HistoryLeaf(1, [32]byte{1}, tree)
	c := &da.Certificate{Attestation: da.Attestation{ChainID: chainID, Epoch: epoch, Height: 1, Time: uint64(time.Now().Unix()), BlobTreeRoot: tree, HistoryRoot: root}}
	if secret, err := da.NewAttestationSecret(nil); err == nil {
		c.Signature, _ = secret.Attest(c.Digest())
	}
	for i := range 4 {
		c.Signers.Add(i)
	}
	return c, l1.Posted{
		VersionedHash: m.VersionedHash, DataKeccak: da.Keccak256(m.Data), HistoryRoot: root,
		Place: l1.Place{Height: 1, DataRoot: [32]byte{1}, BlobTreeRoot: tree, History: [][32]byte{}}, Tree: [][32]byte{},
	}
}

// reclaim takes a deposit back that never came into the state.
func (s *story) reclaim(ctx context.Context, v *l1.Validium, victim *user) error {
	const paid = "whose deposit hung takes it back"
	s.Progress.Note("waiting for the operator's time to be up")
	err := testnet.Wait(ctx, s.retention, "the operator's time to be up", func(ctx context.Context) (bool, error) {
		_, err := v.Send(ctx, victim.wallet, "freeze")
		return err == nil, err
	})
	if err != nil {
		return s.ExpectNo(err, paid)
	}
	if _, err := v.Send(ctx, s.relayer, "reclaim", uint64(0)); err != nil {
		return s.ExpectNo(err, paid)
	}
	left, err := s.ethereum.Balance(ctx, v.Address)
	if err != nil {
		return err
	}
	return s.Expect(left.Sign() == 0, paid, "%s to %s", ether(deposit), victim.name)
}
