package fullnode

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/math"
	"github.com/cometbft/cometbft/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/app/blob"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

// view answers the API's questions about the chain. What is in state it reads from the
// last committed version, beside the ABCI connections and their one mutex.
type view struct {
	node *Node
}

var _ api.Chain = view{}

// Header implements api.Chain.
func (v view) Header(ctx context.Context, height uint64) (*chain.Header, error) {
	signed, err := v.node.headers.signed(height)
	if err != nil {
		return nil, err
	}
	proof, err := v.node.store.HeaderProof(ctx, height)
	if err != nil {
		return nil, err
	}
	return chain.Bind(signed, *proof)
}

// Validators implements api.Chain.
func (v view) Validators(_ context.Context, height uint64) (*types.ValidatorSet, error) {
	if _, err := v.node.headers.signed(height); err != nil {
		return nil, err
	}
	return v.node.headers.validators(height)
}

// BlockFees implements api.Chain.
func (v view) BlockFees(_ context.Context, height uint64) (*api.BlockFees, error) {
	state, err := v.state()
	if err != nil {
		return nil, err
	}
	roots, err := v.node.app.Keepers.Blob.Roots(state, int64(height))
	if errors.Is(err, blob.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &api.BlockFees{BaseFee: roots.BaseFee.String(), BlobGas: roots.BlobGasUsed}, nil
}

// Fees implements api.Chain.
func (v view) Fees(context.Context) (*api.Fees, error) {
	state, err := v.state()
	if err != nil {
		return nil, err
	}
	prices, err := v.node.prices(state)
	if err != nil {
		return nil, err
	}
	return &api.Fees{Height: uint64(state.BlockHeight()) + 1, BaseFee: prices.BaseFee.String(), GasPrice: prices.Gas.String()}, nil
}

// prices returns the least this node accepts a transaction for: the chain's prices, and
// its own for execution where that is higher.
func (n *Node) prices(state sdk.Context) (blob.Prices, error) {
	prices, err := n.app.Keepers.Blob.Prices(state)
	if err == nil {
		prices.Gas = math.MaxInt(prices.Gas, n.gasPrice.Ceil().TruncateInt())
	}
	return prices, err
}

// Account implements api.Chain.
func (v view) Account(_ context.Context, address [da.AddressSize]byte) (*api.Account, error) {
	state, err := v.state()
	if err != nil {
		return nil, err
	}
	account := v.node.app.Keepers.Account.GetAccount(state, address[:])
	if account == nil {
		return nil, fmt.Errorf("%w: account %s", da.ErrNotFound, sdk.AccAddress(address[:]))
	}
	return &api.Account{
		Address:  account.GetAddress().String(),
		Balance:  v.node.app.Keepers.Bank.GetBalance(state, address[:], app.BaseDenom).Amount.String(),
		Sequence: account.GetSequence(),
		Number:   account.GetAccountNumber(),

		PendingSequence: v.node.app.PendingSequence(address[:], account.GetSequence()),
	}, nil
}

// Status implements api.Chain.
func (v view) Status(context.Context) (*api.Status, error) {
	n := v.node
	status := &api.Status{
		ChainID:     n.ChainID(),
		Version:     n.cfg.Version,
		ChainHeight: uint64(n.abci.committed.Load()),
		Syncing:     n.comet.ConsensusReactor().WaitSync(),
		Peers:       len(n.host.Peers()),
		ChainPeers:  n.comet.Switch().Peers().Size(),
		PeerID:      n.host.ID().String(),
		Listen:      n.host.Addresses(),
		Retain:      n.cfg.Retain.String(),
	}
	if n.poster != nil {
		status.Poster = n.poster.signer.Address()
	}
	return status, v.addLimits(status)
}

// addLimits adds what governance decided, once there is state to read it from.
func (v view) addLimits(status *api.Status) error {
	if status.ChainHeight == 0 {
		return nil
	}
	state, err := v.state()
	if err != nil {
		return err
	}
	limits, err := v.node.app.Keepers.Blob.Limits(state)
	if err != nil {
		return err
	}
	status.Limits = api.Limits{MaxRows: limits.MaxRows, MaxTxRows: limits.MaxTxRows, MaxSharedRows: limits.MaxSharedRows}
	return v.addAttestation(status)
}

// state is the last committed state. Its height is named: asked for the latest, BaseApp
// looks for a header of that height, which it has none of between a restart and the next
// block.
func (v view) state() (sdk.Context, error) {
	height := v.node.abci.committed.Load()
	if height == 0 {
		return sdk.Context{}, fmt.Errorf("%w: no block was executed yet", api.ErrSyncing)
	}
	return v.node.app.CreateQueryContextWithCheckHeader(height, false, false)
}
