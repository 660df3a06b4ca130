package operator

import (
	"fmt"
	"math/big"

	"github.com/consensys/gnark/frontend"
	"github.com/ethereum/go-ethereum/crypto/kzg4844"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/examples/validium/circuit"
	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// Publication is data to be published, as the one blob that it is on Ashlar and on Ethereum alike.
type Publication struct {
	// Data is what a user posts to Ashlar, in encoding raw.
	Data []byte
	// Row is the same with zeros behind: a blob of EIP-4844.
	Row           *kzg.Row
	Commitment    kzg.Commitment
	VersionedHash [32]byte

	setup *kzg.Setup
}

// NewPublication lays scalars out in a blob, and commits to it.
func NewPublication(setup *kzg.Setup, scalars []ledger.Scalar) (*Publication, error) {
	p := &Publication{Data: ledger.Bytes(scalars), Row: new(kzg.Row), setup: setup}
	if copy(p.Row[:], p.Data) < len(p.Data) {
		return nil, fmt.Errorf("%w: %d scalars are more than a blob has", ledger.ErrInvalid, len(scalars))
	}
	var err error
	if p.Commitment, err = setup.Commit(p.Row); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	p.VersionedHash = da.VersionedHash(p.Commitment)
	return p, nil
}

// Blob is the row in go-ethereum's type.
func (p *Publication) Blob() *kzg4844.Blob { return (*kzg4844.Blob)(p.Row[:]) }

// Evaluate proves the polynomial's value at z, for the point-evaluation precompile.
func (p *Publication) Evaluate(z ledger.Scalar) (l1.Evaluation, error) {
	proof, y, err := p.setup.ProveAt(p.Row, z.Bytes())
	if err != nil {
		return l1.Evaluation{}, fmt.Errorf("open the blob: %w", err)
	}
	return l1.Evaluation{Y: new(big.Int).SetBytes(y[:]), Commitment: p.Commitment[:], Proof: proof[:]}, nil
}

// Open proves one scalar of the blob: commitment and proof.
func (p *Publication) Open(index int) ([]byte, error) {
	e, err := p.Evaluate(circuit.Place(index))
	return append(e.Commitment, e.Proof...), err
}

// Move is a batch, proven: what the contract takes, wherever its data is published.
type Move struct {
	*Publication
	Batch  *ledger.Batch
	After  *ledger.Ledger
	Proven *circuit.Proof
	Claim  l1.Batch
	At     l1.Evaluation
}

// TransferPlace is where in the blob the transfer of a slot is.
func (m *Move) TransferPlace(slot int) int { return m.After.Shape().TransferPlace(slot) }

// Slice is a slice of a checkpoint, proven.
type Slice struct {
	*Publication
	Index  int
	Proven *circuit.Proof
	At     l1.Evaluation
}

// Keys prove both circuits of a shape.
type Keys struct {
	Shape                ledger.Shape
	Batches, Checkpoints *circuit.Prover
}

// Prove proves a batch over the state before it; deposits are what the contract's queue has.
func (k *Keys) Prove(setup *kzg.Setup, before *ledger.Ledger, batch *ledger.Batch, s circuit.Statement) (*Move, error) {
	scalars, err := batch.Scalars(k.Shape)
	if err != nil {
		return nil, err
	}
	m := &Move{Batch: batch, After: before.Clone()}
	if err := m.After.Apply(batch); err != nil {
		return nil, err
	}
	if m.Publication, err = NewPublication(setup, scalars); err != nil {
		return nil, err
	}
	digest := ledger.Chain(scalars...)
	s.Z = circuit.Challenge(m.VersionedHash, digest)
	witness, err := circuit.AssignBatch(before, batch, s)
	if err != nil {
		return nil, err
	}
	if m.Proven, m.At, err = prove(k.Batches, m.Publication, witness, s.Z); err != nil {
		return nil, err
	}
	m.Claim = l1.Batch{NewRoot: number(batch.New), Deposits: uint64(m.After.Deposits()), Exits: s.Exits, Digest: number(digest), Proof: m.Proven.Points}
	return m, nil
}

// ProveSlice proves a slice of a checkpoint.
func (k *Keys) ProveSlice(setup *kzg.Setup, state *ledger.Ledger, index int) (*Slice, error) {
	p, err := NewPublication(setup, state.Slice(index))
	if err != nil {
		return nil, err
	}
	var at ledger.Scalar
	at.SetUint64(uint64(index))
	z := circuit.Challenge(p.VersionedHash, ledger.Hash(state.Root(), at))
	s := &Slice{Publication: p, Index: index}
	s.Proven, s.At, err = prove(k.Checkpoints, p, circuit.AssignCheckpoint(state, index, z), z)
	return s, err
}

func prove(p *circuit.Prover, published *Publication, witness frontend.Circuit, z ledger.Scalar) (*circuit.Proof, l1.Evaluation, error) {
	proof, err := p.Prove(witness)
	if err != nil {
		return nil, l1.Evaluation{}, err
	}
	at, err := published.Evaluate(z)
	return proof, at, err
}

func number(s ledger.Scalar) *big.Int { return s.BigInt(new(big.Int)) }
