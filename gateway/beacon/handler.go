// Package beacon answers what readers of Ethereum's blobs ask a beacon node: rows are EIP-4844 blobs, and are found
// by the same versioned hashes.
//
// It implements [getBlobs] and [getBlobSidecars] of the beacon API, as far as they are about blobs. Where versioned hashes are
// asked for, the block's id is not looked at: whoever reads Ethereum's blobs asks for a slot, and Ashlar has none. Without
// them it is a height, head or finalized, and the answer all rows of the namespace in its block. Sidecars have no
// signed_block_header and no kzg_commitment_inclusion_proof: those are Ethereum's, and are not made up.
//
// [getBlobs]: https://github.com/ethereum/beacon-APIs/blob/v4.0.0/apis/beacon/blobs/blobs.yaml
// [getBlobSidecars]: https://github.com/ethereum/beacon-APIs/blob/v4.0.0/apis/beacon/blob_sidecars/blob_sidecars.yaml
package beacon

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/gateway"
)

const (
	// maxRows bounds the rows of an answer.
	maxRows = 64
	// rowMemory is set aside for each: as it is read, as hex, and as the answer is put together.
	rowMemory = 6 * kzg.RowSize
	// retryAfter is what a 503 asks to wait, in seconds.
	retryAfter = "1"
)

// octets is bytes that JSON shows as hex behind 0x.
type octets []byte

// MarshalText implements encoding.TextMarshaler.
func (o octets) MarshalText() ([]byte, error) { return hex.AppendEncode([]byte("0x"), o), nil }

// handler answers requests.
type handler struct {
	core  *gateway.Core
	gate  *gateway.Gate
	setup func() (*kzg.Setup, error)
}

// New returns the API's handler.
func New(core *gateway.Core, gate *gateway.Gate) http.Handler {
	h := &handler{core, gate, sync.OnceValues(kzg.NewSetup)}
	mux := http.NewServeMux()
	for pattern, serve := range map[string]serves{
		"GET /eth/v1/beacon/blobs/{id}":         h.blobs,
		"GET /eth/v1/beacon/blob_sidecars/{id}": h.sidecars,
		"GET /eth/v1/beacon/genesis":            genesis,
		"GET /eth/v1/config/spec":               spec,
		"GET /eth/v1/node/health":               h.health,
		"GET /health":                           h.health,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h.answer(w, r, serve) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { h.answer(w, r, unknown) })
	return mux
}

// serves makes an answer, for whose memory it calls reserve before.
type serves func(r *http.Request, reserve func(rows int) error) (any, error)

func unknown(r *http.Request, _ func(int) error) (any, error) {
	return nil, fmt.Errorf("%w: there is no %s %s here", gateway.ErrBadRequest, r.Method, r.URL.Path)
}

// problem is how the API shows an error.
type problem struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (h *handler) answer(w http.ResponseWriter, r *http.Request, serve serves) {
	release := func() {}
	defer func() { release() }()
	result, err := serve(r, func(rows int) (err error) {
		free, err := h.gate.Reserve(int64(rows) * rowMemory)
		if err == nil {
			release = free
		}
		return err
	})
	status := gateway.Status(err)
	if err != nil {
		result = problem{status, err.Error()}
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		status, encoded = http.StatusInternalServerError, []byte(`{"code":500,"message":"internal error"}`)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encoded) // who asked may be gone
}

func (h *handler) health(*http.Request, func(int) error) (any, error) {
	return struct{}{}, h.core.Health()
}

// wrapped is an answer about a block.
type wrapped struct {
	Optimistic bool `json:"execution_optimistic"`
	Finalized  bool `json:"finalized"`
	Data       any  `json:"data"`
}

func final(data any) wrapped { return wrapped{Finalized: true, Data: data} }

// genesis and spec have readers that turn a time into a slot come to the time itself.
func genesis(*http.Request, func(int) error) (any, error) {
	return map[string]any{"data": map[string]string{
		"genesis_time": "0", "genesis_validators_root": "0x" + strings.Repeat("00", 32), "genesis_fork_version": "0x00000000",
	}}, nil
}

func spec(*http.Request, func(int) error) (any, error) {
	return map[string]any{"data": map[string]string{"SECONDS_PER_SLOT": "1", "FIELD_ELEMENTS_PER_BLOB": strconv.Itoa(kzg.RowScalars)}}, nil
}

