package relay

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ashlar-da/ashlar/lockfile"
)

var (
	// ErrJournal means that a journal cannot be used: it is of another account, contract or chain, or damaged.
	ErrJournal = errors.New("unusable journal")
	// ErrJournalInUse means that another relay has the journal open.
	ErrJournalInUse = errors.New("the journal is in use by another relay")
)

// journalVersion is the version of the file.
const journalVersion = 1

// identity is what a journal belongs to.
type identity struct {
	// ChainID is the other chain's number.
	ChainID  uint64         `json:"chain_id"`
	Contract common.Address `json:"contract"`
	Account  common.Address `json:"account"`
}

// journalFile is what the file holds, as JSON.
type journalFile struct {
	Version  int      `json:"version"`
	Identity identity `json:"identity"`
	Slots    []Slot   `json:"slots"`
	// LastAttest is the block time of the newest certificate that was posted and settled.
	LastAttest time.Time `json:"last_attest"`
}

// journal remembers what was signed until it is settled. The file is replaced as a whole, so that a
// crash leaves the old one or the new one. It is one goroutine's.
type journal struct {
	path string
	lock *os.File
	journalFile
}

// openJournal opens or creates a journal.
func openJournal(path string, id identity) (*journal, error) {
	lock, err := lockfile.Hold(path + ".lock")
	if errors.Is(err, lockfile.ErrHeld) {
		return nil, fmt.Errorf("%s: %w", path, ErrJournalInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	j := &journal{path: path, lock: lock}
	if err := j.load(id); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), lock.Close())
	}
	return j, nil
}

func (j *journal) load(id identity) error {
	encoded, err := os.ReadFile(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		j.Version, j.Identity = journalVersion, id
		return j.save()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	if err := json.Unmarshal(encoded, &j.journalFile); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return j.check(id)
}

// check refuses what no relay of this identity has written.
func (j *journal) check(id identity) error {
	was := j.Identity
	switch {
	case j.Version != journalVersion:
		return fmt.Errorf("%w: version %d, this relay writes %d", ErrJournal, j.Version, journalVersion)
	case was.ChainID != id.ChainID:
		return fmt.Errorf("%w: it is of the chain with id %d, and --rpc answers for %d: use the right --rpc, or another journal", ErrJournal, was.ChainID, id.ChainID)
	case was.Contract != id.Contract:
		return fmt.Errorf("%w: it is of contract %s, not %s: use one journal for each contract", ErrJournal, was.Contract, id.Contract)
	case was.Account != id.Account:
		return fmt.Errorf("%w: it is of account %s, and the key is that of %s", ErrJournal, was.Account, id.Account)
	}
	for i := range j.Slots {
		if len(j.Slots[i].Attempts) == 0 || i > 0 && j.Slots[i].Nonce <= j.Slots[i-1].Nonce {
			return fmt.Errorf("%w: slot %d is damaged", ErrJournal, i)
		}
	}
	return nil
}

// save writes the file; what it says is on disk when it returns.
func (j *journal) save() error {
	encoded, err := json.MarshalIndent(&j.journalFile, "", "  ")
	if err != nil {
		return err
	}
	if err := replaceFile(j.path, append(encoded, '\n')); err != nil {
		return fmt.Errorf("write down in %s what is sent: %w", j.path, err)
	}
	return nil
}

// add notes an attempt. It is on disk before it is sent.
func (j *journal) add(nonce uint64, a Attempt) error {
	before := slices.Clone(j.Slots)
	i, found := slices.BinarySearchFunc(j.Slots, nonce, func(s Slot, n uint64) int {
		switch {
		case s.Nonce < n:
			return -1
		case s.Nonce > n:
			return 1
		}
		return 0
	})
	if !found {
		j.Slots = slices.Insert(slices.Clone(j.Slots), i, Slot{Nonce: nonce})
	}
	j.Slots[i].Attempts = append(slices.Clip(j.Slots[i].Attempts), a)
	err := j.save()
	if err != nil {
		j.Slots = before
	}
	return err
}

// settle takes a slot out. If a crash forgets that, it is settled once more.
func (j *journal) settle(nonce uint64, attested time.Time) error {
	j.Slots = slices.DeleteFunc(j.Slots, func(s Slot) bool { return s.Nonce == nonce })
	if attested.After(j.LastAttest) {
		j.LastAttest = attested
	}
	return j.save()
}

func (j *journal) close() error { return j.lock.Close() }

// replaceFile writes a file in place of one that may be there, durably.
func replaceFile(path string, content []byte) error {
	next, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = next.Write(content)
	if err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err != nil {
		return err
	}
	if err := os.Rename(next.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
