package store

import "errors"

var (
	// ErrDiskFull means that too little space is left to accept anything. Free some, or
	// shorten the retention: the store goes on by itself, unless Run ended with it.
	ErrDiskFull = errors.New("store: disk full")
	// ErrCorrupt means that what is on disk is not what was written. The height is not
	// served; Put replaces it.
	ErrCorrupt = errors.New("store: corrupt")
)
