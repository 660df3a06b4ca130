package celestia

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

// waitLimit is how long header.WaitForHeight waits, so that no call stays for ever.
const waitLimit = time.Minute

// flavour is the form of headers: clients differ, and none takes the other's.
type flavour func(*chain.Header) (any, error)

// roots are those of a square of Celestia's: none.
type roots struct {
	Rows    [][]byte `json:"row_roots"`
	Columns [][]byte `json:"column_roots"`
}

func noRoots() roots { return roots{[][]byte{}, [][]byte{}} }

// plainHeader is a chain header with its height as a number.
type plainHeader struct {
	ChainID string    `json:"chain_id"`
	Height  int64     `json:"height"`
	Time    time.Time `json:"time"`
}

func plain(h *types.Header) *plainHeader { return &plainHeader{h.ChainID, h.Height, h.Time} }

// evnodeHeader is the form that [ev-node] reads: heights are numbers, and once more a string.
//
// [ev-node]: https://github.com/evstack/ev-node/blob/v1.2.2/pkg/da/jsonrpc/header.go
func evnodeHeader(h *chain.Header) (any, error) {
	type commit struct {
		Height int64 `json:"height"`
	}
	signed := h.Signed()
	return struct {
		Header   *plainHeader `json:"header"`
		Commit   commit       `json:"commit"`
		Roots    roots        `json:"dah"`
		Height   string       `json:"height"`
		LastHash []byte       `json:"last_header_hash"`
		ChainID  string       `json:"chain_id"`
		Time     time.Time    `json:"time"`
	}{plain(signed.Header), commit{h.Height()}, noRoots(), strconv.FormatInt(h.Height(), 10), signed.LastBlockID.Hash, signed.ChainID, h.Time()}, nil
}

// celestiaHeader is the form that [celestia-node] gives, which is CometBFT's: heights are strings. Its validator set and
// the roots of its square are left out, so that clients that verify it fail.
//
// [celestia-node]: https://github.com/celestiaorg/celestia-node/blob/v0.28.4/header/header.go
func celestiaHeader(h *chain.Header) (any, error) {
	encoded, err := cmtjson.Marshal(struct {
		Header *types.Header `json:"header"`
		Commit *types.Commit `json:"commit"`
		Roots  roots         `json:"dah"`
	}{h.Signed().Header, h.Signed().Commit, noRoots()})
	return json.RawMessage(encoded), err
}

// headerAt answers with the header of a height.
func (n *node) headerAt(ctx context.Context, height uint64) (any, error) {
	header, err := n.core.Header(ctx, height)
	if err != nil {
		return nil, unread(err)
	}
	return n.header(header)
}

func (n *node) getByHeight(ctx context.Context, params []json.RawMessage) (any, error) {
	var height uint64
	if err := jsonrpc.Read(params, &height); err != nil {
		return nil, err
	}
	if err := positive(height); err != nil {
		return nil, err
	}
	return n.headerAt(ctx, height)
}

func (n *node) waitForHeight(ctx context.Context, params []json.RawMessage) (any, error) {
	var height uint64
	if err := jsonrpc.Read(params, &height); err != nil {
		return nil, err
	}
	if err := positive(height); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, waitLimit)
	defer cancel()
	if err := n.core.Await(waiting, height); err != nil {
		return nil, fmt.Errorf("%w: %d: not within %s", ErrFuture, height, waitLimit)
	}
	if err := jsonrpc.Hold(ctx, headerAnswer); err != nil {
		return nil, err
	}
	return n.headerAt(ctx, height)
}

// head answers with the newest header that the gateway followed: blobs can be read up to there.
func (n *node) head(ctx context.Context, _ []json.RawMessage) (any, error) {
	height, err := n.core.Newest()
	if err != nil {
		return nil, err
	}
	return n.headerAt(ctx, height)
}
