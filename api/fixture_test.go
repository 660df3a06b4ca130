package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// must unwraps in fixtures, where an error is a mistake of the test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func testNamespace(id byte) da.Namespace { return must(da.NewNamespace([]byte{id, 1})) }

// testEntry describes a blob; its commitment is none of a row, which nothing here looks at.
func testEntry(ns byte, data string, cell uint32) da.Entry {
	e := da.Entry{
		Type: da.EntryTypeBlob, Namespace: testNamespace(ns), Signer: [da.AddressSize]byte{9},
		Commitments: []kzg.Commitment{{0xc0, ns}}, Keccak256: da.Keccak256([]byte(data)),
		FirstCell: cell, Cells: 1, Size: uint64(len(data)), Transaction: cell - 64,
	}
	e.ID = da.ComputeBlobID(e.Namespace, e.Encoding, e.Keccak256, e.Commitments, e.Size)
	return e
}

// testIndex is a fresh index of three blobs in two namespaces.
func testIndex() *da.Index {
	return must(da.NewIndex([]da.Entry{testEntry(1, "one", 64), testEntry(1, "two", 65), testEntry(3, "three", 66)}))
}

func testHeader() *da.Header {
	index := testIndex()
	return &da.Header{
		Version: da.HeaderVersion, TxRows: 1, SharedRows: 1, Commitments: []kzg.Commitment{{0xc0, 1}, {0xc0, 2}},
		IndexRoot: index.Root(), BlobTreeRoot: da.BlobTreeRoot(index.IDs()),
	}
}

// fakeSquares holds testHeader's square at heights 3 to head, but for the index at 4.
type fakeSquares struct {
	mu      sync.Mutex
	full    bool          // the disk; fixed
	head    uint64        // guarded by mu
	changed chan struct{} // closed when head grows; guarded by mu
}

func newSquares() *fakeSquares { return &fakeSquares{head: 5, changed: make(chan struct{})} }

func (f *fakeSquares) grow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.head++
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeSquares) Head() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head
}

func (f *fakeSquares) Tail() uint64 { return 3 }

func (f *fakeSquares) DiskFull() bool { return f.full }

func (f *fakeSquares) Wait(ctx context.Context, height uint64) error {
	for {
		f.mu.Lock()
		head, changed := f.head, f.changed
		f.mu.Unlock()
		if head >= height {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *fakeSquares) check(ctx context.Context, height uint64) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case height < f.Tail():
		return fmt.Errorf("%w: height %d, the oldest kept is %d", da.ErrPruned, height, f.Tail())
	case height > f.Head():
		return fmt.Errorf("%w: height %d, the newest stored is %d", da.ErrFutureHeight, height, f.Head())
	}
	return nil
}

func (f *fakeSquares) Header(ctx context.Context, height uint64) (*da.Header, error) {
	return testHeader(), f.check(ctx, height)
}

func (f *fakeSquares) Index(ctx context.Context, height uint64) (*da.Index, error) {
	if height == 4 {
		return nil, fmt.Errorf("%w: the index of height 4 is not stored", da.ErrNotFound)
	}
	return testIndex(), f.check(ctx, height)
}

func (f *fakeSquares) Cell(ctx context.Context, height uint64, at erasure.Coord) (*da.Sample, error) {
	if err := f.check(ctx, height); err != nil {
		return nil, err
	}
	switch {
	case at.Row == 3:
		return nil, errors.New("the disk is on fire")
	case at.Row == 2:
		panic("a cell that no code was written for")
	case at.Row > 3 || at.Column >= kzg.Columns:
		return nil, fmt.Errorf("%w: cell (%d, %d)", da.ErrNotFound, at.Row, at.Column)
	}
	return &da.Sample{Coord: at, Cell: &kzg.Cell{1, 2, byte(at.Column)}, Proof: kzg.Proof{0xc0, byte(at.Row)}}, nil
}

func (f *fakeSquares) Blob(ctx context.Context, height uint64, e *da.Entry) ([]byte, error) {
	for _, data := range []string{"one", "two", "three"} {
		if da.Keccak256([]byte(data)) == e.Keccak256 {
			return []byte(data), f.check(ctx, height)
		}
	}
	return nil, da.ErrNotFound
}

func (f *fakeSquares) Heights(_ context.Context, id da.BlobID, before uint64, limit int) (heights []uint64, _ error) {
	for height := f.Head(); height >= 2 && slices.Contains(testIndex().IDs(), id); height-- {
		if (before == 0 || height < before) && len(heights) < limit {
			heights = append(heights, height)
		}
	}
	return heights, nil
}

