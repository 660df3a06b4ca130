package ledger

// Tree is a Merkle tree of 2^depth leaves, by levels: the leaves first, the root last.
type Tree struct{ levels [][]Scalar }

// newTree is a tree of zeros.
func newTree(depth int) *Tree {
	t := &Tree{make([][]Scalar, depth+1)}
	var node Scalar
	for level := range t.levels {
		t.levels[level] = make([]Scalar, 1<<(depth-level))
		for i := range t.levels[level] {
			t.levels[level][i] = node
		}
		node = Hash(node, node)
	}
	return t
}

// set replaces a leaf.
func (t *Tree) set(index int, leaf Scalar) {
	t.levels[0][index] = leaf
	for level := 1; level < len(t.levels); level++ {
		index /= 2
		below := t.levels[level-1]
		t.levels[level][index] = Hash(below[2*index], below[2*index+1])
	}
}

// Root is the tree's root.
func (t *Tree) Root() Scalar { return t.levels[len(t.levels)-1][0] }

// Path returns the siblings from a leaf up.
func (t *Tree) Path(index int) []Scalar {
	path := make([]Scalar, 0, len(t.levels)-1)
	for _, level := range t.levels[:len(t.levels)-1] {
		path = append(path, level[index^1])
		index /= 2
	}
	return path
}

// climb returns the root over a node, at an index among its kind, with these siblings.
func climb(node Scalar, index int, path []Scalar) Scalar {
	for _, sibling := range path {
		if index&1 == 0 {
			node = Hash(node, sibling)
		} else {
			node = Hash(sibling, node)
		}
		index >>= 1
	}
	return node
}
