//go:build !unix

package lockfile

import (
	"errors"
	"os"
)

func lock(*os.File) error { return errors.New("files cannot be locked on this system") }
