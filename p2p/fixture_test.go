package p2p

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// fixture is a source of one block. Its cells are made up: this package checks no proofs.
type fixture struct {
	header    *Header
	coords    []erasure.Coord
	namespace da.Namespace
	entries   *Entries
	fail      error
	cost      int           // of a cell, 1 unless set
	reading   int           // bytes that cells take beyond the answer
	hold      chan struct{} // if not nil, calls wait for it
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	return &fixture{
		header:    signedHeader3(t, testChain),
		coords:    []erasure.Coord{{Row: 0, Column: 0}, {Row: 511, Column: 127}, {Row: 7, Column: 3}},
		namespace: da.Namespace{28: 9},
		entries: &Entries{
			Proof:   &da.NamespaceProof{Start: 2, End: 4, Nodes: [][]byte{bytes.Repeat([]byte{1}, da.IndexRootSize)}},
			Entries: [][]byte{{1, 2}, {3}},
		},
	}
}

// signedHeader3 returns a well-formed header of height 3 that two validators signed.
func signedHeader3(t testing.TB, chainID string) *Header {
	t.Helper()
	keys := []ed25519.PrivKey{ed25519.GenPrivKeyFromSecret([]byte("a")), ed25519.GenPrivKeyFromSecret([]byte("b"))}
	set := types.NewValidatorSet([]*types.Validator{types.NewValidator(keys[0].PubKey(), 5), types.NewValidator(keys[1].PubKey(), 7)})
	hash := bytes.Repeat([]byte{7}, 32)
	id := types.BlockID{Hash: hash, PartSetHeader: types.PartSetHeader{Total: 1, Hash: hash}}
	header := &types.Header{
		Version: cmtversion.Consensus{Block: version.BlockProtocol}, ChainID: chainID, Height: 3, Time: time.Unix(1_700_000_000, 0).UTC(),
		LastBlockID: id, LastCommitHash: hash, DataHash: hash, ValidatorsHash: set.Hash(), NextValidatorsHash: set.Hash(),
		ConsensusHash: hash, AppHash: hash, LastResultsHash: hash, EvidenceHash: hash, ProposerAddress: set.Proposer.Address,
	}
	commit := &types.Commit{Height: 3, BlockID: types.BlockID{Hash: header.Hash(), PartSetHeader: id.PartSetHeader}}
	for _, v := range set.Validators {
		commit.Signatures = append(commit.Signatures, types.CommitSig{
			BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: v.Address, Timestamp: header.Time, Signature: bytes.Repeat([]byte{1}, 64),
		})
	}
	return &Header{
		Signed:     &types.SignedHeader{Header: header, Commit: commit},
		Validators: set,
		Proof:      &da.HeaderProof{Header: []byte{1, 2, 3}, Total: 2, Aunts: [][]byte{hash}},
	}
}

func (f *fixture) wait(ctx context.Context) error {
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return f.fail
}

func (f *fixture) Header(ctx context.Context, request HeaderRequest) (*Header, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	answer := *f.header
	if bytes.Equal(request.KnownValidators, answer.Signed.ValidatorsHash) {
		answer.Validators = nil
	}
	if !request.Proof {
		answer.Proof = nil
	}
	return &answer, nil
}

func (f *fixture) Cost(_ uint64, coords []erasure.Coord) (cells, bytes int) {
	return max(f.cost, 1) * len(coords), f.reading
}

func (f *fixture) Cells(ctx context.Context, height uint64, coords []erasure.Coord) ([]*CellProof, error) {
	cells := make([]*CellProof, len(coords))
	for i, at := range coords {
		cells[i] = cellAt(height, at)
	}
	return cells, f.wait(ctx)
}

// cellAt makes up a cell; one coordinate is not held.
func cellAt(height uint64, at erasure.Coord) *CellProof {
	if at.Row == 7 {
		return nil
	}
	return &CellProof{Cell: kzg.Cell{byte(height), byte(at.Row), byte(at.Column)}, Proof: kzg.Proof{byte(at.Column), byte(at.Row)}}
}

func (f *fixture) Rows(ctx context.Context, height uint64, rows []int) ([]*RowProofs, error) {
	found := make([]*RowProofs, len(rows))
	for i, row := range rows {
		found[i] = rowAt(height, row)
	}
	return found, f.wait(ctx)
}

