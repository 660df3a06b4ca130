package attesting

import (
	"encoding/binary"
	"errors"
	"fmt"

	dbm "github.com/cosmos/cosmos-db"

	"github.com/ashlar-da/ashlar/da"
)

// Keys of the archive: what a value is, and its height or epoch, big-endian.
const (
	certificateKey = 'c'
	rotationKey    = 'r'
	setKey         = 's'
)

// memberSize is the length of a stored attester: operator, key and power.
const memberSize = da.AddressSize + da.AttestationKeySize + 8

// rotationSize is the length of a stored rotation.
const rotationSize = 8 + 2*da.HashSize + 8 + da.MaxAttesters/8 + da.AttestationSignatureSize

// Archive keeps certificates and signed rotations on disk. It is safe for concurrent use; the
// Collector alone writes.
type Archive struct {
	db      dbm.DB
	chainID string
}

// OpenArchive opens the archive in a folder.
func OpenArchive(dir, chainID string) (*Archive, error) {
	db, err := dbm.NewDB("certificates", dbm.GoLevelDBBackend, dir)
	if err != nil {
		return nil, fmt.Errorf("open the certificates in %s: %w", dir, err)
	}
	return &Archive{db, chainID}, nil
}

// Close closes the database.
func (a *Archive) Close() error { return a.db.Close() }

func archiveKey(kind byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kind}, number)
}

// Certificate returns the certificate of a height, nil if there is none.
func (a *Archive) Certificate(height uint64) (*da.Certificate, error) {
	value, err := a.db.Get(archiveKey(certificateKey, height))
	if err != nil || value == nil {
		return nil, err
	}
	return a.decode(value)
}

func (a *Archive) decode(value []byte) (*da.Certificate, error) {
	c, err := da.DecodeCertificate(value)
	if err != nil {
		return nil, fmt.Errorf("a stored certificate is damaged: %w", err)
	}
	return c, nil
}

// Newest returns the newest certificate with after < height ≤ until, nil if there is none.
func (a *Archive) Newest(after, until uint64) (*da.Certificate, error) {
	if after >= until {
		return nil, nil
	}
	return a.first(a.db.ReverseIterator(archiveKey(certificateKey, after+1), afterKey(until)))
}

// Covering returns the lowest certificate of a height or above, nil if there is none.
func (a *Archive) Covering(height uint64) (*da.Certificate, error) {
	return a.first(a.db.Iterator(archiveKey(certificateKey, height), []byte{certificateKey + 1}))
}

// afterKey is the least key above that of a height.
func afterKey(height uint64) []byte { return append(archiveKey(certificateKey, height), 0) }

func (a *Archive) first(it dbm.Iterator, err error) (*da.Certificate, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = it.Close() }() // it was only read
	if !it.Valid() {
		return nil, it.Error()
	}
	return a.decode(it.Value())
}

// put stores a certificate; the first of a height is synced, better ones come soon after.
func (a *Archive) put(c *da.Certificate, first bool) error {
	return a.set(archiveKey(certificateKey, c.Height), c.Encode(), first)
}

func (a *Archive) set(key, value []byte, sync bool) error {
	if sync {
		return a.db.SetSync(key, value)
	}
	return a.db.Set(key, value)
}

// Rotation returns the signed rotation from an epoch to the next, nil if there is none.
func (a *Archive) Rotation(epoch uint64) (*da.SignedRotation, error) {
	value, err := a.db.Get(archiveKey(rotationKey, epoch))
	if err != nil || value == nil {
		return nil, err
	}
	return decodeRotation(value, a.chainID)
}

func (a *Archive) putRotation(r *da.SignedRotation, first bool) error {
	return a.set(archiveKey(rotationKey, r.Epoch), encodeRotation(r), first)
}

// encodeRotation leaves out the chain id, which is the archive's.
func encodeRotation(r *da.SignedRotation) []byte {
	out := binary.BigEndian.AppendUint64(make([]byte, 0, rotationSize), r.Epoch)
	out = append(append(out, r.SetHash[:]...), r.NextHash[:]...)
	out = binary.BigEndian.AppendUint64(out, r.Time)
	return append(append(out, r.Signers[:]...), r.Signature[:]...)
}

