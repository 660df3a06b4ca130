package da

import (
	"bytes"
	"slices"
	"testing"
)

func TestBuiltBlockParsesAndVerifies(t *testing.T) {
	setup, built := newFixture(t)
	parsed, err := ParseBlock(DefaultLimits(), built.Txs)
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Verify(setup, nil); err != nil {
		t.Fatal(err)
	}
	if h := parsed.Header; h.K() != 6 || h.TxRows != 1 || h.OwnRows() != 3 || h.SharedRows != 2 {
		t.Errorf("%d rows, %d of transactions, %d own, %d shared", h.K(), h.TxRows, h.OwnRows(), h.SharedRows)
	}
	if len(parsed.Envelopes) != 2 || len(parsed.Plain) != 2 || len(parsed.Messages) != 2 {
		t.Errorf("%d envelopes, %d messages, %d others", len(parsed.Envelopes), len(parsed.Messages), len(parsed.Plain))
	}
	for i, proofs := range parsed.Proofs {
		if !slices.Equal(proofs, built.Proofs[i]) {
			t.Errorf("proofs of row %d differ", i)
		}
	}
}

func TestEmptyBlock(t *testing.T) {
	setup := newSetup(t)
	block, err := BuildBlock(setup, DefaultLimits(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(block.Txs, EmptyTxs(), bytes.Equal) {
		t.Error("the block without transactions is not the empty form")
	}
	parsed, err := ParseBlock(DefaultLimits(), EmptyTxs())
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Verify(setup, nil); err != nil {
		t.Error(err)
	}
	rebuilt, err := RebuildTxs(setup, parsed.Header, nil, nil)
	if err != nil || !slices.EqualFunc(rebuilt, EmptyTxs(), bytes.Equal) {
		t.Errorf("rebuilt %x, %v", rebuilt, err)
	}
}

func TestRebuildTxs(t *testing.T) {
	setup, block := newFixture(t)
	missing := slices.Clone(block.Proofs)
	missing[0], missing[2] = nil, nil
	txs, err := RebuildTxs(setup, block.Header, block.Square.Rows, missing)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(txs, block.Txs, bytes.Equal) {
		t.Error("rebuilt transactions differ from the block's")
	}
	if DataHash(txs) != DataHash(block.Txs) {
		t.Error("DataHash differs")
	}
}

func TestIndexFromRows(t *testing.T) {
	_, block := newFixture(t)
	index, err := IndexFromRows(block.Header, block.Square.Rows[:block.Header.TxRows])
	if err != nil {
		t.Fatal(err)
	}
	if index.Root() != block.Header.IndexRoot || len(index.Entries) != 8 {
		t.Errorf("%d entries under root %x", len(index.Entries), index.Root())
	}
}

func TestExtractReturnsEveryBlob(t *testing.T) {
	setup, block := newFixture(t)
	for tx, e := range block.Envelopes {
		for i, want := range e.Blobs {
			entry := block.Square.entry(tx, i)
			got, err := entry.Extract(block.Square.Rows[entry.Row() : entry.Row()+entry.Rows()])
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("transaction %d, blob %d: %v", tx, i, err)
			}
			if err := entry.Verify(setup, got); err != nil {
				t.Errorf("transaction %d, blob %d: %v", tx, i, err)
			}
		}
	}
}
