package api

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// maxTokenFile bounds a token file in bytes.
const maxTokenFile = 1 << 20

// Token is what a token file says of one token; the file is a JSON list of these. Make one with
//
//	openssl rand -hex 32 | tr -d '\n' | tee token | sha256sum
//
// A token is revoked by removing it: the file is read again when it changes.
type Token struct {
	// Name says whose it is.
	Name string `json:"name"`
	// SHA256 is the hash of the token, 64 hex digits; the token itself is nowhere stored.
	SHA256 Hex `json:"sha256"`
	// Scopes are paths that it opens, such as /v1/blobs; "*" opens all.
	Scopes []string `json:"scopes"`
	// Expires is when it ceases to be valid; zero: never.
	Expires time.Time `json:"expires,omitzero"`
}

// Tokens guard what writes. They are safe for concurrent use.
type Tokens struct {
	path string
	now  func() time.Time

	mu   sync.Mutex
	read time.Time // when the file was changed that list is from; guarded by mu
	size int64     // of that file; guarded by mu
	list []Token   // guarded by mu
}

func openTokens(path string, now func() time.Time) (*Tokens, error) {
	t := &Tokens{path: path, now: now}
	_, err := t.current()
	return t, err
}

// check fails with ErrUnauthorized unless the header Authorization names a token that
// opens the path.
func (t *Tokens) check(authorization, path string) error {
	list, err := t.current()
	if err != nil {
		return err
	}
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok || token == "" {
		return fmt.Errorf("%w: this takes the header Authorization: Bearer TOKEN", ErrUnauthorized)
	}
	found := find(list, token)
	switch {
	case found == nil:
		return fmt.Errorf("%w: the token is not known here, or was revoked", ErrUnauthorized)
	case !found.Expires.IsZero() && !t.now().Before(found.Expires):
		return fmt.Errorf("%w: the token expired at %s", ErrUnauthorized, found.Expires.UTC().Format(time.RFC3339))
	case !found.opens(path):
		return fmt.Errorf("%w: the token's scope does not include %s", ErrUnauthorized, path)
	}
	return nil
}

// find compares with every token, in a time that does not depend on which matches.
func find(list []Token, token string) *Token {
	hash := sha256.Sum256([]byte(token))
	var found *Token
	for i := range list {
		if subtle.ConstantTimeCompare(list[i].SHA256, hash[:]) == 1 {
			found = &list[i]
		}
	}
	return found
}

func (t *Token) opens(path string) bool {
	for _, scope := range t.Scopes {
		if scope == "*" || scope == path {
			return true
		}
	}
	return false
}

// current returns the tokens, read again if the file changed. A file that cannot be read
// opens nothing.
func (t *Tokens) current() ([]Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	info, err := os.Stat(t.path)
	if err != nil {
		return nil, fmt.Errorf("api: token file: %w", err)
	}
	if t.list != nil && info.ModTime().Equal(t.read) && info.Size() == t.size {
		return t.list, nil
	}
	t.list = nil
	if info.Size() > maxTokenFile {
		return nil, fmt.Errorf("api: token file %s has %d bytes, at most %d are read", t.path, info.Size(), maxTokenFile)
	}
	data, err := os.ReadFile(t.path)
	if err != nil {
		return nil, fmt.Errorf("api: token file: %w", err)
	}
	list, err := parseTokens(data)
	if err != nil {
		return nil, fmt.Errorf("api: token file %s: %w", t.path, err)
	}
	t.list, t.read, t.size = list, info.ModTime(), info.Size()
	return list, nil
}

// parseTokens reads a token file; unknown fields are mistakes.
func parseTokens(data []byte) ([]Token, error) {
	list := []Token{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return nil, err
	}
	for i := range list {
		if len(list[i].SHA256) != sha256.Size {
			return nil, fmt.Errorf("token %d (%s): sha256 must have 64 hex digits", i, list[i].Name)
		}
		if len(list[i].Scopes) == 0 {
			return nil, fmt.Errorf("token %d (%s): it has no scopes; list paths, or \"*\"", i, list[i].Name)
		}
	}
	if list == nil {
		return nil, errors.New("want a list of tokens, [] for none")
	}
	return list, nil
}
