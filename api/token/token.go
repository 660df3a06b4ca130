// Package token reads token files and tells what a token opens. The HTTP API of nodes and the gateway's
// protocols are guarded by them.
package token

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// maxFile bounds a token file in bytes.
const maxFile = 1 << 20

// ErrUnauthorized means that a request has no token that opens what it asks for.
var ErrUnauthorized = errors.New("unauthorized")

// Token is what a token file says of one token; the file is a JSON list of these. Make one with
//
//	openssl rand -hex 32 | tr -d '\n' | tee token | sha256sum
//
// A token is revoked by removing it: the file is read again when it changes.
type Token struct {
	// Name says whose it is.
	Name string `json:"name"`
	// SHA256 is the hash of the token, 64 hex digits; the token itself is nowhere stored.
	SHA256 hash `json:"sha256"`
	// Scopes are what it opens: paths of the HTTP API, such as /v1/blobs, and what the gateway names
	// such; "*" opens all.
	Scopes []string `json:"scopes"`
	// Expires is when it ceases to be valid; zero: never.
	Expires time.Time `json:"expires,omitzero"`
}

// hash is bytes that JSON shows as hex.
type hash []byte

// MarshalText implements encoding.TextMarshaler.
func (h hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *hash) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

// File is a token file, read again when it changes. It is safe for concurrent use.
type File struct {
	path string
	now  func() time.Time

	mu   sync.Mutex
	read time.Time // when the file was changed that list is from; guarded by mu
	size int64     // of that file; guarded by mu
	list []Token   // guarded by mu
}

// Open reads a token file; now is the clock that tokens expire by. It fails where there is no such
// file, or it is none.
func Open(path string, now func() time.Time) (*File, error) {
	t := &File{path: path, now: now}
	_, err := t.current()
	return t, err
}

// Check fails with ErrUnauthorized unless the header Authorization names a token that
// opens the scope.
func (t *File) Check(authorization, scope string) error {
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
	case !found.opens(scope):
		return fmt.Errorf("%w: the token's scope does not include %s", ErrUnauthorized, scope)
	}
	return nil
}

// find compares with every token, in a time that does not depend on which matches.
func find(list []Token, token string) *Token {
	sum := sha256.Sum256([]byte(token))
	var found *Token
	for i := range list {
		if subtle.ConstantTimeCompare(list[i].SHA256, sum[:]) == 1 {
			found = &list[i]
		}
	}
	return found
}

func (t *Token) opens(wanted string) bool {
	for _, scope := range t.Scopes {
		if scope == "*" || scope == wanted {
			return true
		}
	}
	return false
}

// current returns the tokens, read again if the file changed. A file that cannot be read
// opens nothing.
func (t *File) current() ([]Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	info, err := os.Stat(t.path)
	if err != nil {
		return nil, fmt.Errorf("token file: %w", err)
	}
	if t.list != nil && info.ModTime().Equal(t.read) && info.Size() == t.size {
		return t.list, nil
	}
	t.list = nil
	if info.Size() > maxFile {
		return nil, fmt.Errorf("token file %s has %d bytes, at most %d are read", t.path, info.Size(), maxFile)
	}
	data, err := os.ReadFile(t.path)
	if err != nil {
		return nil, fmt.Errorf("token file: %w", err)
	}
	list, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("token file %s: %w", t.path, err)
	}
	t.list, t.read, t.size = list, info.ModTime(), info.Size()
	return list, nil
}

// parse reads a token file; unknown fields are mistakes.
func parse(data []byte) ([]Token, error) {
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
