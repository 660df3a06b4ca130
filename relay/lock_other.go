//go:build !unix

package relay

import (
	"fmt"
	"os"
)

// lockFile fails: two relays with one journal would replace each other's transactions.
func lockFile(path string) (*os.File, error) {
	return nil, fmt.Errorf("%w: %s: files cannot be locked on this system", ErrJournal, path)
}
