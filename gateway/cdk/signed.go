package cdk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/ethereum/go-ethereum/common"
)

// signed knows the hashes of the sequences that were signed, one after the other in a file: a sequencer's signature says nothing of
// when, so that whoever saw one could have its batches stored again, and paid for, each time they grow old. It is safe for
// concurrent use.
type signed struct {
	path string // empty: there is no file

	mu    sync.Mutex
	size  int64                    // of what is whole in the file; guarded by mu
	known map[common.Hash]struct{} // guarded by mu
}

// openSigned reads the file at path, if it is there. A hash that was being written when the process ended is cut off.
func openSigned(path string) (*signed, error) {
	s := &signed{path: path, known: make(map[common.Hash]struct{})}
	if path == "" {
		return s, nil
	}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("gateway: cdk: sequences signed: %w", err)
	}
	for ; len(content) >= common.HashLength; content = content[common.HashLength:] {
		s.known[common.Hash(content[:common.HashLength])] = struct{}{}
		s.size += common.HashLength
	}
	return s, nil
}

func (s *signed) has(hash common.Hash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.known[hash]
	return ok
}

// add notes a hash, on disk before it returns.
func (s *signed) add(hash common.Hash) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.known[hash]; ok {
		return nil
	}
	if s.path != "" {
		if err := s.write(hash); err != nil {
			return fmt.Errorf("note that the sequence is signed: %w", err)
		}
	}
	s.known[hash] = struct{}{}
	return nil
}

// write appends a hash to the file. The caller holds mu.
func (s *signed) write(hash common.Hash) error {
	file, err := os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(hash[:], s.size)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		s.size += common.HashLength
	}
	return err
}
