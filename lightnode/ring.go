package lightnode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/store/disk"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/erasure/kzg"
	"github.com/ashlar-da/ashlar/p2p"
	"github.com/ashlar-da/ashlar/proto/wire"
)

// kept is what the ring holds of a height, all of it verified.
type kept struct {
	header *p2p.Header // with its proof and its validators
	coords []erasure.Coord
	cells  []*p2p.CellProof
}

// ring keeps the cells sampled of the newest heights, and those heights' headers, within
// a bound in bytes: one file for each height, written in one step, so that what is
// dropped is at once free again. It is safe for concurrent use.
type ring struct {
	root  *os.Root
	limit int64
	space *disk.Space

	mu    sync.Mutex
	sizes map[uint64]int64 // of the files, by height; guarded by mu
	total int64            // guarded by mu
}

const (
	ringSuffix  = ".cells"
	ringMessage = 3 // a header, coordinates, cells
)

var errRing = errors.New("lightnode: a file of kept cells is damaged")

// openRing opens or creates the ring in a folder, drops what a crash left half-written
// and what is beyond the limit. Nothing is put into it while the disk is full.
func openRing(folder string, limit int64, space *disk.Space) (*ring, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("lightnode: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("lightnode: %w", err)
	}
	r := &ring{root: root, limit: limit, space: space, sizes: make(map[uint64]int64)}
	if err := r.load(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return r, nil
}

func (r *ring) load() error {
	files, err := fs.ReadDir(r.root.FS(), ".")
	if err != nil {
		return fmt.Errorf("lightnode: reading kept cells: %w", err)
	}
	for _, file := range files {
		name, ours := strings.CutSuffix(file.Name(), ringSuffix)
		height, err := strconv.ParseUint(name, 10, 64)
		info, statErr := file.Info()
		if !ours || err != nil || statErr != nil {
			_ = r.root.Remove(file.Name()) // a write that a crash cut short
			continue
		}
		r.sizes[height] = info.Size()
		r.total += info.Size()
	}
	return r.trim()
}

func (r *ring) close() error { return r.root.Close() }

func ringFile(height uint64) string { return strconv.FormatUint(height, 10) + ringSuffix }

// put writes what is kept of a height, over what was. Lower heights make room for it; if
// it is itself the lowest, it may be what goes.
func (r *ring) put(height uint64, k *kept) error {
	encoded, err := k.encode(height)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if int64(len(encoded)) > r.limit {
		return nil
	}
	if err := r.space.Check(); err != nil {
		return fmt.Errorf("lightnode: keeping cells: %w", err)
	}
	temporary := filepath.Base(ringFile(height)) + ".new"
	if err := r.root.WriteFile(temporary, encoded, 0o600); err != nil {
		_ = r.root.Remove(temporary) // what a disk that filled up took of it
		return fmt.Errorf("lightnode: keeping cells: %w", err)
	}
	if err := r.root.Rename(temporary, ringFile(height)); err != nil {
		return fmt.Errorf("lightnode: keeping cells: %w", err)
	}
	r.total += int64(len(encoded)) - r.sizes[height]
	r.sizes[height] = int64(len(encoded))
	return r.trim()
}

// trim drops the lowest heights until the ring is within its limit; mu must be held, or
// nobody else know the ring yet.
func (r *ring) trim() error {
	for r.total > r.limit {
		lowest := uint64(math.MaxUint64)
		for height := range r.sizes {
			lowest = min(lowest, height)
		}
		if err := r.erase(lowest); err != nil {
			return err
		}
	}
	return nil
}

// drop forgets a height.
func (r *ring) drop(height uint64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.erase(height)
}

func (r *ring) erase(height uint64) error {
	size, held := r.sizes[height]
	if !held {
		return nil
	}
	r.total -= size
	delete(r.sizes, height)
	if err := r.root.Remove(ringFile(height)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("lightnode: dropping kept cells: %w", err)
	}
	return nil
}

// get returns what is kept of a height: da.ErrNotFound if nothing is. A damaged file is
// dropped, never served.
func (r *ring) get(height uint64) (*kept, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, held := r.sizes[height]; !held {
		return nil, fmt.Errorf("lightnode: height %d: %w", height, da.ErrNotFound)
	}
	encoded, err := r.root.ReadFile(ringFile(height))
	if err != nil {
		return nil, fmt.Errorf("lightnode: reading kept cells: %w", err)
	}
	k, err := decodeKept(encoded, height)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("height %d: %w", height, err), da.ErrNotFound, r.erase(height))
	}
	return k, nil
}

