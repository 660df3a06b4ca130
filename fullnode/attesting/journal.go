package attesting

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ashlar-da/ashlar/da"
)

var (
	// ErrConflict means that something else was signed for the same height or epoch. Either the
	// chain was rolled back or this home runs, or ran, twice.
	ErrConflict = errors.New("attesting: something else was signed before")
	// ErrForgotten means that a height or epoch is older than what the journal remembers: it
	// cannot tell whether something else was signed, so nothing is.
	ErrForgotten = errors.New("attesting: too old to tell what was signed before")
	// ErrJournal means that the journal is damaged or another chain's.
	ErrJournal = errors.New("attesting: the journal of what was signed cannot be used")
)

// Kind tells what a number counts.
type Kind byte

// What is signed: Heights by height, Rotations by epoch. The kinds of the floors below which
// nothing is signed are their upper case.
const (
	Heights   Kind = 'a'
	Rotations Kind = 'r'

	floorBit Kind = 'a' - 'A'
)

const (
	journalMagic = "ashlar attested 1\n"
	checkSize    = 4
	headerSize   = len(journalMagic) + da.HashSize + checkSize
	// recordSize: kind, number, digest and checksum.
	recordSize = 1 + 8 + da.HashSize + checkSize
	// remembered is how many of each kind are kept when the journal is written anew.
	remembered = 1024
	// maxRecords is when that happens: the file has less than half a MiB.
	maxRecords = 8 * remembered
)

// subject is what a validator may sign once.
type subject struct {
	kind   Kind
	number uint64
}

// Journal remembers on disk what a validator signed. It is safe for concurrent use, and one
// process's at a time: what locks the node's stores locks it.
type Journal struct {
	path  string
	chain [da.HashSize]byte

	mu      sync.Mutex
	file    *os.File                      // guarded by mu
	signed  map[subject][da.HashSize]byte // guarded by mu
	floors  map[Kind]uint64               // up to which nothing new is signed; guarded by mu
	records int                           // in the file; guarded by mu
	broken  error                         // why nothing is signed any more; guarded by mu
}

// OpenJournal reads a chain's journal, or creates it. A record that a crash cut short, which is of a
// signature that never left, is dropped. It fails with ErrJournal.
func OpenJournal(path, chainID string) (*Journal, error) {
	j := &Journal{path: path, chain: da.Keccak256([]byte(chainID)), signed: make(map[subject][da.HashSize]byte), floors: make(map[Kind]uint64)}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		content = j.header()
		err = writeNew(path, content)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	whole, err := j.read(content)
	if err != nil {
		return nil, err
	}
	if j.file, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	if err := j.file.Truncate(int64(whole)); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrJournal, err), j.file.Close())
	}
	return j, nil
}

// header is how the file begins.
func (j *Journal) header() []byte {
	out := append([]byte(journalMagic), j.chain[:]...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

// read takes what a file has, and returns how many bytes of it are whole.
func (j *Journal) read(content []byte) (whole int, _ error) {
	if len(content) < headerSize || string(content[:headerSize]) != string(j.header()) {
		return 0, fmt.Errorf("%w: %s is no journal of this chain: a validator that signed on another chain needs another home", ErrJournal, j.path)
	}
	for whole = headerSize; whole+recordSize <= len(content); whole += recordSize {
		record := content[whole : whole+recordSize]
		if !j.take(record) {
			if whole+recordSize == len(content) { // cut short by a crash, on a disk that writes its blocks in any order
				break
			}
			return 0, fmt.Errorf("%w: %s is damaged at byte %d: restore it, or replace the attestation key and register the new one", ErrJournal, j.path, whole)
		}
		j.records++
	}
	return whole, nil
}

// take reads one record, and tells whether it is one.
func (j *Journal) take(record []byte) bool {
	body, check := record[:recordSize-checkSize], record[recordSize-checkSize:]
	s := subject{Kind(body[0]), binary.BigEndian.Uint64(body[1:])}
	if binary.BigEndian.Uint32(check) != crc32.ChecksumIEEE(body) {
		return false
	}
	switch s.kind {
	case Heights, Rotations:
		j.signed[s] = [da.HashSize]byte(body[9:])
	case Heights - floorBit, Rotations - floorBit:
		j.floors[s.kind+floorBit] = s.number
	default:
		return false
	}
	return true
}

func encodeRecord(s subject, digest [da.HashSize]byte) []byte {
	out := binary.BigEndian.AppendUint64([]byte{byte(s.kind)}, s.number)
	out = append(out, digest[:]...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

// Sign notes that a digest is going to be signed, and returns once that is on disk. What was noted
// before may be signed again. It fails with ErrConflict, ErrForgotten or ErrJournal: nothing may
// be signed then.
func (j *Journal) Sign(kind Kind, number uint64, digest [da.HashSize]byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := subject{kind, number}
	before, known := j.signed[s]
	floor, floored := j.floors[kind]
	switch {
	case known && before == digest:
		return nil
	case known:
		return fmt.Errorf("%w: %x, and now it would be %x", ErrConflict, before, digest)
	case floored && number <= floor:
		return fmt.Errorf("%w: the journal begins above %d", ErrForgotten, floor)
	case j.broken != nil:
		return j.broken
	}
	if err := j.append(encodeRecord(s, digest)); err != nil {
		return err
	}
	j.signed[s] = digest
	if j.records >= maxRecords {
		return j.rewrite()
	}
	return nil
}

// append writes a record through to the disk. Where that fails nobody knows what is there. The
// caller holds mu.
func (j *Journal) append(record []byte) error {
	_, err := j.file.Write(record)
	if err = errors.Join(err, j.file.Sync()); err != nil {
		j.broken = fmt.Errorf("%w: %w: restart the node once there is room on its disk", ErrJournal, err)
		return j.broken
	}
	j.records++
	return nil
}

// rewrite replaces the file by one of what is remembered. The caller holds mu.
func (j *Journal) rewrite() error {
	kept := j.forget()
	content := j.header()
	for kind, floor := range j.floors {
		content = append(content, encodeRecord(subject{kind - floorBit, floor}, [da.HashSize]byte{})...)
	}
	for _, s := range kept {
		content = append(content, encodeRecord(s, j.signed[s])...)
	}
	next := j.path + ".next"
	err := errors.Join(removeIfThere(next), writeNew(next, content), os.Rename(next, j.path), syncFolder(filepath.Dir(j.path)))
	var file *os.File
	if err == nil {
		file, err = os.OpenFile(j.path, os.O_RDWR|os.O_APPEND, 0o600)
	}
	if err != nil {
		j.broken = fmt.Errorf("%w: %w", ErrJournal, err)
		return j.broken
	}
	err = j.file.Close()
	j.file, j.records = file, len(kept)+len(j.floors)
	return err
}

// forget keeps the newest of each kind, and returns them, oldest first. The caller holds mu.
func (j *Journal) forget() (kept []subject) {
	for _, kind := range []Kind{Heights, Rotations} {
		var numbers []uint64
		for s := range j.signed {
			if s.kind == kind {
				numbers = append(numbers, s.number)
			}
		}
		slices.Sort(numbers)
		if surplus := len(numbers) - remembered; surplus > 0 {
			j.floors[kind] = numbers[surplus-1]
			for _, number := range numbers[:surplus] {
				delete(j.signed, subject{kind, number})
			}
			numbers = numbers[surplus:]
		}
		for _, number := range numbers {
			kept = append(kept, subject{kind, number})
		}
	}
	return kept
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Close()
}
