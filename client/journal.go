package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ashlar-da/ashlar/lockfile"
)

var (
	// ErrJournalInUse means that another client has the journal open.
	ErrJournalInUse = errors.New("the journal is in use by another client")
	// ErrJournal means that a journal cannot be used: it is another account's, or it is damaged
	// in the middle, where no crash damages it.
	ErrJournal = errors.New("unusable journal")
)

// compactAbove is the size up to which a journal is left to grow, in bytes.
const compactAbove = 16 << 20

// journal is a file of what was submitted, signed and final. Records are added at its end and
// are on disk before what they tell is acted on; what no longer matters is left out when the
// file is written anew. A nil journal remembers nothing. It is safe for concurrent use.
type journal struct {
	path  string
	owner string // the account
	lock  *os.File

	mu      sync.Mutex
	file    *os.File               // guarded by mu
	size    int64                  // bytes that hold; guarded by mu
	broken  error                  // why nothing can be added any more; guarded by mu
	entries map[contentKey]*record // guarded by mu
	order   []contentKey           // of entries, as they came; guarded by mu
}

// record is all that a journal says of one content.
type record struct {
	prepared *Prepared // nil once it ended
	signed   *signedTx
	failed   bool
	final    *finalRecord
}

// openJournal opens or creates the journal of an account.
func openJournal(path, address string) (*journal, error) {
	lock, err := lockfile.Hold(path + ".lock")
	if errors.Is(err, lockfile.ErrHeld) {
		return nil, fmt.Errorf("%s: %w", path, ErrJournalInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	j := &journal{path: path, owner: address, lock: lock, entries: make(map[contentKey]*record)}
	if err := j.load(); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return j, nil
}

// load reads the file and cuts off what a crash left unfinished at its end.
func (j *journal) load() error {
	file, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	j.file = file
	info, err := file.Stat()
	if err != nil {
		return err
	}
	good, err := decodeJournal(bufio.NewReaderSize(file, 1<<20), info.Size(), j.apply)
	if err != nil {
		return fmt.Errorf("%s: %w", j.path, err)
	}
	if good == 0 {
		return j.rewrite()
	}
	j.size = good
	if err := file.Truncate(good); err != nil {
		return err
	}
	_, err = file.Seek(good, io.SeekStart)
	return err
}

// apply takes in one record.
func (j *journal) apply(kind byte, body []byte) error {
	r := reader{rest: body}
	if kind == recordAddress {
		if owner := r.text(); r.err == nil && owner != j.owner {
			return fmt.Errorf("%w: it is of account %s, and the signer is %s", ErrJournal, owner, j.owner)
		}
		return r.end()
	}
	key := contentKey(r.fixed(len(contentKey{})))
	j.entry(key).read(kind, &r)
	return r.end()
}

// entry returns what is known of a content. The caller holds mu, or has the journal for itself.
func (j *journal) entry(key contentKey) *record {
	e := j.entries[key]
	if e == nil {
		e = new(record)
		j.entries[key] = e
		j.order = append(j.order, key)
	}
	return e
}

// read takes in the rest of a record.
func (e *record) read(kind byte, r *reader) {
	switch kind {
	case recordContent:
		e.prepared, e.failed, e.final = r.prepared(), false, nil
	case recordSigned:
		e.signed = r.signed()
	case recordFinal:
		e.final, e.prepared, e.signed = r.final(), nil, nil
	case recordFailed:
		e.failed, e.prepared = true, nil
	default:
		r.fail("kind %d", kind)
	}
}

// content notes what is to be posted. It returns once that is on disk.
func (j *journal) content(key contentKey, p *Prepared) error {
	return j.append(key, encodeContent(key, p), true, func(e *record) { e.prepared, e.failed, e.final = p, false, nil })
}

// signed notes a transaction. It returns once that is on disk.
func (j *journal) signed(key contentKey, s *signedTx) error {
	return j.append(key, encodeSigned(key, s), true, func(e *record) { e.signed = s })
}

// final notes that a content is final. If a crash forgets it, the blocks tell it again.
func (j *journal) final(key contentKey, f *finalRecord) error {
	return j.append(key, encodeFinal(key, f), false, func(e *record) { e.final, e.prepared, e.signed = f, nil, nil })
}

// failed notes that a content was given up.
func (j *journal) failed(key contentKey) error {
	return j.append(key, encodeFailed(key), true, func(e *record) { e.failed, e.prepared = true, nil })
}

// append adds a record, and writes the file anew where most of it no longer matters.
func (j *journal) append(key contentKey, encoded []byte, durable bool, note func(*record)) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.write(encoded, durable); err != nil {
		return fmt.Errorf("write down in %s what is posted: %w", j.path, err)
	}
	note(j.entry(key))
	if j.size > compactAbove && j.size > 4*int64(j.live()) {
		_ = j.compact() // if that fails, the file stays as it is and the next record tries again
	}
	return nil
}

// write adds bytes at the end. What was written in part is cut off again, so that the next
// record follows a whole one. The caller holds mu.
func (j *journal) write(encoded []byte, durable bool) error {
	if j.broken != nil {
		return j.broken
	}
	_, err := j.file.Write(encoded)
	if err == nil && durable {
		err = j.file.Sync()
		j.broken = err // what is on disk is not known any more
	}
	if err == nil {
		j.size += int64(len(encoded))
		return nil
	}
	if cut := j.file.Truncate(j.size); cut != nil {
		j.broken = errors.Join(err, cut)
	}
	if _, back := j.file.Seek(j.size, io.SeekStart); back != nil {
		j.broken = errors.Join(err, back)
	}
	return err
}

// live is about how large the file would be if it were written anew. The caller holds mu.
func (j *journal) live() int {
	total := 0
	for _, e := range j.entries {
		total += 1024
		if e.prepared != nil {
			total += e.prepared.size()
		}
	}
	return total
}

// forgetEnded leaves out all but the newest that are final, and what failed before anything was signed that might be
// included after all. The caller holds mu.
func (j *journal) forgetEnded() {
	surplus := -remembered
	for _, e := range j.entries {
		if e.final != nil {
			surplus++
		}
	}
	j.order = slices.DeleteFunc(j.order, func(key contentKey) bool {
		e := j.entries[key]
		old := surplus > 0 && e.final != nil
		if old {
			surplus--
		}
		forget := old || e.failed && e.signed == nil
		if forget {
			delete(j.entries, key)
		}
		return forget
	})
}

// compact writes the file anew. The caller holds mu.
func (j *journal) compact() error {
	j.forgetEnded()
	return j.rewrite()
}

// close lets go of the file.
func (j *journal) close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.broken = errClosed
	var err error
	if j.file != nil {
		err = j.file.Close()
	}
	return errors.Join(err, j.lock.Close())
}

