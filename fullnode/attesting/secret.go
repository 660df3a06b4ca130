package attesting

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ashlar-da/ashlar/da"
)

// LoadSecret reads a validator's secret key for attestations: 64 hex digits in a file that none but
// its owner can read. It fails with fs.ErrNotExist where there is no file.
func LoadSecret(path string) (*da.AttestationSecret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("attestation key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("attestation key %s can be read by others: chmod 600 it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("attestation key: %w", err)
	}
	encoded, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil { // whose text would quote the key
		return nil, fmt.Errorf("attestation key %s: %w: want 64 hex digits; restore the file, or move it away to get another key", path, da.ErrInvalidKey)
	}
	secret, err := da.ParseAttestationSecret(encoded)
	if err != nil {
		return nil, fmt.Errorf("attestation key %s: %w; restore the file, or move it away to get another key", path, err)
	}
	return secret, nil
}

// LoadOrCreateSecret is LoadSecret, and writes a new key where there is no file.
func LoadOrCreateSecret(path string) (*da.AttestationSecret, error) {
	secret, err := LoadSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if secret, err = da.NewAttestationSecret(nil); err != nil {
		return nil, err
	}
	encoded := secret.Bytes()
	if err := writeNew(path, append(hex.AppendEncode(nil, encoded[:]), '\n')); err != nil {
		return nil, fmt.Errorf("attestation key: %w", err)
	}
	return secret, nil
}

// writeNew writes a file of mode 0600 in one step, synced, never over another.
func writeNew(path string, content []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil { // fails if path exists
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