func decodeRotation(value []byte, chainID string) (*da.SignedRotation, error) {
	if len(value) != rotationSize {
		return nil, fmt.Errorf("%w: a stored rotation of %d bytes, want %d", da.ErrMalformed, len(value), rotationSize)
	}
	r := &da.SignedRotation{Rotation: da.Rotation{ChainID: chainID, Epoch: binary.BigEndian.Uint64(value)}}
	rest := value[8:]
	rest = rest[copy(r.SetHash[:], rest):]
	rest = rest[copy(r.NextHash[:], rest):]
	r.Time = binary.BigEndian.Uint64(rest)
	rest = rest[8:]
	rest = rest[copy(r.Signers[:], rest):]
	copy(r.Signature[:], rest)
	return r, nil
}

// Set returns the set of an epoch, nil if it is not there.
func (a *Archive) Set(epoch uint64) (*da.AttesterSet, error) {
	value, err := a.db.Get(archiveKey(setKey, epoch))
	if err != nil || value == nil {
		return nil, err
	}
	return decodeSet(value, epoch)
}

// putSet stores a set: state keeps those of a window alone.
func (a *Archive) putSet(set *da.AttesterSet) error {
	return a.set(archiveKey(setKey, set.Epoch), encodeSet(set), true)
}

// encodeSet leaves out the epoch, which is in the key.
func encodeSet(set *da.AttesterSet) []byte {
	out := binary.BigEndian.AppendUint64(nil, set.Total)
	for i := range set.Attesters {
		a := &set.Attesters[i]
		out = append(append(out, a.Operator[:]...), a.Key[:]...)
		out = binary.BigEndian.AppendUint64(out, a.Power)
	}
	return out
}

func decodeSet(value []byte, epoch uint64) (*da.AttesterSet, error) {
	if len(value) < 8 || (len(value)-8)%memberSize != 0 || len(value) > 8+da.MaxAttesters*memberSize {
		return nil, fmt.Errorf("%w: a stored attester set of %d bytes", da.ErrMalformed, len(value))
	}
	set := &da.AttesterSet{Epoch: epoch, Total: binary.BigEndian.Uint64(value), Attesters: make([]da.Attester, (len(value)-8)/memberSize)}
	for i := range set.Attesters {
		a, member := &set.Attesters[i], value[8+i*memberSize:]
		copy(a.Operator[:], member)
		copy(a.Key[:], member[da.AddressSize:])
		a.Power = binary.BigEndian.Uint64(member[da.AddressSize+da.AttestationKeySize:])
	}
	return set, nil
}

// numbers returns, in order, of which heights or epochs from first to last there is something of a kind.
func (a *Archive) numbers(kind byte, first, last uint64) (numbers []uint64, err error) {
	if first > last {
		return nil, nil
	}
	it, err := a.db.Iterator(archiveKey(kind, first), append(archiveKey(kind, last), 0))
	if err != nil {
		return nil, err
	}
	for ; it.Valid(); it.Next() {
		if key := it.Key(); len(key) == 1+8 {
			numbers = append(numbers, binary.BigEndian.Uint64(key[1:]))
		}
	}
	return numbers, errors.Join(it.Error(), it.Close())
}

// Prune deletes the certificates below a height. Rotations and sets stay: without each of them
// nobody follows the sets from an early one.
func (a *Archive) Prune(below uint64) error {
	it, err := a.db.Iterator(archiveKey(certificateKey, 0), archiveKey(certificateKey, below))
	if err != nil {
		return err
	}
	var old [][]byte
	for ; it.Valid(); it.Next() {
		old = append(old, append([]byte(nil), it.Key()...))
	}
	err = errors.Join(it.Error(), it.Close())
	for _, key := range old {
		err = errors.Join(err, a.db.Delete(key))
	}
	return err
}
