package lightnode

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	cursorFile    = "cursor.json"
	blockFile     = "block.json"
	unfinished    = ".unfinished-" // prefix of folders and files that are being written
	maxCursorFile = 4 << 10
	maxBlockFile  = 64 << 20 // an entry of each of 16384 cells, in JSON
)

// errFolder means that what a folder of delivered blobs holds is not what this node left there.
var errFolder = errors.New("lightnode: folder of blobs")

// Cursor is the file cursor.json of a folder of delivered blobs: all heights from the folder's
// first to the one below Next have been delivered, or are proven to have nothing of the namespace.
type Cursor struct {
	ChainID   string       `json:"chain_id"`
	Namespace da.Namespace `json:"namespace"`
	Next      uint64       `json:"next"`
	// LastHash is the hash of the block below Next, empty where Next is the folder's first height
	// or others were left out.
	LastHash api.Hex `json:"last_hash"`
}

// Delivered is the file block.json beside the blobs of a height.
type Delivered struct {
	api.NamespaceBlobs
	ChainID string    `json:"chain_id"`
	Hash    api.Hex   `json:"hash"`
	Time    time.Time `json:"time"`
	// Verdict is the node's when it delivered the height, and Confidence what that rests on.
	Verdict    string  `json:"verdict"`
	Confidence float64 `json:"confidence"`
	// IndexVerified tells that the index was recomputed from the transaction rows.
	IndexVerified bool `json:"index_verified"`
	// Files are the names of the blobs' files, one for each entry, in order.
	Files []string `json:"files"`
}

// folder is where the blobs of a namespace are delivered to:
//
//	cursor.json           how far it has got
//	HEIGHT/block.json     the entries of a height, and the proof that they are all
//	HEIGHT/NUMBER-ID      the bytes of one, numbered by the index's order
//
// A height's folder appears in one step, when all that is in it is on disk, and the cursor moves
// after. So a crash at any moment neither loses a height nor delivers one twice.
type folder struct {
	dir  string
	root *os.Root
	// step is called before each change of the disk. It may be nil, and fail: for tests.
	step func(what string) error
	// unsynced leaves to the system when writes reach the disk: for tests that end no more than the process.
	unsynced bool

	mu     sync.Mutex
	cursor Cursor // guarded by mu; changed by the goroutine of deliver alone
}

// openFolder opens or creates a folder, and clears what a crash left unfinished. It fails with
// ErrConfig where the folder is of another chain or namespace.
func openFolder(dir, chainID string, namespace da.Namespace) (*folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("%w: --out: %w", ErrConfig, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: --out: %w", ErrConfig, err)
	}
	d := &folder{dir: dir, root: root, cursor: Cursor{ChainID: chainID, Namespace: namespace}}
	if err := errors.Join(d.load(), d.clear()); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return d, nil
}

// load reads the cursor, if there is one.
func (d *folder) load() error {
	encoded, err := d.read(cursorFile, maxCursorFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	cursor, err := decodeCursor(encoded)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(d.dir, cursorFile), err)
	}
	if cursor.ChainID != d.cursor.ChainID || cursor.Namespace != d.cursor.Namespace {
		return fmt.Errorf("%w: %s holds namespace %s of chain %s; give --out another folder", ErrConfig, d.dir, cursor.Namespace, cursor.ChainID)
	}
	d.cursor = *cursor
	return nil
}

// decodeCursor reads cursor.json.
func decodeCursor(encoded []byte) (*Cursor, error) {
	cursor := new(Cursor)
	if err := json.Unmarshal(encoded, cursor); err != nil {
		return nil, fmt.Errorf("%w: %w", errFolder, err)
	}
	if cursor.Next == 0 || len(cursor.LastHash) != 0 && len(cursor.LastHash) != len(hash{}) {
		return nil, fmt.Errorf("%w: a cursor at height %d, with a hash of %d bytes", errFolder, cursor.Next, len(cursor.LastHash))
	}
	return cursor, nil
}

// clear removes what a crash left unfinished.
func (d *folder) clear() error {
	files, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return fmt.Errorf("%w: %w", errFolder, err)
	}
	for _, file := range files {
		if strings.HasPrefix(file.Name(), unfinished) {
			err = errors.Join(err, d.root.RemoveAll(file.Name()))
		}
	}
	return err
}

func (d *folder) close() error { return d.root.Close() }

// at returns the cursor.
func (d *folder) at() Cursor {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cursor
}

// advance moves the cursor. It returns once that is on disk.
func (d *folder) advance(next uint64, last []byte) error {
	cursor := d.at()
	cursor.Next, cursor.LastHash = next, last
	encoded, err := json.MarshalIndent(cursor, "", "  ")
	if err != nil {
		return fmt.Errorf("%w: %w", errFolder, err)
	}
	temporary := unfinished + cursorFile
	if err := d.write(temporary, append(encoded, '\n')); err != nil {
		return err
	}
	if err := d.publish(temporary, cursorFile); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cursor = cursor
	return nil
}

