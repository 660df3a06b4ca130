package ledger

import "fmt"

const (
	// accountScalars is what an account takes in a checkpoint: its key, and the rest packed.
	accountScalars = 3
	// sliceHeader is how many scalars a slice begins with: kind, root, slice. The path follows, then accounts.
	sliceHeader = 3
)

// SliceScalars is how many scalars a slice takes.
func (s Shape) SliceScalars() int { return s.sliceAccounts() + accountScalars<<s.SliceDepth }

// sliceAccounts is where the accounts of a slice begin.
func (s Shape) sliceAccounts() int { return sliceHeader + s.Depth - s.SliceDepth }

// Slices is how many slices a state needs: accounts are taken in order, so that those behind are empty.
func (l *Ledger) Slices() int { return l.deposits>>l.shape.SliceDepth + 1 }

// Slice is a part of a checkpoint as it is published: 2^SliceDepth accounts, and the path from them to the
// root of the state. So each can be checked by itself. All slices of one root are the checkpoint.
func (l *Ledger) Slice(slice int) []Scalar {
	scalars := make([]Scalar, sliceHeader, l.shape.SliceScalars())
	scalars[0].SetUint64(KindCheckpoint)
	scalars[1] = l.Root()
	scalars[2].SetUint64(uint64(slice))
	scalars = append(scalars, l.SlicePath(slice)...)
	size := 1 << l.shape.SliceDepth
	for i := range size {
		a := &l.accounts[slice*size+i]
		scalars = append(scalars, a.Key.X, a.Key.Y, a.Packed())
	}
	return scalars
}

// SlicePath returns the siblings from the root of a slice's accounts up.
func (l *Ledger) SlicePath(slice int) []Scalar {
	return l.tree.Path(slice << l.shape.SliceDepth)[l.shape.SliceDepth:]
}

// slice is a part of a checkpoint, parsed.
type slice struct {
	root     Scalar
	index    int
	accounts []Account
}

// parseSlice is the inverse of Slice. It fails with ErrMalformed, also if the accounts are not of the root.
func parseSlice(shape Shape, scalars []Scalar) (*slice, error) {
	if len(scalars) != shape.SliceScalars() || !scalars[0].IsUint64() || scalars[0].Uint64() != KindCheckpoint {
		return nil, fmt.Errorf("%w: %d scalars are no checkpoint", ErrMalformed, len(scalars))
	}
	if !scalars[2].IsUint64() || scalars[2].Uint64()>>(shape.Depth-shape.SliceDepth) != 0 {
		return nil, fmt.Errorf("%w: no such slice", ErrMalformed)
	}
	s := &slice{root: scalars[1], index: int(scalars[2].Uint64()), accounts: make([]Account, 1<<shape.SliceDepth)}
	subtree := newTree(shape.SliceDepth)
	for i := range s.accounts {
		from := scalars[shape.sliceAccounts()+accountScalars*i:]
		s.accounts[i].Key = Key{from[0], from[1]}
		if err := s.accounts[i].unpack(from[2]); err != nil {
			return nil, err
		}
		subtree.set(i, s.accounts[i].Leaf())
	}
	if root := climb(subtree.Root(), s.index, scalars[sliceHeader:shape.sliceAccounts()]); root != s.root {
		return nil, fmt.Errorf("%w: the accounts have root %s, not %s", ErrMalformed, short(root), short(s.root))
	}
	return s, nil
}

// join makes the state that slices of one root are of. It fails with ErrMalformed if any is missing.
func join(shape Shape, slices []*slice) (*Ledger, error) {
	l := New(shape)
	for _, s := range slices {
		for i, a := range s.accounts {
			at := s.index<<shape.SliceDepth + i
			if a != l.accounts[at] {
				l.set(at, a)
			}
			if at != ExitAccount && a != (Account{}) {
				l.deposits = max(l.deposits, at)
			}
		}
	}
	if l.Root() != slices[0].root {
		return nil, fmt.Errorf("%w: slices are missing", ErrMalformed)
	}
	return l, nil
}