func rowAt(height uint64, row int) *RowProofs {
	if row == 7 {
		return nil
	}
	return &RowProofs{Row: kzg.Row{byte(height), byte(row), kzg.RowSize - 1: 5}, Proofs: [kzg.Columns]kzg.Proof{{1}, {2}, kzg.Columns - 1: {byte(row), 47: 4}}}
}

func (f *fixture) Namespace(ctx context.Context, _ uint64, namespace da.Namespace) (*Entries, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	if namespace != f.namespace {
		return nil, da.ErrNotFound
	}
	return f.entries, nil
}

func (f *fixture) HeldCost(uint64) int { return f.reading }

func (f *fixture) Held(ctx context.Context, height uint64) ([]erasure.Coord, error) {
	if height > 3 {
		return nil, nil
	}
	return f.coords, f.wait(ctx)
}

func exerciseHeld(t *testing.T, client *Host, id peer.ID, f *fixture) {
	t.Helper()
	held, err := client.GetHeld(t.Context(), id, 3)
	want := []erasure.Coord{f.coords[0], f.coords[2], f.coords[1]} // by row
	if err != nil || !slices.Equal(held, want) {
		t.Errorf("held %v, %v; want %v", held, err, want)
	}
	if held, err := client.GetHeld(t.Context(), id, 4); !errors.Is(err, da.ErrNotFound) {
		t.Errorf("of a height of which nothing is held: %v, %v", held, err)
	}
	if client.scores.weight(id, 3) < 1 {
		t.Error("to hold nothing counted as a failure")
	}
	if connected, _ := client.Known(Held, 3); !slices.Contains(connected, id) {
		t.Errorf("known are %v", connected)
	}
}

func exerciseHeaders(t *testing.T, client *Host, id peer.ID, f *fixture) {
	t.Helper()
	for _, request := range []HeaderRequest{{}, {Height: 3}, {Height: 3, Proof: true}, {Height: 3, KnownValidators: f.header.Signed.ValidatorsHash}, {Alone: true}, {Height: 3, Alone: true, Proof: true}} {
		got, err := client.GetHeader(t.Context(), id, request)
		if err != nil {
			t.Fatalf("%+v: %v", request, err)
		}
		if !bytes.Equal(got.Signed.Hash(), f.header.Signed.Hash()) || (got.Validators == nil) != (request.Alone || request.KnownValidators != nil) || (got.Signed.Commit == nil) != request.Alone || (got.Proof != nil) != request.Proof {
			t.Errorf("%+v: got %+v", request, got)
		}
		if got.Proof != nil && !reflect.DeepEqual(got.Proof, f.header.Proof) {
			t.Errorf("the proof became %+v", got.Proof)
		}
	}
}

func exerciseCells(t *testing.T, client *Host, id peer.ID, f *fixture) {
	t.Helper()
	most := slices.Repeat(f.coords, 1+MaxCells/len(f.coords))[:MaxCells]
	for _, coords := range [][]erasure.Coord{f.coords, most} {
		cells, err := client.GetCells(t.Context(), id, 200, coords)
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range coords {
			if !reflect.DeepEqual(cells[i], cellAt(200, at)) {
				t.Errorf("cell %v became another", at)
			}
		}
	}
}

func exerciseRows(t *testing.T, client *Host, id peer.ID, f *fixture) {
	t.Helper()
	for _, rows := range [][]int{{0}, {255, 1, 2, 3, 4, 5, 6, 7}} {
		found, err := client.GetRows(t.Context(), id, 3, rows)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if !reflect.DeepEqual(found[i], rowAt(3, row)) {
				t.Errorf("row %d became another", row)
			}
		}
	}
}

func exerciseNamespace(t *testing.T, client *Host, id peer.ID, f *fixture) {
	t.Helper()
	got, err := client.GetNamespace(t.Context(), id, 3, f.namespace)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Proof.Nodes, f.entries.Proof.Nodes) || got.Proof.Start != 2 || got.Proof.End != 4 || !reflect.DeepEqual(got.Entries, f.entries.Entries) {
		t.Errorf("entries became %+v", got)
	}
}