func (f *fakeSquares) ByKeccak256(_ context.Context, hash [32]byte, _ int) ([]da.BlobID, error) {
	return idsWhere(func(e *da.Entry) bool { return e.Keccak256 == hash }), nil
}

func (f *fakeSquares) ByVersionedHash(_ context.Context, hash [32]byte, _ int) ([]da.BlobID, error) {
	return idsWhere(func(e *da.Entry) bool { return da.VersionedHash(e.Commitments[0]) == hash }), nil
}

func idsWhere(holds func(*da.Entry) bool) []da.BlobID {
	var ids []da.BlobID
	for _, e := range testIndex().Entries {
		if holds(&e) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

type fakeChain struct{ squares *fakeSquares }

func (f fakeChain) Header(ctx context.Context, height uint64) (*chain.Header, error) {
	if err := f.squares.check(ctx, height); err != nil {
		return nil, err
	}
	txs := [][]byte{append([]byte{0}, testHeader().Encode()...), {0}, {1}}
	hash := da.DataHash(txs)
	signed := &types.SignedHeader{
		Header: &types.Header{
			ChainID: "test-1", Height: int64(height), Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
			DataHash: hash[:], ValidatorsHash: make([]byte, 32), ProposerAddress: make([]byte, 20),
		},
		Commit: &types.Commit{Height: int64(height), Signatures: []types.CommitSig{}},
	}
	return chain.Bind(signed, *must(da.ProveHeader(txs)))
}

func (f fakeChain) Validators(ctx context.Context, height uint64) (*types.ValidatorSet, error) {
	if err := f.squares.check(ctx, height); err != nil {
		return nil, err
	}
	return types.NewValidatorSet([]*types.Validator{types.NewValidator(ed25519.GenPrivKeyFromSecret([]byte("a validator")).PubKey(), 7)}), nil
}

func (fakeChain) BlockFees(_ context.Context, height uint64) (*BlockFees, error) {
	if height == 3 {
		return nil, nil
	}
	return &BlockFees{"1000000000", 262144}, nil
}

func (fakeChain) Fees(context.Context) (*Fees, error) { return &Fees{6, "1000000001", "0"}, nil }

func (fakeChain) FeeHistory(_ context.Context, before uint64, blocks int) (*FeeHistory, error) {
	if before > 0 && before <= 3 {
		return nil, fmt.Errorf("%w: fees below height %d, the oldest remembered are those of 3", da.ErrPruned, before)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	history := &FeeHistory{Blocks: []FeeBlock{
		{4, at, 6.5, "1000000000", 0, 4456448, 0, 34, 0, nil},
		{5, at.Add(6 * time.Second), 6, "1000000000", 262144, 4456448, 2, 34, 3, &Tips{"0", "5", "7"}},
	}, More: true}
	history.Blocks = history.Blocks[max(0, 2-blocks):]
	return history, nil
}

func (fakeChain) FeeEstimate(_ context.Context, ask FeeAsk) (*FeeEstimate, error) {
	return &FeeEstimate{
		First: 7, Last: 6 + uint64(ask.Blocks), Probability: ask.Probability, Expected: 0.93, Stretches: 700,
		Bytes: ask.Bytes, Cells: ask.Encoding.Cells(int(ask.Bytes)), BlobGas: 3000, Gas: 200000,
		BaseFee: "1000000001", FeeCap: "1100000000", TipCap: "7", GasPrice: "0", Cost: "3000000024000", MaxCost: "3300000000000",
		Calibration: FeeCalibration{0.9, 0.93, 0.91, 4000},
	}, nil
}

func (fakeChain) Account(_ context.Context, address [da.AddressSize]byte) (*Account, error) {
	if address[0] != 9 {
		return nil, fmt.Errorf("%w: account %s", da.ErrNotFound, da.FormatAddress(address))
	}
	return &Account{da.FormatAddress(address), "123456789012345678901234567890", 7, 9, 4}, nil
}

func (fakeChain) Status(context.Context) (*Status, error) {
	return &Status{ChainID: "test-1", Version: "v0", ChainHeight: 6, Listen: []string{}, Retain: "432h0m0s", Limits: Limits{34, 2, 4}}, nil
}

// fakeSubmitter answers with its error, if it has one.
type fakeSubmitter struct{ err error }

func (f *fakeSubmitter) SubmitTx(_ context.Context, tx []byte) (Submitted, error) {
	submitted := Submitted{Tx: sha256.Sum256(tx)}
	if string(tx) == "\x0aknown" {
		submitted.Height = 4
	}
	return submitted, f.err
}

func (f *fakeSubmitter) PostBlob(_ context.Context, blob da.Blob) (*Posted, error) {
	info := da.BlobInfo{
		Namespace: blob.Namespace, Size: uint64(len(blob.Data)), Encoding: blob.Encoding,
		Commitments: []kzg.Commitment{{0xc0}}, Keccak256: da.Keccak256(blob.Data),
	}
	return &Posted{sha256.Sum256(blob.Data), info}, f.err
}

func (f *fakeSubmitter) WaitIncluded(ctx context.Context, tx [32]byte) (uint64, error) {
	switch tx {
	case sha256.Sum256([]byte("never")):
		<-ctx.Done()
		return 0, ctx.Err()
	case sha256.Sum256([]byte(lostTx)):
		return 0, fmt.Errorf("%w: others tip more", ErrEvicted)
	}
	return 5, nil
}

// waitingTx, doneTx and replacedTx are ids of transactions in the state they are named for;
// lostTx is a blob whose transaction was accepted and evicted.
const (
	waitingTx  = "1111111111111111111111111111111111111111111111111111111111111111"
	doneTx     = "2222222222222222222222222222222222222222222222222222222222222222"
	replacedTx = "3333333333333333333333333333333333333333333333333333333333333333"
	lostTx     = "lost"
)

func (f *fakeSubmitter) TxStatus(_ context.Context, tx [32]byte) (*TxStatus, error) {
	switch hex.EncodeToString(tx[:]) {
	case waitingTx:
		return &TxStatus{Status: StatusWaiting, Height: 4, Waiting: &TxWaiting{Tip: "0", UnderBaseFee: true, BaseFee: "1100000000", MaxBaseFee: "1050000000", Before: 1}}, nil
	case doneTx:
		return &TxStatus{Status: StatusIncluded, Height: 5, Included: &TxIncluded{Index: 3, Code: 11, Codespace: "sdk"}}, nil
	case replacedTx:
		return &TxStatus{Status: StatusReplaced, Height: 5, Reason: "a higher bid", By: Hex{0xab}}, nil
	}
	return &TxStatus{Status: StatusUnknown}, nil
}

type lightStatus struct {
	Head uint64 `json:"head"`
}

type verdict struct {
	Height  uint64 `json:"height"`
	Verdict string `json:"verdict"`
}

// fakeLight has events 1 to 3 and closes the channel after them.
type fakeLight struct{}

func (fakeLight) Status(context.Context) (any, error) { return lightStatus{5}, nil }

func (fakeLight) Availability(_ context.Context, height uint64) (any, error) {
	switch {
	case height > 5:
		return nil, da.ErrFutureHeight
	case height < 3:
		return nil, da.ErrPruned
	}
	return &verdict{height, "available"}, nil
}

func (fakeLight) Set(_ context.Context, settings LightSettings) (any, error) {
	if settings.Confidence == "2" {
		return nil, ErrBadRequest
	}
	return settings, nil
}

func (fakeLight) Name(_ context.Context, height uint64) (any, error) {
	if height == 9 {
		return nil, da.ErrPruned
	}
	return lightStatus{height}, nil
}

func (fakeLight) Events(_ context.Context, after uint64) <-chan Event {
	events := make(chan Event, 3)
	for id := after + 1; id <= 3; id++ {
		events <- Event{id, "verdict", verdict{id, "available"}}
	}
	close(events)
	return events
}

func fullConfig(squares *fakeSquares, submitter *fakeSubmitter) Config {
	return Config{
		Full: &Full{Squares: squares, Chain: fakeChain{squares}, Submitter: submitter}, Log: slog.New(slog.DiscardHandler),
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") }),
		Origins: []string{"https://ours.example"},
	}
}

func lightConfig() Config {
	return Config{
		Light: &Light{Node: fakeLight{}, Status: lightStatus{}, Availability: verdict{}, Settings: LightSettings{}, Named: lightStatus{}},
		Log:   slog.New(slog.DiscardHandler),
	}
}

func newHandler(tb testing.TB, config Config) http.Handler {
	tb.Helper()
	h, err := NewHandler(config)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// ask sends a request; header are its names and values in turn.
func ask(h http.Handler, method, path string, body []byte, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://node"+path, bytes.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// withoutID replaces a request's id, which is random.
func withoutID(w *httptest.ResponseRecorder) string {
	return strings.ReplaceAll(w.Body.String(), w.Header().Get("X-Request-Id"), "ID")
}
