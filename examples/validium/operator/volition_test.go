package operator

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/ashlar-da/ashlar/examples/validium/circuit"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// TestVolition posts one batch both ways, with one proof: the chain is taken back in between.
func TestVolition(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	_, m := w.opened()
	posted := w.published(m.Publication)
	before, err := w.chain.Client.HeaderByNumber(w.ctx, nil)
	w.must(err)

	receipt, err := w.operator.Land(w.ctx, m, posted)
	w.must(err)
	t.Logf("by Ashlar:  %d gas", receipt.GasUsed)
	w.rootIs(m.Batch.New)
	w.must(w.chain.TakeBack(before.Hash()))
	w.rootIs(m.Batch.Old)

	receipt, err = w.operator.LandByBlob(w.ctx, m)
	w.must(err)
	t.Logf("by a blob of Ethereum: %d gas", receipt.GasUsed)
	w.rootIs(m.Batch.New)
}

func (w *world) rootIs(want ledger.Scalar) {
	w.Helper()
	root, err := w.validium.Root(w.ctx)
	w.must(err)
	if root != want {
		w.Errorf("the root is %s, want %s", root.String(), want.String())
	}
}

// TestGarbage: a blob that is not what was proven is refused, whichever way it came, and whatever of it is opened.
func TestGarbage(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	_, m := w.opened()
	garbage := w.garbled(m.Publication)
	digest, err := m.Batch.Digest(shape)
	w.must(err)
	own, err := garbage.Evaluate(circuit.Challenge(garbage.VersionedHash, digest))
	w.must(err)
	lied := own
	lied.Y = new(big.Int).Set(m.At.Y)
	posted := w.published(garbage)

	for name, way := range map[string]func(l1.Evaluation) error{
		"Ashlar": func(e l1.Evaluation) error {
			_, err := w.validium.Send(w.ctx, w.op, "update", m.Claim, e, posted)
			return err
		},
		"Ethereum": func(e l1.Evaluation) error {
			_, err := w.validium.SendBlobs(w.ctx, w.op, []*kzg4844.Blob{garbage.Blob()}, "updateByBlob", m.Claim, e, new(big.Int))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, row := range []struct {
				what  string
				e     l1.Evaluation
				error string
			}{
				{"the proven data's opening", m.At, "WrongBlob"},
				{"the garbage's own", own, "WrongProof"},
				{"the garbage's with the proven value", lied, "WrongBlob"},
			} {
				if err := way(row.e); l1.Refused(err) != row.error {
					t.Errorf("%s: %v, want %s", row.what, err, row.error)
				}
			}
		})
	}
	w.rootIs(m.Batch.Old)
}

// garbled is a publication with one bit changed.
func (w *world) garbled(p *Publication) *Publication {
	w.Helper()
	scalars, err := ledger.Parse(p.Data)
	w.must(err)
	scalars[len(scalars)-1].SetUint64(1)
	g, err := NewPublication(p.setup, scalars)
	w.must(err)
	return g
}

