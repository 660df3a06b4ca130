//go:build !unix

package client

import (
	"fmt"
	"os"
)

// lockFile fails: a journal that a second process can write to would post twice.
func lockFile(path string) (*os.File, error) {
	return nil, fmt.Errorf("%w: %s: files cannot be locked on this system", ErrJournal, path)
}
