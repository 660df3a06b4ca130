package beacon

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// blockID reads a height, 0 for the newest.
func blockID(id string) (uint64, error) {
	switch id {
	case "head", "finalized":
		return 0, nil
	}
	height, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: block id %.80q: want a number, head or finalized", gateway.ErrBadRequest, id)
	}
	return height, nil
}

// checkID takes what Ethereum's readers name a block by, of which nothing is looked at.
func checkID(id string) error {
	switch id {
	case "genesis", "justified":
		return nil
	}
	digits, isRoot := strings.CutPrefix(id, "0x")
	if root, err := hex.DecodeString(digits); isRoot && err == nil && len(root) == da.HashSize {
		return nil
	}
	_, err := blockID(id)
	return err
}

// split takes lists apart: a parameter may be given several times, and values may be separated by commas.
func split(values []string) []string {
	var all []string
	for _, value := range values {
		all = append(all, strings.Split(value, ",")...)
	}
	return all
}

func parseHashes(values []string) ([][da.HashSize]byte, error) {
	all := split(values)
	if len(all) > maxRows {
		return nil, fmt.Errorf("%w: %d versioned hashes, at most %d", gateway.ErrBadRequest, len(all), maxRows)
	}
	hashes := make([][da.HashSize]byte, len(all))
	for i, text := range all {
		digits, ok := strings.CutPrefix(text, "0x")
		decoded, err := hex.DecodeString(digits)
		if !ok || err != nil || len(decoded) != da.HashSize {
			return nil, fmt.Errorf("%w: versioned hash %.80q: want 0x and 64 hex digits", gateway.ErrBadRequest, text)
		}
		hashes[i] = [da.HashSize]byte(decoded)
	}
	return hashes, nil
}

// parseIndices reads the numbers of rows that are wanted; none: all are.
func parseIndices(rawQuery string) (map[int]bool, error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: query: %w", gateway.ErrBadRequest, err)
	}
	wanted := map[int]bool{}
	for _, text := range split(query["indices"]) {
		index, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%w: index %.80q: want a number", gateway.ErrBadRequest, text)
		}
		wanted[int(index)] = true
	}
	return wanted, nil
}
