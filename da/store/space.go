package store

import "context"

// DiskFull tells whether so little space is left that Put fails with ErrDiskFull.
func (s *Store) DiskFull() bool {
	full, _, _ := s.space.State()
	return full
}

// DiskFree is the free space, in bytes, when Run or Put last looked.
func (s *Store) DiskFree() uint64 {
	_, left, _ := s.space.State()
	return left
}

// WaitRoom returns once the disk is not full, or with ctx's error. Run has to run.
func (s *Store) WaitRoom(ctx context.Context) error {
	for {
		full, _, changed := s.space.State()
		if !full {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