// usage returns the bytes and heights kept.
func (r *ring) usage() (bytes int64, heights int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total, len(r.sizes)
}

// size returns the bytes kept of a height.
func (r *ring) size(height uint64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int(r.sizes[height])
}

// newest returns the highest height kept, 0 if there is none.
func (r *ring) newest() (height uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for h := range r.sizes {
		height = max(height, h)
	}
	return height
}

// encode returns a file's content: the messages that peers exchange about a header and
// about cells, each after its length, and a checksum.
func (k *kept) encode(height uint64) ([]byte, error) {
	header, err := encodeHeader(k.header)
	if err != nil {
		return nil, err
	}
	request, response := &wire.CellsRequest{Height: height}, &wire.CellsResponse{Status: wire.Status_STATUS_OK}
	for i, c := range k.coords {
		request.Coords = append(request.Coords, &wire.Coord{Row: uint32(c.Row), Column: uint32(c.Column)})
		response.Cells = append(response.Cells, &wire.CellProof{Cell: k.cells[i].Cell[:], Proof: k.cells[i].Proof[:]})
	}
	asked, err := request.Marshal()
	answered, err2 := response.Marshal()
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("lightnode: encoding cells: %w", err)
	}
	var out []byte
	for _, message := range [ringMessage][]byte{header, asked, answered} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(message)))
		out = append(out, message...)
	}
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out)), nil
}

// decodeKept reads a file of a height.
func decodeKept(in []byte, height uint64) (*kept, error) {
	messages, err := splitKept(in)
	if err != nil {
		return nil, err
	}
	header, err := decodeHeader(messages[0])
	if err != nil {
		return nil, err
	}
	var request wire.CellsRequest
	var response wire.CellsResponse
	if err := errors.Join(request.Unmarshal(messages[1]), response.Unmarshal(messages[2])); err != nil {
		return nil, fmt.Errorf("%w: %w", errRing, err)
	}
	if request.Height != height || uint64(header.Signed.Height) != height || len(request.Coords) != len(response.Cells) {
		return nil, fmt.Errorf("%w: it is of another height, or short of cells", errRing)
	}
	k := &kept{header: header}
	for i, c := range request.Coords {
		cell := new(p2p.CellProof)
		if copy(cell.Cell[:], response.Cells[i].Cell) != kzg.CellSize || copy(cell.Proof[:], response.Cells[i].Proof) != kzg.PointSize {
			return nil, fmt.Errorf("%w: a cell is too short", errRing)
		}
		k.coords, k.cells = append(k.coords, erasure.Coord{Row: int(c.Row), Column: int(c.Column)}), append(k.cells, cell)
	}
	return k, nil
}

// splitKept checks a file's checksum and returns its messages.
func splitKept(in []byte) (messages [ringMessage][]byte, err error) {
	body := in[:max(len(in)-4, 0)]
	if len(in) < 4 || crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(in[len(body):]) {
		return messages, fmt.Errorf("%w: checksum", errRing)
	}
	for i := range messages {
		if len(body) < 4 || uint64(len(body)-4) < uint64(binary.BigEndian.Uint32(body)) {
			return messages, fmt.Errorf("%w: length", errRing)
		}
		n := 4 + int(binary.BigEndian.Uint32(body))
		messages[i], body = body[4:n], body[n:]
	}
	if len(body) != 0 {
		return messages, fmt.Errorf("%w: length", errRing)
	}
	return messages, nil
}
