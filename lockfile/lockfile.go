// Package lockfile keeps two processes from writing one journal.
package lockfile

import (
	"errors"
	"fmt"
	"os"
)

// ErrHeld means that another process, or another part of this one, holds the file.
var ErrHeld = errors.New("lockfile: held by another process")

// Hold creates a file if need be and holds it against everybody else until it is closed, or the process ends. It fails with
// ErrHeld, at once, while somebody else does; and always where files cannot be locked.
func Hold(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lockfile: %w", err)
	}
	if err := lock(file); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return file, nil
}
