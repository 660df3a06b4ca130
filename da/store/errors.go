package store

import (
	"errors"

	"github.com/ashlar-da/ashlar/da/store/disk"
)

var (
	// ErrDiskFull means that too little space is left to accept anything. Free some, or
	// shorten the retention: the store goes on by itself, unless Run ended with it.
	ErrDiskFull = disk.ErrFull
	// ErrCorrupt means that what is on disk is not what was written. The height is not
	// served; Put replaces it.
	ErrCorrupt = errors.New("store: corrupt")
)
