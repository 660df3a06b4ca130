package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

func (h *handler) header(w http.ResponseWriter, r *http.Request) error {
	height, err := h.heightOrLatest(r.PathValue("height"))
	if err != nil {
		return err
	}
	header, err := h.config.Full.Chain.Header(r.Context(), height)
	if err != nil {
		return err
	}
	return sendHeader(w, height, header)
}

func (h *handler) validators(w http.ResponseWriter, r *http.Request) error {
	height, err := h.heightOrLatest(r.PathValue("height"))
	if err != nil {
		return err
	}
	set, err := h.config.Full.Chain.Validators(r.Context(), height)
	if err != nil {
		return err
	}
	m, err := set.ToProto()
	if err != nil {
		return fmt.Errorf("encode the validators: %w", err)
	}
	encoded, err := m.Marshal()
	if err != nil {
		return fmt.Errorf("encode the validators: %w", err)
	}
	answer := Validators{Height: height, Hash: set.Hash(), Encoded: encoded, Validators: make([]Validator, set.Size())}
	for i, v := range set.Validators {
		answer.Validators[i] = Validator{Hex(v.Address), v.VotingPower}
	}
	return sendJSON(w, answer)
}

func (h *handler) block(w http.ResponseWriter, r *http.Request) error {
	height, err := h.heightOrLatest(r.PathValue("height"))
	if err != nil {
		return err
	}
	header, err := h.config.Full.Chain.Header(r.Context(), height)
	if err != nil {
		return err
	}
	fees, err := h.config.Full.Chain.BlockFees(r.Context(), height)
	if err != nil {
		return err
	}
	signed := header.Signed()
	return sendJSON(w, Block{
		Height: height, ChainID: signed.ChainID, Time: header.Time().UTC(), Hash: header.Hash(), DataHash: Hex(signed.DataHash),
		DataRoot: dataRoot(header.DA()), DAHeader: showDAHeader(header.DA()), Fees: fees,
	})
}

func (h *handler) cell(w http.ResponseWriter, r *http.Request) error {
	height, err := h.heightOrLatest(r.PathValue("height"))
	if err != nil {
		return err
	}
	row, err := parseCoordinate("row", r.PathValue("row"))
	if err != nil {
		return err
	}
	column, err := parseCoordinate("column", r.PathValue("col"))
	if err != nil {
		return err
	}
	header, err := h.config.Full.Squares.Header(r.Context(), height)
	if err != nil {
		return err
	}
	coord := erasure.Coord{Row: row, Column: column}
	if !coord.In(header.K()) {
		return fmt.Errorf("%w: row %d, column %d of a block with %d extended rows of %d cells", ErrBadRequest, row, column, 2*header.K(), kzg.Columns)
	}
	sample, err := h.config.Full.Squares.Cell(r.Context(), height, coord)
	if err != nil {
		return err
	}
	return sendJSON(w, Cell{height, row, column, sample.Cell[:], sample.Proof[:]})
}

func (h *handler) namespace(w http.ResponseWriter, r *http.Request) error {
	query, err := parseNamespaceQuery(r)
	if err != nil {
		return err
	}
	if query.stream {
		return h.streamNamespace(w, r, query)
	}
	height, err := h.heightOrLatest(query.height)
	if err != nil {
		return err
	}
	blobs, err := h.namespaceAt(r.Context(), height, query.namespace)
	if err != nil {
		return err
	}
	return sendJSON(w, blobs)
}

// namespaceAt shows all of a namespace at a height, with the proof.
func (h *handler) namespaceAt(ctx context.Context, height uint64, ns da.Namespace) (*NamespaceBlobs, error) {
	header, err := h.config.Full.Squares.Header(ctx, height)
	if err != nil {
		return nil, err
	}
	index, err := h.config.Full.Squares.Index(ctx, height)
	if err != nil {
		return nil, err
	}
	entries, proof, err := index.Namespace(ns)
	if err != nil {
		return nil, err
	}
	return ShowNamespace(header, height, ns, entries, proof), nil
}

// ShowNamespace shows the entries of a namespace at a height, which are all, with the proof.
func ShowNamespace(header *da.Header, height uint64, ns da.Namespace, entries []da.Entry, proof *da.NamespaceProof) *NamespaceBlobs {
	blobs := &NamespaceBlobs{
		Height: height, Namespace: ns, DataRoot: dataRoot(header), IndexRoot: Hex(header.IndexRoot[:]),
		Entries: make([]Entry, len(entries)), Proof: showNamespaceProof(proof),
	}
	for i := range entries {
		blobs.Entries[i] = showEntry(&entries[i])
	}
	return blobs
}

// gap is sent for a height of a stream whose index this node does not hold.
type gap struct {
	Height uint64 `json:"height"`
}

// streamNamespace sends a namespace's blobs of every height, as the heights become
// durable. A peer that comes back with the last event's id misses nothing.
func (h *handler) streamNamespace(w http.ResponseWriter, r *http.Request, query namespaceQuery) error {
	height, err := streamStart(r, query.height, h.heightOrLatest)
	if err != nil {
		return err
	}
	if tail := h.config.Full.Squares.Tail(); height < tail {
		return fmt.Errorf("%w: height %d, the oldest kept is %d", da.ErrPruned, height, tail)
	}
	s := newStream(w)
	for ; ; height++ {
		if err := s.wait(r.Context(), func(ctx context.Context) error { return h.config.Full.Squares.Wait(ctx, height) }); err != nil {
			return nil // the peer has gone, or the server stops
		}
		blobs, err := h.namespaceAt(r.Context(), height, query.namespace)
		switch {
		case err == nil:
			err = s.send(height, "blobs", blobs)
		case errors.Is(err, da.ErrNotFound):
			err = s.send(height, "gap", gap{height})
		default:
			problem, _ := problemOf(err, requestID(r))
			err = errors.Join(s.send(0, "error", problem), err)
		}
		if err != nil {
			h.config.Log.Debug("stream ended", "request_id", requestID(r), "height", height, "error", err)
			return nil
		}
	}
}
