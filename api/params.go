package api

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"

	"github.com/ashlar-da/ashlar/da"
)

// latest stands for the newest height.
const latest = "latest"

// parseHeight reads a height from 1 on.
func parseHeight(s string) (uint64, error) {
	height, err := strconv.ParseUint(s, 10, 63)
	if err != nil || height == 0 {
		return 0, fmt.Errorf("%w: height %.40q: want a number from 1 on", ErrBadRequest, s)
	}
	return height, nil
}

// parseCoordinate reads a row or column; whether the matrix has it is for the store to say.
func parseCoordinate(name, s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%w: %s %.40q: want a number from 0 on", ErrBadRequest, name, s)
	}
	return int(n), nil
}

// parseHash reads 64 hex digits.
func parseHash(name, s string) (hash [da.HashSize]byte, err error) {
	if len(s) != hex.EncodedLen(da.HashSize) {
		return hash, fmt.Errorf("%w: %s: %d characters, want 64 hex digits without 0x", ErrBadRequest, name, len(s))
	}
	if _, err := hex.Decode(hash[:], []byte(s)); err != nil {
		return hash, fmt.Errorf("%w: %s: want 64 hex digits without 0x: %w", ErrBadRequest, name, err)
	}
	return hash, nil
}

func parseNamespace(s string) (da.Namespace, error) {
	if s == "" {
		return da.Namespace{}, Advise(fmt.Errorf("%w: namespace is missing", ErrBadRequest), namespaceHint)
	}
	return da.ParseNamespace(s)
}

func parseID(s string) (da.BlobID, error) {
	hash, err := parseHash("blob id", s)
	return da.BlobID(hash), err
}

// parseWait reads what a POST waits for; it refuses what this node cannot wait for.
func (h *handler) parseWait(s string) (string, error) {
	switch s {
	case "", StatusAccepted:
		return StatusAccepted, nil
	case StatusIncluded:
		return StatusIncluded, nil
	case StatusAttested:
		if _, err := h.attestations(); err != nil {
			return "", Advise(fmt.Errorf("wait=attested: %w", err), "wait for included instead: final, and durable in this node's store")
		}
		return StatusAttested, nil
	}
	return "", fmt.Errorf("%w: wait=%.40q: want accepted, included or attested", ErrBadRequest, s)
}

// parseEncoding reads an encoding; none is data.
func parseEncoding(s string) (da.Encoding, error) {
	if s == "" {
		return da.EncodingData, nil
	}
	return da.ParseEncoding(s)
}

// queryHeight reads a height that may be left out: 0 then.
func queryHeight(r *http.Request, name string) (uint64, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return 0, nil
	}
	return parseHeight(s)
}

// heightOrLatest resolves "latest" and nothing to the newest height held.
func (h *handler) heightOrLatest(s string) (uint64, error) {
	return heightOr(s, h.config.Full.Squares.Head(), "no block is stored yet")
}

// heightOr resolves "latest" and nothing to the newest height; where there is none, that 0 says, it tells why.
func heightOr(s string, newest uint64, none string) (uint64, error) {
	if s != latest && s != "" {
		return parseHeight(s)
	}
	if newest > 0 {
		return newest, nil
	}
	return 0, fmt.Errorf("%w: %s", da.ErrFutureHeight, none)
}

// namespaceQuery is what is asked of a namespace: its blobs at a height, or, as a stream, from one on.
type namespaceQuery struct {
	namespace da.Namespace
	height    string
	stream    bool
}

func parseNamespaceQuery(r *http.Request) (q namespaceQuery, err error) {
	if q.namespace, err = parseNamespace(r.PathValue("namespace")); err != nil {
		return q, err
	}
	query := r.URL.Query()
	if q.stream = query.Has("from"); !q.stream {
		q.height = query.Get("height")
		return q, nil
	}
	if query.Has("height") {
		return q, fmt.Errorf("%w: give height for one block or from for a stream, not both", ErrBadRequest)
	}
	q.height = query.Get("from")
	return q, nil
}

// streamStart is the first height of a stream: after the last event seen, or from, as resolve
// reads it. The newest of no heights is the first.
func streamStart(r *http.Request, from string, resolve func(string) (uint64, error)) (uint64, error) {
	height, err := resolve(from)
	if err != nil && from != latest {
		return 0, err
	}
	last, err := lastEventID(r)
	return max(1, height, last+1), err
}
