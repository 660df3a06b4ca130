package lightnode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cometbft/cometbft/light/store"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
	"github.com/dgraph-io/badger/v4"
)

// trustedStore keeps the light blocks that cometbft/light verified. It implements that
// package's Store and is safe for concurrent use.
type trustedStore struct {
	db *database

	mu   sync.Mutex
	size int // light blocks stored; guarded by mu
}

var _ store.Store = (*trustedStore)(nil)

func newTrustedStore(db *database) (*trustedStore, error) {
	s := &trustedStore{db: db}
	err := s.walk(false, 0, func(*badger.Item) bool { s.size++; return true })
	return s, err
}

// walk visits light blocks by height, from a height (0: the end it starts at) on or, in
// reverse, downwards, until visit returns false.
func (s *trustedStore) walk(reverse bool, from uint64, visit func(*badger.Item) bool) error {
	options := badger.IteratorOptions{Reverse: reverse, Prefix: []byte{keyTrusted}}
	if reverse && from == 0 {
		from = 1<<64 - 1
	}
	err := s.db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(options)
		defer it.Close()
		for it.Seek(heightKey(keyTrusted, from)); it.Valid(); it.Next() {
			if !visit(it.Item()) {
				break
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: reading trusted headers: %w", errStorage, err)
	}
	return nil
}

func heightOf(item *badger.Item) int64 { return int64(binary.BigEndian.Uint64(item.Key()[1:])) }

// SaveLightBlock implements store.Store.
func (s *trustedStore) SaveLightBlock(block *types.LightBlock) error {
	encoded, err := encodeLightBlock(block)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := heightKey(keyTrusted, uint64(block.Height))
	old, err := read(s.db, key)
	if err != nil {
		return err
	}
	if err := write(s.db, key, encoded); err != nil {
		return err
	}
	if old == nil {
		s.size++
	}
	return nil
}

// DeleteLightBlock implements store.Store.
func (s *trustedStore) DeleteLightBlock(height int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := heightKey(keyTrusted, uint64(height))
	old, err := read(s.db, key)
	if err != nil || old == nil {
		return err
	}
	if err := remove(s.db, key); err != nil {
		return err
	}
	s.size--
	return nil
}

// LightBlock implements store.Store.
func (s *trustedStore) LightBlock(height int64) (*types.LightBlock, error) {
	encoded, err := read(s.db, heightKey(keyTrusted, uint64(height)))
	if err != nil {
		return nil, err
	}
	if encoded == nil {
		return nil, store.ErrLightBlockNotFound
	}
	return decodeLightBlock(encoded)
}

// LightBlockBefore implements store.Store.
func (s *trustedStore) LightBlockBefore(height int64) (*types.LightBlock, error) {
	before := int64(-1)
	if height > 1 {
		if err := s.walk(true, uint64(height-1), func(item *badger.Item) bool { before = heightOf(item); return false }); err != nil {
			return nil, err
		}
	}
	if before < 0 {
		return nil, store.ErrLightBlockNotFound
	}
	return s.LightBlock(before)
}

// LastLightBlockHeight implements store.Store.
func (s *trustedStore) LastLightBlockHeight() (int64, error) { return s.edge(true) }

// FirstLightBlockHeight implements store.Store.
func (s *trustedStore) FirstLightBlockHeight() (int64, error) { return s.edge(false) }

func (s *trustedStore) edge(reverse bool) (int64, error) {
	height := int64(-1)
	err := s.walk(reverse, 0, func(item *badger.Item) bool { height = heightOf(item); return false })
	return height, err
}

// Prune implements store.Store: it deletes the lowest heights beyond size.
func (s *trustedStore) Prune(size uint16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var surplus [][]byte
	err := s.walk(false, 0, func(item *badger.Item) bool {
		if len(surplus) >= s.size-int(size) {
			return false
		}
		surplus = append(surplus, item.KeyCopy(nil))
		return true
	})
	if err != nil {
		return err
	}
	for _, key := range surplus {
		if err := remove(s.db, key); err != nil {
			return err
		}
		s.size--
	}
	return nil
}

// Size implements store.Store.
func (s *trustedStore) Size() uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint16(min(s.size, 1<<16-1))
}

func encodeLightBlock(block *types.LightBlock) ([]byte, error) {
	if block == nil || block.SignedHeader == nil || block.Height <= 0 {
		return nil, errors.New("lightnode: a light block without a positive height cannot be stored")
	}
	message, err := block.ToProto()
	if err != nil {
		return nil, fmt.Errorf("lightnode: encoding a light block: %w", err)
	}
	return message.Marshal()
}

func decodeLightBlock(encoded []byte) (*types.LightBlock, error) {
	var message cmtproto.LightBlock
	if err := message.Unmarshal(encoded); err != nil {
		return nil, fmt.Errorf("lightnode: decoding a light block: %w", err)
	}
	block, err := types.LightBlockFromProto(&message)
	if err != nil {
		return nil, fmt.Errorf("lightnode: decoding a light block: %w", err)
	}
	return block, nil
}
