package circuit

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/consensys/gnark/frontend"
)

// Cached is Setup, with keys that are kept in a folder under the hash of the circuit's constraints: what was
// drawn for another circuit is never taken. drawn tells whether there were none.
func Cached(folder string, c frontend.Circuit) (p *Prover, drawn bool, _ error) {
	p, err := compile(c)
	if err != nil {
		return nil, false, err
	}
	hash := sha256.New()
	if _, err := p.constraints.WriteTo(hash); err != nil {
		return nil, false, fmt.Errorf("hash the circuit: %w", err)
	}
	name := filepath.Join(folder, "development-"+hex.EncodeToString(hash.Sum(nil)[:8])+".keys")
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := p.draw(); err != nil {
			return nil, true, err
		}
		return p, true, p.save(name)
	}
	if err != nil {
		return nil, false, fmt.Errorf("read keys: %w", err)
	}
	defer func() { _ = file.Close() }()
	if err := p.read(bufio.NewReaderSize(file, 1<<20)); err != nil {
		return nil, false, fmt.Errorf("%s: %w; delete it and try again", name, err)
	}
	return p, false, nil
}

// save writes the keys under a name that only whole files have.
func (p *Prover) save(name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(name), "drawing-*")
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	w := bufio.NewWriterSize(file, 1<<20)
	_, err = p.writeTo(w)
	if err = errors.Join(err, w.Flush(), file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write keys: %w", err), os.Remove(file.Name()))
	}
	return nil
}
