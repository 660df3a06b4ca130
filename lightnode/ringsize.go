package lightnode

import (
	"fmt"
	"time"

	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
)

// CachedHeights returns how many of the newest heights a cell cache of so many bytes keeps, where
// all have squares of k rows, so many transactions and so many samples: by encoding one.
func CachedHeights(cache int64, k, transactions, samples int) (int64, error) {
	if k < 1 || k > da.HardMaxRows || transactions < 2 || samples < 1 || samples > 2*k*kzg.Columns {
		return 0, fmt.Errorf("%w: no block has %d rows, %d transactions and %d samples", ErrConfig, k, transactions, samples)
	}
	filled := &kept{header: largestHeader(k, transactions)}
	for i := range samples {
		at := erasure.Coord{Row: 2*k - 1 - i/kzg.Columns, Column: kzg.Columns - 1 - i%kzg.Columns} // the longest encodings
		filled.coords, filled.cells = append(filled.coords, at), append(filled.cells, new(p2p.CellProof))
	}
	encoded, err := filled.encode(1 << 28)
	if err != nil {
		return 0, err
	}
	return cache / int64(len(encoded)), nil
}

// largestHeader is a header alone, every field of it as long as on a running chain.
func largestHeader(k, transactions int) *p2p.Header {
	hash := make([]byte, da.HashSize)
	id := types.BlockID{Hash: hash, PartSetHeader: types.PartSetHeader{Total: 128, Hash: hash}}
	header := &types.Header{
		Version: cmtversion.Consensus{Block: 11, App: 1}, ChainID: "a-chain-of-some-name-1", Height: 1 << 28, Time: time.Unix(1<<31, 999_999_999),
		LastBlockID: id, LastCommitHash: hash, DataHash: hash, ValidatorsHash: hash, NextValidatorsHash: hash,
		ConsensusHash: hash, AppHash: hash, LastResultsHash: hash, EvidenceHash: hash, ProposerAddress: make([]byte, da.AddressSize),
	}
	square := da.Header{Version: da.HeaderVersion, TxRows: 1, Commitments: make([]kzg.Commitment, k)}
	proof := &da.HeaderProof{Header: square.Encode(), Total: int64(transactions)}
	for n := 1; n < transactions; n *= 2 {
		proof.Aunts = append(proof.Aunts, hash)
	}
	return &p2p.Header{Signed: &types.SignedHeader{Header: header}, Proof: proof}
}
