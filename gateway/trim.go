package gateway

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// trimInterval is how much time of the chain passes between two looks at what may be forgotten.
const trimInterval = time.Minute

// trim forgets what is older than that, by the time of the chain. Heights that were forgotten are not covered any more: nodes
// are asked about them, and they are still known to be that old.
func (i *index) trim(age time.Duration) error {
	if i.last.time.Sub(i.trimmed) < trimInterval {
		return nil
	}
	i.trimmed = i.last.time
	old := 0 // marks before the newest one that is too old
	for old+1 < len(i.marks) && i.last.time.Sub(i.marks[old+1].time) > age {
		old++
	}
	if old == 0 {
		return nil
	}
	floor := i.marks[old].height // of which everything is kept, as the mark says
	i.marks = slices.Delete(i.marks, 0, old)
	for at := range i.marks {
		i.marks[at].from = max(i.marks[at].from, floor)
	}
	i.last.from = max(i.last.from, floor)
	i.dropped += old + i.forgetBelow(floor)
	if i.dropped < len(i.order)+len(i.marks) {
		return nil
	}
	i.dropped = 0
	return i.file.trim(floor)
}

// forgetBelow removes the records below a height, and returns how many.
func (i *index) forgetBelow(floor uint64) int {
	old := 0
	for ; old < len(i.order) && i.order[old].ref.Height < floor; old++ {
		r := i.order[old]
		delete(i.refs, r.ref)
		forgetFirst(i.contents, r.content)
		for _, commitment := range r.commitments {
			forgetFirst(i.rows, da.VersionedHash(commitment))
		}
	}
	i.order = slices.Delete(i.order, 0, old)
	return old
}

// forgetFirst removes the first of a key's values, which is the oldest.
func forgetFirst[K comparable, V any](lists map[K][]V, key K) {
	if lists[key] = lists[key][1:]; len(lists[key]) == 0 {
		delete(lists, key)
	}
}

// trim writes the file anew without what is below a height.
func (f *indexFile) trim(floor uint64) error {
	content := make([]byte, f.size)
	_, err := f.file.ReadAt(content, 0)
	if err == nil {
		content, err = keepFrom(content, floor)
	}
	if err == nil {
		err = f.replace(content)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errIndexFile, err)
	}
	return nil
}

// keepFrom returns the lines about a height and those above it.
func keepFrom(content []byte, floor uint64) (kept []byte, err error) {
	at := 0
	_, err = readLines(content, func(l *line) error {
		_, size := nextBody(content[at:])
		whole := content[at : at+size]
		at += size
		switch {
		case l.kind != kindChain && l.mark.height < floor:
		case l.kind == kindMark:
			l.mark.from = max(l.mark.from, floor)
			kept = appendLine(kept, l.mark.body())
		default:
			kept = append(kept, whole...)
		}
		return nil
	})
	return kept, err
}

// replace puts another content in the place of the file's: a crash leaves the one or the other.
func (f *indexFile) replace(content []byte) error {
	next, err := os.OpenFile(f.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = next.Write(content)
	if err = errors.Join(err, next.Sync()); err == nil {
		err = os.Rename(next.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, next.Close())
	}
	old := f.file
	f.file, f.size = next, int64(len(content))
	return old.Close()
}
