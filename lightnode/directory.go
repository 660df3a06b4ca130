package lightnode

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"
)

// peerRef stands for a peer in what is stored of each height: at a quarter of a million
// heights an identity of 38 bytes for each peer that was asked would be most of the database.
type peerRef uint32

// somebody is the reference of all peers beyond those the directory has room for.
const somebody peerRef = 0

// maxDirectory bounds the directory: 16,384 peers take less than a megabyte of disk.
const maxDirectory = 1 << 14

// directory numbers the peers that the records of heights refer to, for as long as the home
// exists. It is safe for concurrent use.
type directory struct {
	db *database

	mu    sync.Mutex
	names []peer.ID           // by reference; guarded by mu
	refs  map[peer.ID]peerRef // guarded by mu
}

// openDirectory reads the directory from the database.
func openDirectory(db *database) (*directory, error) {
	d := &directory{db: db, names: make([]peer.ID, 1), refs: make(map[peer.ID]peerRef)}
	err := scan(db, keyPeer, func(ref uint64, value []byte) error {
		id, err := peer.IDFromBytes(value)
		if err != nil || ref != uint64(len(d.names)) {
			return fmt.Errorf("peer %d: %w", ref, errRecord)
		}
		d.refs[id] = peerRef(ref)
		d.names = append(d.names, id)
		return nil
	})
	return d, err
}

// refer returns a peer's reference, which is on disk then.
func (d *directory) refer(name string) (peerRef, error) {
	id, err := peer.Decode(name)
	if err != nil {
		return somebody, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if ref, known := d.refs[id]; known || len(d.names) > maxDirectory {
		return ref, nil
	}
	ref := peerRef(len(d.names))
	if err := write(d.db, heightKey(keyPeer, uint64(ref)), []byte(id)); err != nil {
		return somebody, err
	}
	d.refs[id] = ref
	d.names = append(d.names, id)
	return ref, nil
}

// name returns who a reference stands for, "other" for those there was no room for.
func (d *directory) name(ref peerRef) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ref == somebody || int(ref) >= len(d.names) {
		return "other"
	}
	return d.names[ref].String()
}

// appendUint appends a count or a reference, in one byte mostly.
func appendUint[T ~int | ~uint32](out []byte, n T) []byte {
	return binary.AppendUvarint(out, uint64(n))
}