// delivery is a height that is being written. Nobody sees it before commit.
type delivery struct {
	folder    *folder
	name      string // of the height's folder
	temporary string
	files     []string
}

// begin begins to write a height.
func (d *folder) begin(height uint64) (*delivery, error) {
	name := strconv.FormatUint(height, 10)
	w := &delivery{folder: d, name: name, temporary: unfinished + name}
	if err := d.before("make " + w.temporary); err != nil {
		return nil, err
	}
	if err := errors.Join(d.root.RemoveAll(w.temporary), d.root.Mkdir(w.temporary, 0o755)); err != nil {
		return nil, fmt.Errorf("%w: %w", errFolder, err)
	}
	return w, nil
}

// add writes the next blob.
func (w *delivery) add(id da.BlobID, data []byte) error {
	name := blobFile(len(w.files), id)
	w.files = append(w.files, name)
	return w.folder.write(filepath.Join(w.temporary, name), data)
}

// blobFile is the name of the file of an entry.
func blobFile(number int, id da.BlobID) string { return fmt.Sprintf("%05d-%s", number, id) }

// commit makes the height appear, whole.
func (w *delivery) commit(about *Delivered) error {
	about.Files = w.files
	encoded, err := json.MarshalIndent(about, "", "  ")
	if err != nil {
		return fmt.Errorf("%w: %w", errFolder, err)
	}
	if err := w.folder.write(filepath.Join(w.temporary, blockFile), append(encoded, '\n')); err != nil {
		return err
	}
	if err := w.folder.sync(w.temporary); err != nil {
		return err
	}
	return w.folder.publish(w.temporary, w.name)
}

// abort removes what was written of a height that cannot be delivered now.
func (w *delivery) abort() error {
	if err := w.folder.before("remove " + w.temporary); err != nil {
		return err
	}
	return w.folder.root.RemoveAll(w.temporary)
}

// delivered returns what a height was delivered with, nil if it was not.
func (d *folder) delivered(height uint64) (*Delivered, error) {
	encoded, err := d.read(filepath.Join(strconv.FormatUint(height, 10), blockFile), maxBlockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	about := new(Delivered)
	if err := json.Unmarshal(encoded, about); err != nil {
		return nil, fmt.Errorf("%w: %s of height %d: %w", errFolder, blockFile, height, err)
	}
	return about, nil
}

// blob returns what was delivered of an entry, unchecked; fs.ErrNotExist if there is nothing.
func (d *folder) blob(height uint64, number int, id da.BlobID) ([]byte, error) {
	return d.read(filepath.Join(strconv.FormatUint(height, 10), blobFile(number, id)), maxBlobFile)
}

// maxBlobFile bounds the largest blob.
const maxBlobFile = da.MaxTxCells * kzg.CellSize

// read reads a file of at most limit bytes.
func (d *folder) read(name string, limit int64) ([]byte, error) {
	info, err := d.root.Stat(name)
	if err == nil && info.Size() > limit {
		err = fmt.Errorf("%s has %d bytes, at most %d are expected", name, info.Size(), limit)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFolder, err)
	}
	content, err := d.root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFolder, err)
	}
	return content, nil
}

// write writes a file and returns once it is on disk.
func (d *folder) write(name string, content []byte) error {
	if err := d.before("write " + name); err != nil {
		return err
	}
	file, err := d.root.Create(name)
	if err != nil {
		return fmt.Errorf("%w: %w", errFolder, err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, d.settle(file), file.Close()); err != nil {
		return fmt.Errorf("%w: %w", errFolder, err)
	}
	return nil
}

// publish gives what was written its name, over a file of that name, and returns once that is on
// disk.
func (d *folder) publish(from, to string) error {
	if err := d.before("publish " + to); err != nil {
		return err
	}
	if err := d.root.Rename(from, to); err != nil {
		return fmt.Errorf("%w: %w", errFolder, err)
	}
	return d.sync(".")
}

// sync puts the names in a folder on disk, where the system knows how.
func (d *folder) sync(name string) error {
	if err := d.before("sync " + name); err != nil || runtime.GOOS == "windows" {
		return err
	}
	opened, err := d.root.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", errFolder, err)
	}
	if err := errors.Join(d.settle(opened), opened.Close()); err != nil {
		return fmt.Errorf("%w: %w", errFolder, err)
	}
	return nil
}

// settle returns once what was written to a file or folder is on disk.
func (d *folder) settle(file *os.File) error {
	if d.unsynced {
		return nil
	}
	return file.Sync()
}

func (d *folder) before(what string) error {
	if d.step == nil {
		return nil
	}
	return d.step(what)
}
