package circuit

import (
	"github.com/consensys/gnark/frontend"

	"github.com/ashlar-da/ashlar/examples/validium/ledger"
)

// Checkpoint is the circuit of one slice of a checkpoint. Root and slice are its commitment to the data:
// they fix every scalar, since those of an empty account must be zero.
type Checkpoint struct {
	Root  frontend.Variable `gnark:",public"`
	Slice frontend.Variable `gnark:",public"`
	Z     frontend.Variable `gnark:",public"`
	Y     frontend.Variable `gnark:",public"`

	// Accounts are three scalars each, as published.
	Accounts [][3]frontend.Variable
	// Path leads from the slice's accounts to the root.
	Path []frontend.Variable
}

// NewCheckpoint is an empty circuit for a shape.
func NewCheckpoint(shape ledger.Shape) *Checkpoint {
	return &Checkpoint{
		Accounts: make([][3]frontend.Variable, 1<<shape.SliceDepth),
		Path:     make([]frontend.Variable, shape.Depth-shape.SliceDepth),
	}
}

// Define implements frontend.Circuit.
func (c *Checkpoint) Define(api frontend.API) error {
	b, err := newBuilder(api)
	if err != nil {
		return err
	}
	published := append([]frontend.Variable{ledger.KindCheckpoint, c.Root, c.Slice}, c.Path...)
	nodes := make([]frontend.Variable, len(c.Accounts))
	for i, a := range c.Accounts {
		enabled := b.Sub(1, b.IsZero(a[2]))
		b.zeroUnless(enabled, a[0], a[1])
		nodes[i] = b.Mul(enabled, b.hash(b.hash(a[0], a[1]), a[2]))
		published = append(published, a[:]...)
	}
	for len(nodes) > 1 {
		for i := range len(nodes) / 2 {
			nodes[i] = b.hash(nodes[2*i], nodes[2*i+1])
		}
		nodes = nodes[:len(nodes)/2]
	}
	api.AssertIsEqual(b.climb(nodes[0], b.place(c.Slice, len(c.Path)), c.Path), c.Root)
	api.AssertIsEqual(b.evaluate(published, c.Z), c.Y)
	return nil
}

// place is the bits of a slice's index. If the one slice is all of the state, there are none, and it is 0.
func (b *builder) place(slice frontend.Variable, bits int) []frontend.Variable {
	if bits == 0 {
		b.AssertIsEqual(slice, 0)
		return nil
	}
	return b.ToBinary(slice, bits)
}
