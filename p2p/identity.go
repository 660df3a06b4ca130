package p2p

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/libp2p/go-libp2p/core/crypto"
)

// LoadOrCreateKey reads a host's Ed25519 identity from a file, in libp2p's own encoding,
// or writes a new one there, readable by its owner alone. It refuses a file that others
// can read.
func LoadOrCreateKey(path string) (crypto.PrivKey, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return createKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("p2p: node key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("p2p: node key %s can be read by others: chmod 600 it", path)
	}
	encoded, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("p2p: node key: %w", err)
	}
	key, err := crypto.UnmarshalPrivateKey(encoded)
	if err != nil || key.Type() != crypto.Ed25519 {
		return nil, fmt.Errorf("p2p: %s is not an Ed25519 node key: remove it to get a new one (%w)", path, errors.Join(err, fs.ErrInvalid))
	}
	return key, nil
}

// createKey makes a key and writes it in one step, never over another.
func createKey(path string) (crypto.PrivKey, error) {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("p2p: node key: %w", err)
	}
	encoded, err := crypto.MarshalPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("p2p: node key: %w", err)
	}
	if err := writeNew(path, encoded); err != nil {
		return nil, fmt.Errorf("p2p: node key: %w", err)
	}
	return key, nil
}

func writeNew(path string, content []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".key-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Link(file.Name(), path) // fails if path exists
}
