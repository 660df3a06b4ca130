package rollkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/batch"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

const (
	// maxBody has room for more than is taken at once, in base64: what is too large hears so.
	maxBody = 8 << 20
	// copies is how often a blob's bytes are in memory while they become JSON, or come from it.
	copies = 4
	// maxIDs bounds the blobs that a call submits, and the ids it asks about.
	maxIDs = 1000
	// idCost is what an id takes while it becomes JSON.
	idCost = 256
	// smallAnswer is what is set aside for ids and proofs.
	smallAnswer = 64 << 10
)

// server answers the methods.
type server struct {
	core   *gateway.Core
	gate   *gateway.Gate
	reader *batch.Reader
}

// New returns the protocol's handler.
func New(core *gateway.Core, gate *gateway.Gate) http.Handler {
	s := &server{core, gate, batch.NewReader(core, batch.KindRollkit, nameItem, jsonrpc.Hold)}
	return jsonrpc.New(jsonrpc.Config{
		Methods: map[string]jsonrpc.Method{
			"da.MaxBlobSize":       {Call: s.maxBlobSize},
			"da.Get":               {Call: s.get},
			"da.GetIDs":            {Call: s.getIDs, Answer: smallAnswer},
			"da.GetProofs":         {Call: s.getProofs, Answer: smallAnswer},
			"da.Commit":            {Call: s.commit},
			"da.Validate":          {Call: s.validate, Answer: smallAnswer},
			"da.Submit":            {Call: s.submit, Writes: true},
			"da.SubmitWithOptions": {Call: s.submit, Writes: true},
		},
		Streams: map[string]jsonrpc.Stream{}, // none, but methods go over WebSocket too
		Gate:    gate, Guard: core.Guard(), Health: core.Health, MaxBody: maxBody, Code: code,
	})
}

// maxBlobSize answers with the most that a single blob may have in any namespace.
func (s *server) maxBlobSize(context.Context, []json.RawMessage) (any, error) {
	return batch.Room(da.HashSize, batch.MaxLabel), nil
}

// octets reads a list of maxIDs elements at most, bytes in base64.
func octets(ctx context.Context, encoded json.RawMessage) ([][]byte, error) {
	if err := jsonrpc.Hold(ctx, copies*int64(len(encoded))); err != nil {
		return nil, err
	}
	return jsonrpc.Elements[[]byte](encoded, maxIDs)
}

// checkNamespace fails with jsonrpc.ErrInvalidParams for what does not fit a label.
func checkNamespace(namespace []byte) error {
	if len(namespace) > batch.MaxLabel {
		return fmt.Errorf("%w: a namespace of %d bytes, at most %d are taken", jsonrpc.ErrInvalidParams, len(namespace), batch.MaxLabel)
	}
	return nil
}

// submit posts blobs at one height and answers with their ids. The gas price is not looked at: the gateway pays as it was
// told. The same blobs with other options are posted anew.
func (s *server) submit(ctx context.Context, params []json.RawMessage) (any, error) {
	var encoded json.RawMessage
	var gasPrice float64
	var namespace, options []byte
	into := []any{&encoded, &gasPrice, &namespace, &options}
	if err := jsonrpc.Read(params, into[:min(max(len(params), 3), 4)]...); err != nil {
		return nil, err
	}
	blobs, err := octets(ctx, encoded)
	switch {
	case errors.Is(err, jsonrpc.ErrTooMany): // by which clients submit fewer
		err = fmt.Errorf("%w: more than %d blobs at once", ErrTooLarge, maxIDs)
	case err == nil:
		err = checkNamespace(namespace)
	}
	if err != nil {
		return nil, err
	}
	ids := [][]byte{}
	if len(blobs) == 0 {
		return ids, nil
	}
	posted := batch.Batch{Kind: batch.KindRollkit}
	if len(options) > 0 {
		note := da.Keccak256(options)
		posted.Note = note[:]
	}
	for _, data := range blobs {
		posted.Items = append(posted.Items, batch.Item{Label: namespace, Data: data})
	}
	ref, err := s.put(ctx, &posted)
	if err != nil {
		return nil, unsubmitted(err)
	}
	for _, data := range blobs {
		ids = append(ids, encodeID(ref.Height, commit(namespace, data)))
	}
	return ids, nil
}

func (s *server) put(ctx context.Context, posted *batch.Batch) (gateway.Ref, error) {
	encoded, err := posted.Encode()
	if err != nil {
		return gateway.Ref{}, err
	}
	return s.core.PutBatch(ctx, s.gate, encoded)
}

// commit answers with what names blobs at whatever height they will be.
func (s *server) commit(ctx context.Context, params []json.RawMessage) (any, error) {
	var encoded json.RawMessage
	var namespace []byte
	if err := jsonrpc.Read(params, &encoded, &namespace); err != nil {
		return nil, err
	}
	blobs, err := octets(ctx, encoded)
	if err == nil {
		err = checkNamespace(namespace)
	}
	if err != nil {
		return nil, err
	}
	commitments := make([][]byte, len(blobs))
	for i := range blobs {
		commitments[i] = commit(namespace, blobs[i])
	}
	return commitments, nil
}

