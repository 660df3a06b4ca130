package batch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
)

// The kinds of batches.
const (
	KindCelestia = 1
	KindRollkit  = 2
)

const (
	// MaxLabel bounds labels and notes, in bytes.
	MaxLabel = math.MaxUint8
	// MaxItems bounds the items of a batch.
	MaxItems = 1 << 14
)

const (
	magic = gateway.BatchMagic
	// headSize is the size of what comes before the items, without the note, and itemSize of an item without label and data.
	headSize = len(magic) + 1 + 1 + 4
	itemSize = 1 + 4
)

// ErrMalformed means that a blob is no batch.
var ErrMalformed = errors.New("not a batch")

// Batch is what is posted at once.
type Batch struct {
	Kind  byte
	Note  []byte // at most MaxLabel bytes
	Items []Item
}

// Item is a client's blob.
type Item struct {
	Label []byte // at most MaxLabel bytes
	Data  []byte
}

// Size is how many bytes Encode returns.
func (b *Batch) Size() int {
	size := headSize + len(b.Note)
	for i := range b.Items {
		size += itemSize + len(b.Items[i].Label) + len(b.Items[i].Data)
	}
	return size
}

// Room is how many bytes a single item may have under a label of that length, in a batch with a note of that length.
func Room(note, label int) int { return gateway.MaxSize - headSize - note - itemSize - label }

// Encode returns the bytes that are posted. It fails with da.ErrTooLarge where they are more than a blob has.
func (b *Batch) Encode() ([]byte, error) {
	size := b.Size()
	if size > gateway.MaxSize {
		return nil, fmt.Errorf("%w: %d bytes with what goes with them, and what is posted at once has %d at most", da.ErrTooLarge, size, gateway.MaxSize)
	}
	switch {
	case len(b.Items) > MaxItems:
		return nil, fmt.Errorf("%w: %d blobs, and at most %d are posted at once", da.ErrTooLarge, len(b.Items), MaxItems)
	case len(b.Note) > MaxLabel:
		return nil, fmt.Errorf("%w: a note of %d bytes, at most %d", ErrMalformed, len(b.Note), MaxLabel)
	}
	out := append(make([]byte, 0, size), magic...)
	out = append(out, b.Kind, byte(len(b.Note)))
	out = append(out, b.Note...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(b.Items)))
	for i := range b.Items {
		item := &b.Items[i]
		if len(item.Label) > MaxLabel {
			return nil, fmt.Errorf("%w: a label of %d bytes, at most %d", ErrMalformed, len(item.Label), MaxLabel)
		}
		out = append(append(out, byte(len(item.Label))), item.Label...)
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(item.Data))), item.Data...)
	}
	return out, nil
}

// Decode reads what Encode wrote, without copying. It fails with ErrMalformed.
func Decode(encoded []byte) (*Batch, error) {
	rest, ok := bytes.CutPrefix(encoded, []byte(magic))
	if !ok || len(rest) < headSize-len(magic) {
		return nil, fmt.Errorf("%w: it does not begin as one", ErrMalformed)
	}
	b := &Batch{Kind: rest[0]}
	if b.Note, rest, ok = cut(rest[1:], 1); !ok || len(rest) < 4 {
		return nil, fmt.Errorf("%w: it ends in the note", ErrMalformed)
	}
	count := binary.BigEndian.Uint32(rest)
	rest = rest[4:]
	if count > MaxItems || int(count) > len(rest)/itemSize {
		return nil, fmt.Errorf("%w: no room for %d items", ErrMalformed, count)
	}
	b.Items = make([]Item, count)
	for i := range b.Items {
		item := &b.Items[i]
		if item.Label, rest, ok = cut(rest, 1); ok {
			item.Data, rest, ok = cut(rest, 4)
		}
		if !ok {
			return nil, fmt.Errorf("%w: it ends in item %d of %d", ErrMalformed, i, count)
		}
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes follow it", ErrMalformed, len(rest))
	}
	return b, nil
}

// cut reads a length of 1 or 4 bytes, and as many bytes.
func cut(from []byte, width int) (part, rest []byte, ok bool) {
	if len(from) < width {
		return nil, nil, false
	}
	length := uint64(from[0])
	if width == 4 {
		length = uint64(binary.BigEndian.Uint32(from))
	}
	from = from[width:]
	if length > uint64(len(from)) {
		return nil, nil, false
	}
	return from[:length:length], from[length:], true
}