// TestRefused corrupts one valid update row by row.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	secret, m := w.opened()
	valid := w.published(m.Publication)
	elsewhere := w.namespace
	elsewhere[28]++
	foreign, err := w.attest(w.postIn(elsewhere, m.Publication), attesters)
	w.must(err)
	send := func(from *l1.Wallet, c l1.Batch, e l1.Evaluation, p l1.Posted) error {
		_, err := w.validium.Send(w.ctx, from, "update", c, e, p)
		return err
	}
	for _, row := range []struct {
		name   string
		change func(*l1.Batch, *l1.Evaluation, *l1.Posted)
		error  string
	}{
		{"another root", func(b *l1.Batch, _ *l1.Evaluation, _ *l1.Posted) { b.NewRoot = big.NewInt(5) }, "WrongProof"},
		{"a root beyond the field", func(b *l1.Batch, _ *l1.Evaluation, _ *l1.Posted) {
			b.NewRoot = new(big.Int).Add(b.NewRoot, modulus)
		}, "NotCanonical"},
		{"no move", func(b *l1.Batch, _ *l1.Evaluation, _ *l1.Posted) { b.NewRoot = number(m.Batch.Old) }, "NothingMoved"},
		{"fewer deposits", func(b *l1.Batch, _ *l1.Evaluation, _ *l1.Posted) { b.Deposits-- }, "WrongProof"},
		{"more deposits", func(b *l1.Batch, _ *l1.Evaluation, _ *l1.Posted) { b.Deposits++ }, "UnknownDeposits"},
		{"another digest", func(b *l1.Batch, _ *l1.Evaluation, _ *l1.Posted) { b.Digest = big.NewInt(5) }, "WrongBlob"},
		{"no proof", func(b *l1.Batch, _ *l1.Evaluation, _ *l1.Posted) { b.Proof = nil }, "ProofLength"},
		{"a proof of infinities", func(b *l1.Batch, _ *l1.Evaluation, _ *l1.Posted) { b.Proof = make([]byte, 512) }, "WrongProof"},
		{"a proof of no points", func(b *l1.Batch, _ *l1.Evaluation, _ *l1.Posted) {
			b.Proof = append([]byte(nil), b.Proof...)
			b.Proof[100] ^= 1
		}, "BadPoint"},
		{"another value", func(_ *l1.Batch, e *l1.Evaluation, _ *l1.Posted) { e.Y = big.NewInt(5) }, "WrongBlob"},
		{"no opening", func(_ *l1.Batch, e *l1.Evaluation, _ *l1.Posted) { e.Proof = nil }, "WrongBlob"},
		{"another versioned hash", func(_ *l1.Batch, _ *l1.Evaluation, p *l1.Posted) { p.VersionedHash[9]++ }, "NotInBlobTree"},
		{"other bytes", func(_ *l1.Batch, _ *l1.Evaluation, p *l1.Posted) { p.DataKeccak[9]++ }, "NotInBlobTree"},
		{"a history that nobody attested", func(_ *l1.Batch, _ *l1.Evaluation, p *l1.Posted) { p.HistoryRoot[20]++ }, "NeverAttested"},
		{"one that the light client takes for an attested one", func(_ *l1.Batch, _ *l1.Evaluation, p *l1.Posted) { p.HistoryRoot[5]++ }, "NotInHistory"},
		{"another height", func(_ *l1.Batch, _ *l1.Evaluation, p *l1.Posted) { p.Place.Height-- }, ""},
		{"another data root", func(_ *l1.Batch, _ *l1.Evaluation, p *l1.Posted) { p.Place.DataRoot[9]++ }, "NotInHistory"},
		{"another blob tree", func(_ *l1.Batch, _ *l1.Evaluation, p *l1.Posted) { p.Place.BlobTreeRoot[9]++ }, "NotInHistory"},
		{"a longer path", func(_ *l1.Batch, _ *l1.Evaluation, p *l1.Posted) { p.Tree = [][32]byte{{}} }, "NotInBlobTree"},
		{"another namespace", func(_ *l1.Batch, _ *l1.Evaluation, p *l1.Posted) { *p = foreign }, "NotInBlobTree"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, e, p := m.Claim, m.At, valid
			row.change(&c, &e, &p)
			err := send(w.op, c, e, p)
			if err == nil || row.error != "" && l1.Refused(err) != row.error {
				t.Errorf("%v, want %s", err, row.error)
			}
		})
	}
	w.refused(send(w.anna, m.Claim, m.At, valid), "NotOperator")
	_, err = w.validium.Send(w.ctx, w.op, "updateByBlob", m.Claim, m.At, new(big.Int))
	w.refused(err, "NoBlob")

	_, err = w.operator.Land(w.ctx, m, valid)
	w.must(err)
	_, err = w.operator.Land(w.ctx, m, valid)
	w.refused(err, "NothingMoved")
	next := w.transfer(secret, 2, 1000)
	_, err = w.operator.Land(w.ctx, next, w.published(next.Publication))
	w.must(err)
}

var modulus, _ = new(big.Int).SetString("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001", 16)

// TestNoQuorum: what too few attest moves nothing.
func TestNoQuorum(t *testing.T) {
	w := newWorld(t)
	w.checkpoint()
	_, m := w.opened()
	posted, err := w.attest(w.post(m.Publication), 2)
	w.refused(err, "NoQuorum")
	_, err = w.operator.Land(w.ctx, m, posted)
	w.refused(err, "NeverAttested")
	w.rootIs(m.Batch.Old)
}

// landed lands a batch by a blob.
func (w *world) landed(m *Move) *types.Receipt {
	w.Helper()
	receipt, err := w.operator.LandByBlob(w.ctx, m)
	w.must(err)
	return receipt
}
