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
	if s != latest && s != "" {
		return parseHeight(s)
	}
	if head := h.config.Full.Squares.Head(); head > 0 {
		return head, nil
	}
	return 0, fmt.Errorf("%w: no block is stored yet", da.ErrFutureHeight)
}
