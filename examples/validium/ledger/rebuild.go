package ledger

import (
	"fmt"
)

// archive is what was published, by what it is for.
type archive struct {
	shape   Shape
	batches map[Scalar][]*Batch // by old root
	slices  map[Scalar][]*slice // by root
	roots   []Scalar            // of checkpoints, in the order of their first slices
}

// read sorts what was published. Anyone may publish in a namespace: what is neither batch nor slice is passed over.
func read(shape Shape, published [][]byte) *archive {
	a := &archive{shape: shape, batches: make(map[Scalar][]*Batch), slices: make(map[Scalar][]*slice)}
	for _, data := range published {
		scalars, err := Parse(data)
		if err != nil {
			continue
		}
		if s, err := parseSlice(shape, scalars); err == nil {
			if len(a.slices[s.root]) == 0 {
				a.roots = append(a.roots, s.root)
			}
			a.slices[s.root] = append(a.slices[s.root], s)
		} else if b, err := ParseBatch(shape, scalars); err == nil {
			a.batches[b.Old] = append(a.batches[b.Old], b)
		}
	}
	return a
}

// Rebuild finds the state with a root in what was published, in the order of publication: the newest
// checkpoint that leads there, and the batches from there on. It fails with ErrInvalid if none does.
func Rebuild(shape Shape, root Scalar, published [][]byte) (l *Ledger, batches int, _ error) {
	a, seen := read(shape, published), make(map[Scalar]bool)
	for i := len(a.roots) - 1; i >= 0; i-- {
		c, err := join(shape, a.slices[a.roots[i]])
		if err != nil {
			continue
		}
		if l, batches := a.follow(c, root, seen); l != nil {
			return l, batches, nil
		}
	}
	return nil, 0, fmt.Errorf("%w: none of %d checkpoints leads to root %s", ErrInvalid, len(a.roots), short(root))
}

// follow applies batches, depth first, until the root is reached. No root is left twice: nobody can
// make this long by publishing batches that nobody signed.
func (a *archive) follow(l *Ledger, root Scalar, seen map[Scalar]bool) (*Ledger, int) {
	if l.Root() == root {
		return l, 0
	}
	if seen[l.Root()] {
		return nil, 0
	}
	seen[l.Root()] = true
	for _, b := range a.batches[l.Root()] {
		after := l.Clone()
		if after.Apply(b) != nil {
			continue
		}
		if found, n := a.follow(after, root, seen); found != nil {
			return found, n + 1
		}
	}
	return nil, 0
}
