package gateway

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/ashlar-da/ashlar/da"
)

// maxPosters bounds Config.Posters.
const maxPosters = 1024

// Poster is an account that posts blobs.
type Poster [da.AddressSize]byte

// ParsePosters reads addresses with commas between them. Empty: none.
func ParsePosters(text string) ([]Poster, error) {
	var posters []Poster
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		address, err := da.ParseAddress(word)
		if err != nil {
			return nil, fmt.Errorf("poster %.80q: %w", word, err)
		}
		posters = append(posters, address)
	}
	if len(posters) > maxPosters {
		return nil, fmt.Errorf("%d posters, at most %d", len(posters), maxPosters)
	}
	slices.SortFunc(posters, func(a, b Poster) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(posters), nil
}

// containsAll tells whether all of some, of which there must be one, are among others.
func containsAll(posters, some []Poster) bool {
	return len(some) > 0 && !slices.ContainsFunc(some, func(p Poster) bool { return !slices.Contains(posters, p) })
}

// counting returns the entries that count.
func (c *Core) counting(entries []da.Entry) []da.Entry {
	if len(c.config.Posters) == 0 {
		return entries
	}
	return slices.DeleteFunc(entries, func(e da.Entry) bool { return !slices.Contains(c.config.Posters, Poster(e.Signer)) })
}

// digest names a set of posters, in whatever order; zero: no set.
func digest(posters []Poster) [da.HashSize]byte {
	if len(posters) == 0 {
		return [da.HashSize]byte{}
	}
	sorted := slices.Clone(posters)
	slices.SortFunc(sorted, func(a, b Poster) int { return bytes.Compare(a[:], b[:]) })
	hash := sha256.New()
	for i := range sorted {
		hash.Write(sorted[i][:])
	}
	return [da.HashSize]byte(hash.Sum(nil))
}
