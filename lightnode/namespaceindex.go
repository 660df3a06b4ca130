package lightnode

import (
	"context"
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// firstTxCells is how many cells of the last transaction row are fetched at first. The number doubles
// until one is zero.
const firstTxCells = 2

// prove finds the namespace's entries by a peer's proof that they are all. That the index is the
// block's is then on the word of those who signed the header.
func (f *following) prove(ctx context.Context, found *indexed) error {
	header := found.header.DA()
	// The root names the least and the greatest namespace: outside of them nobody need be asked.
	outside := &da.NamespaceProof{}
	if outside.Verify(header.IndexRoot, f.config.Namespace, nil) == nil {
		found.proof = outside
		return nil
	}
	height := uint64(found.header.Height())
	err := f.node.peers.around(ctx, p2p.Namespaces, height, func(ctx context.Context, from peer.ID) error {
		answer, err := f.node.host.GetNamespace(ctx, from, height, f.config.Namespace)
		if err != nil {
			return err
		}
		if err := answer.Proof.Verify(header.IndexRoot, f.config.Namespace, answer.Entries); err != nil {
			return f.node.peers.accuse(from, err)
		}
		f.node.host.Verified(from, 1)
		found.proof, found.entries = answer.Proof, nil
		for _, encoded := range answer.Entries {
			entry, err := da.DecodeEntry(encoded)
			if err != nil { // the proof is right: it is the index that is not
				return fmt.Errorf("%w: an entry of its index: %w", errContradicted, err)
			}
			found.entries = append(found.entries, *entry)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("entries of namespace %s: %w", f.config.Namespace, err)
	}
	return found.checkEntries(f.config.Namespace)
}

// recompute finds the namespace's entries in the index that the block's transaction rows result in.
// The rows are verified against their commitments, so that nobody is trusted for completeness;
// what the DA header says of the index must agree.
func (f *following) recompute(ctx context.Context, found *indexed) error {
	header := found.header.DA()
	held, err := f.txRows(ctx, found.header)
	if err != nil {
		return fmt.Errorf("transaction rows: %w", err)
	}
	index, err := da.IndexFromRows(header, held)
	if err != nil {
		return fmt.Errorf("%w: its transaction rows do not result in the index it commits to: %w", errContradicted, err)
	}
	if found.entries, found.proof, err = index.Namespace(f.config.Namespace); err != nil {
		return fmt.Errorf("%w: %w", errContradicted, err)
	}
	return found.checkEntries(f.config.Namespace)
}

// txRows returns the transaction rows. Transactions seldom fill the last: of that no more is fetched
// than it has, if the rest is zero.
func (f *following) txRows(ctx context.Context, header *chain.Header) ([]*kzg.Row, error) {
	last := header.DA().TxRows - 1
	numbers := make([]int, last)
	for i := range numbers {
		numbers[i] = i
	}
	rows, err := f.rows(ctx, header, numbers)
	if err != nil {
		return nil, err
	}
	var cells []byte
	for n := firstTxCells; n < kzg.RowCells; n *= 2 {
		next, err := f.cells(ctx, header, coordsOf(last, len(cells)/kzg.CellSize, n))
		if err != nil {
			return nil, err
		}
		cells = append(cells, next...)
		if [kzg.CellSize]byte(cells[len(cells)-kzg.CellSize:]) != [kzg.CellSize]byte{} {
			continue
		}
		if row := f.zeroEnded(header, last, cells); row != nil {
			return append(rows, row), nil
		}
		break
	}
	whole, err := f.rows(ctx, header, []int{last})
	return append(rows, whole...), err
}

// checkEntries reports entries that are not the namespace's or lie where the square has no
// blobs. They were proven: the block is to blame.
func (x *indexed) checkEntries(namespace da.Namespace) error {
	header := x.header.DA()
	for i := range x.entries {
		e := &x.entries[i]
		low, high := header.TxRows, header.K()-header.SharedRows
		if e.OwnRows() == 0 {
			low, high = high, header.K()
		}
		if e.Namespace != namespace || e.Row() < low || e.Row()+e.Rows() > high {
			return fmt.Errorf("%w: entry %d of namespace %s is one of %s, in rows %d to %d", errContradicted, i, namespace, e.Namespace, e.Row(), e.Row()+e.Rows()-1)
		}
	}
	return nil
}