// blobs answers getBlobs.
func (h *handler) blobs(r *http.Request, reserve func(int) error) (any, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: query: %w", gateway.ErrBadRequest, err)
	}
	hashes, err := parseHashes(query["versioned_hashes"])
	if err == nil && len(hashes) > 0 {
		err = checkID(r.PathValue("id"))
	}
	if err != nil {
		return nil, err
	}
	if err := reserve(cmp.Or(len(hashes), maxRows)); err != nil {
		return nil, err
	}
	var rows []row
	if len(hashes) > 0 {
		rows, err = h.byHash(r.Context(), hashes)
	} else {
		rows, err = h.atHeight(r, nil)
	}
	if err != nil {
		return nil, err
	}
	data := make([]octets, len(rows))
	for i := range rows {
		data[i] = rows[i].row[:]
	}
	return final(data), nil
}

// row is a row and its commitment, which was found to be that.
type row struct {
	index      int
	row        *kzg.Row
	commitment kzg.Commitment
}

// byHash reads the rows with those hashes, in the order asked for; what no block has is left out, unless that is all.
func (h *handler) byHash(ctx context.Context, hashes [][da.HashSize]byte) ([]row, error) {
	blobs := map[gateway.Ref]*client.Blob{}
	var rows []row
	var missing error
	for _, hash := range hashes {
		place, err := h.core.FindRow(ctx, hash)
		if errors.Is(err, da.ErrNotFound) {
			missing = err
			continue
		}
		if err != nil {
			return nil, err
		}
		if blobs[place.Ref] == nil {
			if blobs[place.Ref], err = h.core.Get(ctx, place.Ref); err != nil {
				return nil, err
			}
		}
		found, err := h.rowOf(blobs[place.Ref], place.Row)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{len(rows), found, blobs[place.Ref].Entry.Commitments[place.Row]})
	}
	if len(rows) == 0 {
		return nil, missing
	}
	return rows, nil
}

// rowOf returns a row of a blob, which must be what its commitment is of.
func (h *handler) rowOf(blob *client.Blob, at int) (*kzg.Row, error) {
	rows, err := blob.Rows()
	if err != nil || at >= len(rows) {
		return nil, fmt.Errorf("%w: a blob without row %d (%v)", gateway.ErrUnavailable, at, err) //nolint:errorlint // ours to tell
	}
	setup, err := h.setup()
	if err != nil {
		return nil, err
	}
	commitment, err := setup.Commit(rows[at])
	if err != nil || commitment != blob.Entry.Commitments[at] {
		return nil, fmt.Errorf("%w: row %d of blob %s is not what its commitment says", gateway.ErrUnavailable, at, blob.Entry.ID)
	}
	return rows[at], nil
}

// atHeight reads the rows that the namespace has in a block; wanted, if not empty, are their numbers in it.
func (h *handler) atHeight(r *http.Request, wanted map[int]bool) ([]row, error) {
	height, err := blockID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	entries, err := h.core.Entries(r.Context(), height)
	if err != nil {
		return nil, err
	}
	index, rows := 0, []row{}
	for i := range entries {
		entry := &entries[i]
		var blob *client.Blob
		for at, commitment := range entry.Commitments {
			if index++; len(wanted) > 0 && !wanted[index-1] {
				continue
			}
			if len(rows) == maxRows {
				return nil, fmt.Errorf("%w: the block has more than %d rows: ask for some by versioned_hashes or indices", gateway.ErrBadRequest, maxRows)
			}
			if blob == nil {
				if blob, err = h.core.Read(r.Context(), gateway.Ref{Height: height, ID: entry.ID}); err != nil {
					return nil, err
				}
			}
			found, err := h.rowOf(blob, at)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row{index - 1, found, commitment})
		}
	}
	return rows, nil
}

// sidecar is what is Ashlar's of one.
type sidecar struct {
	Index      string `json:"index"`
	Blob       octets `json:"blob"`
	Commitment octets `json:"kzg_commitment"`
	Proof      octets `json:"kzg_proof"`
}

// sidecars answers getBlobSidecars.
func (h *handler) sidecars(r *http.Request, reserve func(int) error) (any, error) {
	wanted, err := parseIndices(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if err := reserve(maxRows); err != nil {
		return nil, err
	}
	rows, err := h.atHeight(r, wanted)
	if err != nil {
		return nil, err
	}
	setup, err := h.setup()
	if err != nil {
		return nil, err
	}
	list := make([]sidecar, len(rows))
	for i := range rows {
		proof, err := setup.ProveRow(rows[i].row, rows[i].commitment)
		if err != nil {
			return nil, err
		}
		list[i] = sidecar{strconv.Itoa(rows[i].index), rows[i].row[:], rows[i].commitment[:], proof[:]}
	}
	return final(list), nil
}