// getIDs answers with the ids of a namespace's blobs at a height, of all namespaces where none is given.
func (s *server) getIDs(ctx context.Context, params []json.RawMessage) (any, error) {
	var height uint64
	var namespace []byte
	if err := jsonrpc.Read(params, &height, &namespace); err != nil {
		return nil, err
	}
	at, err := s.reader.At(ctx, height)
	if err != nil {
		return nil, unread(err)
	}
	if err := jsonrpc.Hold(ctx, idCost*int64(len(at.Items))); err != nil {
		return nil, err
	}
	answer := struct {
		IDs       [][]byte
		Timestamp time.Time
	}{[][]byte{}, at.Time}
	for i := range at.Items {
		if isOf(&at.Items[i], namespace) {
			answer.IDs = append(answer.IDs, encodeID(height, []byte(at.Items[i].Name)))
		}
	}
	return answer, nil
}

// isOf tells whether what was found is of a namespace; everything is of none.
func isOf(found *batch.Found, namespace []byte) bool {
	return len(namespace) == 0 || bytes.Equal(found.Label, namespace)
}

// search looks for the blobs of a call's ids, and reads each height once as long as they are of one after the other.
type search struct {
	reader    *batch.Reader
	namespace []byte
	height    uint64
	named     map[string][]batch.Found // of that height, by commitment
}

// find returns the blobs of an id: more than one where the same was submitted more than once. It fails with ErrNotFound
// where it is proven that there is none.
func (s *search) find(ctx context.Context, id []byte) ([]batch.Found, error) {
	height, commitment, err := decodeID(id)
	if err != nil {
		return nil, err
	}
	if err := s.read(ctx, height); err != nil {
		return nil, unread(err)
	}
	if found := s.named[string(commitment)]; len(found) > 0 {
		return found, nil
	}
	return nil, fmt.Errorf("%w: none with commitment %x at height %d", ErrNotFound, commitment, height)
}

// read has a height named.
func (s *search) read(ctx context.Context, height uint64) error {
	if s.named != nil && s.height == height {
		return nil
	}
	at, err := s.reader.At(ctx, height)
	if err != nil {
		return err
	}
	if err := jsonrpc.Hold(ctx, idCost*int64(len(at.Items))); err != nil {
		return err
	}
	s.height, s.named = height, make(map[string][]batch.Found)
	for i := range at.Items {
		if found := &at.Items[i]; isOf(found, s.namespace) {
			s.named[found.Name] = append(s.named[found.Name], *found)
		}
	}
	return nil
}

// each calls do with what is found for every id of the first parameter; the second is the namespace.
func (s *server) each(ctx context.Context, params []json.RawMessage, do func(found *batch.Found) ([]byte, error)) (any, error) {
	var encoded json.RawMessage
	var namespace []byte
	if err := jsonrpc.Read(params, &encoded, &namespace); err != nil {
		return nil, err
	}
	ids, err := octets(ctx, encoded)
	if err != nil {
		return nil, err
	}
	out, of := make([][]byte, len(ids)), &search{reader: s.reader, namespace: namespace}
	for i := range ids {
		found, err := of.find(ctx, ids[i])
		if err != nil {
			return nil, err
		}
		if out[i], err = do(&found[0]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *server) get(ctx context.Context, params []json.RawMessage) (any, error) {
	return s.each(ctx, params, func(found *batch.Found) ([]byte, error) {
		return found.Data, jsonrpc.Hold(ctx, copies*int64(len(found.Data)))
	})
}

func (s *server) getProofs(ctx context.Context, params []json.RawMessage) (any, error) {
	return s.each(ctx, params, func(found *batch.Found) ([]byte, error) {
		inclusion, err := s.core.Prove(ctx, found.Ref)
		if err != nil {
			return nil, unread(err)
		}
		return encodeProof(found.Ref.ID, inclusion.BlobTreeProof), nil
	})
}

// validate tells of every id whether the chain has its blob and the proof is of that.
func (s *server) validate(ctx context.Context, params []json.RawMessage) (any, error) {
	var encodedIDs, encodedProofs json.RawMessage
	var namespace []byte
	if err := jsonrpc.Read(params, &encodedIDs, &encodedProofs, &namespace); err != nil {
		return nil, err
	}
	ids, err := octets(ctx, encodedIDs)
	if err != nil {
		return nil, err
	}
	proofs, err := octets(ctx, encodedProofs)
	if err != nil {
		return nil, err
	}
	if len(proofs) != len(ids) {
		return nil, fmt.Errorf("%w: %d proofs of %d ids", jsonrpc.ErrInvalidParams, len(proofs), len(ids))
	}
	valid, of := make([]bool, len(ids)), &search{reader: s.reader, namespace: namespace}
	for i := range ids {
		if valid[i], err = s.valid(ctx, of, ids[i], proofs[i]); err != nil {
			return nil, err
		}
	}
	return valid, nil
}

func (s *server) valid(ctx context.Context, of *search, id, proof []byte) (bool, error) {
	found, err := of.find(ctx, id)
	if code(err) == ErrNotFound.Code {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	header, err := s.core.Header(ctx, found[0].Ref.Height)
	if err != nil {
		return false, unread(err)
	}
	for i := range found {
		if proves(proof, header.DA().BlobTreeRoot, found[i].Ref.ID) {
			return true, nil
		}
	}
	return false, nil
}
