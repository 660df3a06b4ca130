package gateway

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/ashlar-da/ashlar/da"
)

// A file is a list of lines: length of the body, body, CRC-32C of the body, numbers of 32 bits
// big-endian. What follows the last whole line was being written when the process ended, and is cut off.
const (
	kindChain = 1 // version 1, namespace, chain id: the first line; or version 2, namespace, digest of the posters, chain id
	kindMark  = 2 // from, height, time in nanoseconds, 8 bytes each; hash
	kindEntry = 3 // height, time; the encoded entry

	fileVersion = 1
	ofPosters   = 2 // the version of a file that has the blobs of some posters alone
	frameSize   = 8
	maxBody     = 1 + 16 + da.MaxEntrySize
)

// line is a decoded line.
type line struct {
	kind      byte
	namespace da.Namespace
	posters   [da.HashSize]byte // their digest, zero: all
	chainID   string
	mark      mark
	entry     da.Entry
}

// indexFile is appended to. It is not safe for concurrent use.
type indexFile struct {
	path  string
	file  *os.File
	size  int64 // of what is whole
	empty bool
}

// openIndexFile has every line of the file taken, and cuts off what is torn.
func openIndexFile(path string, take func(*line) error) (*indexFile, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("gateway: index: %w", err)
	}
	f := &indexFile{path: path, file: file}
	if err := f.load(take); err != nil {
		return nil, errors.Join(fmt.Errorf("gateway: index %s: %w", path, err), file.Close())
	}
	return f, nil
}

func (f *indexFile) load(take func(*line) error) error {
	content, err := io.ReadAll(f.file)
	if err != nil {
		return err
	}
	whole, err := readLines(content, take)
	if err != nil {
		return err
	}
	f.size, f.empty = int64(whole), whole == 0
	return f.file.Truncate(f.size)
}

// readLines has the whole lines at the beginning of content taken, and returns their length.
func readLines(content []byte, take func(*line) error) (int, error) {
	whole := 0
	for {
		body, size := nextBody(content[whole:])
		if body == nil {
			return whole, nil
		}
		decoded, err := decodeLine(body)
		if err != nil {
			return whole, fmt.Errorf("%w; remove it, and it is made again from the chain", err)
		}
		if (whole == 0) != (decoded.kind == kindChain) {
			return whole, fmt.Errorf("%w: it is none of a gateway's", da.ErrMalformed)
		}
		if err := take(decoded); err != nil {
			return whole, err
		}
		whole += size
	}
}

// nextBody returns the body of the first line, and the line's size; nil if it is not whole.
func nextBody(content []byte) ([]byte, int) {
	if len(content) < frameSize {
		return nil, 0
	}
	size := int64(binary.BigEndian.Uint32(content))
	if size == 0 || size > maxBody || size+frameSize > int64(len(content)) {
		return nil, 0
	}
	body := content[4 : 4+size]
	if crc32.Checksum(body, castagnoli()) != binary.BigEndian.Uint32(content[4+size:]) {
		return nil, 0
	}
	return body, int(size) + frameSize
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// decodeLine reads a body, which has at least one byte.
func decodeLine(body []byte) (*line, error) {
	decoded, rest := &line{kind: body[0]}, body[1:]
	switch {
	case decoded.kind == kindChain && len(rest) > 1+da.NamespaceSize && rest[0] == fileVersion:
		decoded.namespace = da.Namespace(rest[1 : 1+da.NamespaceSize])
		decoded.chainID = string(rest[1+da.NamespaceSize:])
	case decoded.kind == kindChain && len(rest) > 1+da.NamespaceSize+da.HashSize && rest[0] == ofPosters:
		decoded.namespace, rest = da.Namespace(rest[1:1+da.NamespaceSize]), rest[1+da.NamespaceSize:]
		decoded.posters, decoded.chainID = [da.HashSize]byte(rest), string(rest[da.HashSize:])
	case decoded.kind == kindMark && len(rest) == 24+da.HashSize:
		decoded.mark.from, rest = binary.BigEndian.Uint64(rest), rest[8:]
		decoded.mark.height, decoded.mark.time = binary.BigEndian.Uint64(rest), nanoseconds(rest[8:])
		decoded.mark.hash = [da.HashSize]byte(rest[16:])
	case decoded.kind == kindEntry && len(rest) > 16:
		decoded.mark.height, decoded.mark.time = binary.BigEndian.Uint64(rest), nanoseconds(rest[8:])
		entry, err := da.DecodeEntry(rest[16:])
		if err != nil {
			return nil, err
		}
		decoded.entry = *entry
	default:
		return nil, fmt.Errorf("%w: a line of kind %d with %d bytes", da.ErrMalformed, decoded.kind, len(body))
	}
	return decoded, nil
}

func nanoseconds(encoded []byte) time.Time {
	return time.Unix(0, int64(binary.BigEndian.Uint64(encoded)))
}

// append writes what a block has, and a mark of it, behind the first line.
func (f *indexFile) append(first []byte, entries []da.Entry, m mark) error {
	var lines []byte
	if f.empty {
		lines = appendLine(lines, first)
	}
	for i := range entries {
		body := binary.BigEndian.AppendUint64([]byte{kindEntry}, m.height)
		body = binary.BigEndian.AppendUint64(body, uint64(m.time.UnixNano()))
		lines = appendLine(lines, append(body, entries[i].Encode()...))
	}
	lines = appendLine(lines, m.body())
	if _, err := f.file.WriteAt(lines, f.size); err != nil {
		return fmt.Errorf("%w: %w", errIndexFile, err)
	}
	f.size += int64(len(lines))
	f.empty = false
	return nil
}

// body is that of a mark's line.
func (m *mark) body() []byte {
	body := binary.BigEndian.AppendUint64([]byte{kindMark}, m.from)
	body = binary.BigEndian.AppendUint64(body, m.height)
	body = binary.BigEndian.AppendUint64(body, uint64(m.time.UnixNano()))
	return append(body, m.hash[:]...)
}

func appendLine(lines, body []byte) []byte {
	lines = binary.BigEndian.AppendUint32(lines, uint32(len(body)))
	lines = append(lines, body...)
	return binary.BigEndian.AppendUint32(lines, crc32.Checksum(body, castagnoli()))
}

func (f *indexFile) close() error {
	return errors.Join(f.file.Sync(), f.file.Close())
}
