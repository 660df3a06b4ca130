package gateway

import (
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// markInterval is how much time of the chain may pass between two marks in the file: what has to
// be read from nodes again after a restart.
const markInterval = time.Minute

// record is a blob of the namespace in a block.
type record struct {
	ref         Ref
	content     content
	size        uint64
	time        time.Time // the block's
	commitments []kzg.Commitment
}

// place is a row of a record.
type place struct {
	record *record
	row    int
}

// mark says that the index has all of some consecutive heights.
type mark struct {
	from, height uint64 // first and last of them
	time         time.Time
	hash         [da.HashSize]byte // of the last one's chain header
}

// index knows what the namespace has. It is not safe for concurrent use.
type index struct {
	file      *indexFile
	namespace da.Namespace
	posters   [da.HashSize]byte // the digest of those whose blobs it has, zero: all
	chainID   string
	contents  map[content][]*record // by ascending heights
	refs      map[Ref]*record
	order     []*record                     // all of them, by ascending heights
	rows      map[[da.HashSize]byte][]place // by versioned hash
	marks     []mark                        // that are in the file, by ascending heights
	last      mark                          // the newest, perhaps not in the file
	trimmed   time.Time                     // the chain's, when it was last looked at what is too old
	dropped   int                           // lines of the file that are, about
}

// openIndex reads the file at path, or makes a new one. It fails with errOtherPosters where it has others' blobs.
func openIndex(path string, namespace da.Namespace, posters []Poster) (*index, error) {
	i := &index{
		namespace: namespace, posters: digest(posters), contents: make(map[content][]*record),
		refs: make(map[Ref]*record), rows: make(map[[da.HashSize]byte][]place),
	}
	file, err := openIndexFile(path, i.replay)
	if err != nil {
		return nil, err
	}
	i.file = file
	return i, nil
}

// replay takes what the file has: everything in it was verified when it was written.
func (i *index) replay(line *line) error {
	switch line.kind {
	case kindChain:
		if line.namespace != i.namespace {
			return fmt.Errorf("it is of namespace %s, and this gateway's is %s: give each its own", line.namespace, i.namespace)
		}
		if line.posters != i.posters {
			return errOtherPosters
		}
		i.chainID = line.chainID
	case kindEntry:
		i.put(&line.entry, line.mark.height, line.mark.time)
	case kindMark:
		i.marks = append(i.marks, line.mark)
		i.last = line.mark
	}
	return nil
}

// add takes all that a block has of the namespace. Blocks come by ascending heights.
func (i *index) add(next mark, entries []da.Entry) error {
	next.from = next.height
	if i.last.height > 0 && next.height == i.last.height+1 {
		next.from = i.last.from
	}
	if next.height <= i.last.height {
		return fmt.Errorf("height %d follows %d", next.height, i.last.height)
	}
	write := len(entries) > 0 || len(i.marks) == 0 || next.from == next.height
	if !write {
		write = next.time.Sub(i.marks[len(i.marks)-1].time) >= markInterval
	}
	if write {
		if err := i.file.append(i.first(), entries, next); err != nil {
			return err
		}
		i.marks = append(i.marks, next)
	}
	for j := range entries {
		i.put(&entries[j], next.height, next.time)
	}
	i.last = next
	return nil
}

// first is the body of the file's first line.
func (i *index) first() []byte {
	body := append([]byte{kindChain, fileVersion}, i.namespace[:]...)
	if i.posters != [da.HashSize]byte{} {
		body[1] = ofPosters
		body = append(body, i.posters[:]...)
	}
	return append(body, i.chainID...)
}

// put adds an entry, unless it is there.
func (i *index) put(entry *da.Entry, height uint64, at time.Time) {
	ref := Ref{height, entry.ID}
	if i.refs[ref] != nil {
		return
	}
	r := &record{
		ref: ref, content: content{entry.Keccak256, entry.Encoding}, size: entry.Size, time: at, commitments: entry.Commitments,
	}
	i.refs[ref] = r
	i.order = append(i.order, r)
	i.contents[r.content] = append(i.contents[r.content], r)
	for row, commitment := range entry.Commitments {
		hash := da.VersionedHash(commitment)
		i.rows[hash] = append(i.rows[hash], place{r, row})
	}
}

// newest is the mark of the newest block.
func (i *index) newest() mark { return i.last }

// covers tells whether what the index does not have of a height does not exist.
func (i *index) covers(height uint64) bool {
	if i.last.from <= height && height <= i.last.height && height > 0 {
		return true
	}
	at := sort.Search(len(i.marks), func(n int) bool { return i.marks[n].height >= height })
	return at < len(i.marks) && i.marks[at].from <= height
}

// expired tells whether a height is proven to be older, by the time of the chain, than a retention.
func (i *index) expired(height uint64, retention time.Duration) bool {
	at := sort.Search(len(i.marks), func(n int) bool { return i.marks[n].height >= height })
	return at < len(i.marks) && i.last.time.Sub(i.marks[at].time) > retention
}

// newestOf returns the newest record of a content, nil if there is none.
func (i *index) newestOf(of content) *record {
	list := i.contents[of]
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// newestKeccak is newestOf in any encoding.
func (i *index) newestKeccak(keccak [da.HashSize]byte) *record {
	var newest *record
	for _, encoding := range []da.Encoding{da.EncodingData, da.EncodingRaw} {
		if r := i.newestOf(content{keccak, encoding}); r != nil && (newest == nil || newest.ref.Height < r.ref.Height) {
			newest = r
		}
	}
	return newest
}

func (i *index) close() error {
	if i.file == nil {
		return nil
	}
	return i.file.close()
}

var (
	errIndexFile    = errors.New("the gateway's index cannot be written")
	errOtherPosters = errors.New("the index has the blobs of other posters")
)
