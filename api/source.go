package api

import (
	"context"

	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure"
)

// Squares are the squares a full node holds; *store.Store implements it. Calls are
// concurrent. Reads fail with da.ErrNotFound, da.ErrPruned or da.ErrFutureHeight.
type Squares interface {
	// Head and Tail are the newest and oldest height held, 0 where there is none.
	Head() uint64
	Tail() uint64
	// DiskFull tells whether nothing is stored for want of space.
	DiskFull() bool
	// Wait returns once every height from Tail to height is held, or with ctx's error.
	Wait(ctx context.Context, height uint64) error
	Header(ctx context.Context, height uint64) (*da.Header, error)
	Index(ctx context.Context, height uint64) (*da.Index, error)
	// Cell returns a cell of the extended matrix with its proof.
	Cell(ctx context.Context, height uint64, at erasure.Coord) (*da.Sample, error)
	// Blob returns a blob's bytes, given its entry in the height's index.
	Blob(ctx context.Context, height uint64, entry *da.Entry) ([]byte, error)
	// Heights returns the heights below before, 0 for any, that include a blob, newest first,
	// at most limit.
	Heights(ctx context.Context, id da.BlobID, before uint64, limit int) ([]uint64, error)
	// ByKeccak256 and ByVersionedHash return the ids of blobs that have the hash, newest
	// first, each once, at most limit.
	ByKeccak256(ctx context.Context, hash [32]byte, limit int) ([]da.BlobID, error)
	ByVersionedHash(ctx context.Context, hash [32]byte, limit int) ([]da.BlobID, error)
}

// Chain is what a full node knows of its chain. Calls are concurrent. Reads by height
// fail like those of Squares.
type Chain interface {
	// Header returns a block's header, its commit and the path to transaction 0. The caller never passes height 0.
	Header(ctx context.Context, height uint64) (*chain.Header, error)
	// Validators returns those who may sign a height. The caller never passes height 0.
	Validators(ctx context.Context, height uint64) (*types.ValidatorSet, error)
	// BlockFees returns what a block charged, or nil where the node no longer knows.
	BlockFees(ctx context.Context, height uint64) (*BlockFees, error)
	// Fees returns what the next block charges.
	Fees(ctx context.Context) (*Fees, error)
	// FeeHistory returns the newest blocks below a height, 0 for any, at most that many. It
	// fails with da.ErrPruned where the node remembers none so old.
	FeeHistory(ctx context.Context, before uint64, blocks int) (*FeeHistory, error)
	// FeeEstimate returns what to offer. The ask is valid.
	FeeEstimate(ctx context.Context, ask FeeAsk) (*FeeEstimate, error)
	// Account returns an account's state. It fails with da.ErrNotFound for an address nothing was ever sent to.
	Account(ctx context.Context, address [da.AddressSize]byte) (*Account, error)
	// Status describes the node.
	Status(ctx context.Context) (*Status, error)
}

// Submitter takes transactions. Calls are concurrent.
type Submitter interface {
	// SubmitTx hands an encoded envelope or another transaction to the mempool and returns
	// once it was accepted. One that the mempool holds, or an earlier block, as far as the node
	// can tell, is no error. It fails with the sentinels of this package, of da and of kzg that
	// name what is wrong.
	SubmitTx(ctx context.Context, tx []byte) (Submitted, error)
	// PostBlob has the node sign and submit a blob and pay for it. It fails with
	// ErrUnauthorized where the node has no key for that, and like SubmitTx.
	PostBlob(ctx context.Context, blob da.Blob) (*Posted, error)
	// WaitIncluded returns the height of the block that includes a transaction, once that is final
	// and durable in this node's store. It fails with ctx's error, and with ErrEvicted or
	// ErrReplaced once the mempool has given the transaction up.
	WaitIncluded(ctx context.Context, tx [da.HashSize]byte) (uint64, error)
	// TxStatus returns what the node knows of a transaction.
	TxStatus(ctx context.Context, tx [da.HashSize]byte) (*TxStatus, error)
}

// Submitted is a transaction that the mempool accepted, or that was posted before.
type Submitted struct {
	// Tx is the transaction's id, SHA-256 of the signed bytes.
	Tx [da.HashSize]byte
	// Height is the block's that included it before it was submitted again, otherwise 0.
	Height uint64
}

// Posted is a blob that the mempool accepted.
type Posted struct {
	// Tx is the transaction's id.
	Tx [da.HashSize]byte
	// Info describes the blob as its message does.
	Info da.BlobInfo
}

// Lights is what a light node knows. Its answers are shown as encoding/json does. Calls
// are concurrent.
type Lights interface {
	Status(ctx context.Context) (any, error)
	// Availability returns the verdict about a height. It fails with da.ErrPruned below the
	// sampling window, da.ErrFutureHeight above the head and da.ErrNotFound otherwise.
	Availability(ctx context.Context, height uint64) (any, error)
	// Set changes settings and returns what they amount to. It fails with ErrBadRequest.
	Set(ctx context.Context, settings LightSettings) (any, error)
	// Name has a height sampled at full strength. It fails with da.ErrPruned where its header
	// is out of reach, and with ErrRateLimited where too many wait.
	Name(ctx context.Context, height uint64) (any, error)
	// Events returns a channel of what happens from now on, preceded by what happened after
	// the event with that id as far as the node remembers; 0 is none. The node closes it when ctx ends,
	// and may when the reader is too slow.
	Events(ctx context.Context, after uint64) <-chan Event
}

// Followed is what a light node gives of the namespace it follows. Calls are concurrent. Reads by
// height fail with da.ErrPruned, and with da.ErrFutureHeight until the node has a verdict about it.
type Followed interface {
	// Header returns a header that the node verified, with its DA header.
	Header(ctx context.Context, height uint64) (*chain.Header, error)
	// Namespace returns all of the namespace in a block. It fails with da.ErrInvalidProof where the
	// chain contradicts itself: waiting does not help then.
	Namespace(ctx context.Context, namespace da.Namespace, height uint64) (*NamespaceBlobs, error)
	// Blob returns the bytes of a blob of the namespace in a block. It fails like Namespace, and with
	// da.ErrNotFound.
	Blob(ctx context.Context, height uint64, id da.BlobID) ([]byte, error)
	// Newest returns the newest height that the node verified, 0 if there is none.
	Newest() uint64
}

// Event is something that happened.
type Event struct {
	// ID grows with each event; a stream is resumed after it. 0: the event has none.
	ID uint64
	// Kind is the event's name, Data what is shown of it.
	Kind string
	Data any
}