// rewrite replaces the file by one that has what matters. The caller holds mu, or has the
// journal for itself.
func (j *journal) rewrite() error {
	next, err := os.OpenFile(j.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	size, err := j.writeAll(next)
	if err == nil {
		err = next.Sync()
	}
	if err == nil {
		err = os.Rename(next.Name(), j.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s anew: %w", j.path, err), next.Close())
	}
	old := j.file
	j.file, j.size = next, size
	j.broken = syncFolder(filepath.Dir(j.path)) // which of both files a crash leaves is not known
	return errors.Join(j.broken, old.Close())
}

// writeAll writes everything that matters.
func (j *journal) writeAll(to io.Writer) (int64, error) {
	w := bufio.NewWriter(to)
	size := int64(0)
	put := func(encoded []byte) {
		n, _ := w.Write(encoded) // Flush returns what failed
		size += int64(n)
	}
	put([]byte(journalMagic))
	put(encodeAddress(j.owner))
	for _, key := range j.order {
		j.entries[key].encode(key, put)
	}
	return size, w.Flush()
}

// encode writes the records that say what is known of a content.
func (e *record) encode(key contentKey, put func([]byte)) {
	if e.final != nil {
		put(encodeFinal(key, e.final))
		return
	}
	if e.prepared != nil {
		put(encodeContent(key, e.prepared))
	}
	if e.signed != nil {
		put(encodeSigned(key, e.signed))
	}
	if e.failed {
		put(encodeFailed(key))
	}
}

// syncFolder makes a renaming durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
