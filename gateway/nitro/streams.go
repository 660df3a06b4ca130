package nitro

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

// The bounds of what is streamed, those of [receiver.go].
//
// [receiver.go]: https://github.com/OffchainLabs/nitro/blob/6dce8d139026/daprovider/data_streaming/receiver.go
const (
	maxStreams    = 10
	streamIdle    = time.Minute
	validity      = 5 * time.Minute
	signatureSize = 65
)

var errStream = errors.New("chunked store")

// streams are messages of which parts have come. It is safe for concurrent use.
type streams struct {
	now func() time.Time

	mu   sync.Mutex
	open map[uint64]*stream // guarded by mu
}

// stream is a message of which parts have come.
type stream struct {
	chunkSize, timeout uint64
	data               []byte
	came               []bool // by number of the chunk
	missing            int
	touched            time.Time
}

func newStreams(now func() time.Time) *streams {
	return &streams{now: now, open: make(map[uint64]*stream)}
}

// checkSignature compares a commitment to what is sent: the keccak of the bytes and the numbers after it. Nitro may
// sign that with the batch poster's key instead: who may store is for tokens to say here, and such a
// signature is not looked at.
func checkSignature(signature, data []byte, numbers ...uint64) error {
	if len(signature) == signatureSize {
		return nil
	}
	var extras []byte
	for _, n := range numbers {
		extras = binary.BigEndian.AppendUint64(extras, n)
	}
	if want := da.Keccak256(data, extras); !bytes.Equal(signature, want[:]) {
		return fmt.Errorf("%w: the signature does not match", errStream)
	}
	return nil
}

// begin opens a stream and returns its number. The same opening twice makes two streams: two messages of one length that
// are sent in one second are opened by the same bytes.
func (s *streams) begin(timestamp, chunks, chunkSize, total, timeout uint64, signature []byte) (uint64, error) {
	if err := checkSignature(signature, nil, timestamp, chunks, chunkSize, total, timeout); err != nil {
		return 0, err
	}
	switch age := s.now().Sub(time.Unix(int64(timestamp), 0)); {
	case total > gateway.MaxSize:
		return 0, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, total, gateway.MaxSize)
	case total == 0 || chunkSize == 0 || chunks != (total-1)/chunkSize+1:
		return 0, fmt.Errorf("%w: %d chunks of %d bytes are not %d bytes", errStream, chunks, chunkSize, total)
	case age.Abs() > validity:
		return 0, fmt.Errorf("%w: signed at %d, which is too far from now", errStream, timestamp)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	if len(s.open) >= maxStreams {
		return 0, fmt.Errorf("%w: %w: %d streams are open", ErrFallback, gateway.ErrBusy, len(s.open))
	}
	id := s.free()
	s.open[id] = &stream{
		chunkSize: chunkSize, timeout: timeout, data: make([]byte, total), came: make([]bool, chunks), missing: int(chunks), touched: s.now(),
	}
	return id, nil
}

// free draws a number that no stream has. The caller holds mu.
func (s *streams) free() uint64 {
	for {
		var raw [8]byte
		_, _ = rand.Read(raw[:]) // never fails
		if id := binary.BigEndian.Uint64(raw[:]); id != 0 && s.open[id] == nil {
			return id
		}
	}
}

// expire drops what nothing came of for a while. The caller holds mu.
func (s *streams) expire() {
	now := s.now()
	for id, one := range s.open {
		if now.Sub(one.touched) > streamIdle {
			delete(s.open, id)
		}
	}
}

// add takes a part. The same part may come twice.
func (s *streams) add(id, number uint64, chunk, signature []byte) error {
	if err := checkSignature(signature, chunk, id, number); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	one := s.open[id]
	if one == nil {
		return fmt.Errorf("%w: there is no stream %d, or no more", errStream, id)
	}
	if number >= uint64(len(one.came)) {
		return fmt.Errorf("%w: chunk %d of %d", errStream, number, len(one.came))
	}
	place := one.data[number*one.chunkSize : min((number+1)*one.chunkSize, uint64(len(one.data)))]
	switch {
	case len(chunk) != len(place):
		return fmt.Errorf("%w: chunk %d has %d bytes, want %d", errStream, number, len(chunk), len(place))
	case one.came[number] && !bytes.Equal(place, chunk):
		delete(s.open, id)
		return fmt.Errorf("%w: chunk %d came twice and differs: the stream is closed", errStream, number)
	case !one.came[number]:
		copy(place, chunk)
		one.came[number] = true
		one.missing--
	}
	one.touched = s.now()
	return nil
}

// end closes a stream and returns the message.
func (s *streams) end(id uint64, signature []byte) (*stream, error) {
	if err := checkSignature(signature, nil, id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	one := s.open[id]
	delete(s.open, id)
	switch {
	case one == nil:
		return nil, fmt.Errorf("%w: there is no stream %d, or no more", errStream, id)
	case one.missing > 0:
		return nil, fmt.Errorf("%w: %d of %d chunks are missing: the stream is closed", errStream, one.missing, len(one.came))
	}
	return one, nil
}

func (p *provider) start(_ context.Context, params []json.RawMessage) (any, error) {
	var timestamp, chunks, chunkSize, total, timeout number
	var signature octets
	if err := jsonrpc.Read(params, &timestamp, &chunks, &chunkSize, &total, &timeout, &signature); err != nil {
		return nil, err
	}
	id, err := p.streams.begin(uint64(timestamp), uint64(chunks), uint64(chunkSize), uint64(total), uint64(timeout), signature)
	if err != nil {
		return nil, err
	}
	return map[string]number{"BatchId": number(id)}, nil
}

func (p *provider) chunk(_ context.Context, params []json.RawMessage) (any, error) {
	var id, at number
	var chunk, signature octets
	if err := jsonrpc.Read(params, &id, &at, &chunk, &signature); err != nil {
		return nil, err
	}
	return nil, p.streams.add(uint64(id), uint64(at), chunk, signature)
}

func (p *provider) commit(ctx context.Context, params []json.RawMessage) (any, error) {
	var id number
	var signature octets
	if err := jsonrpc.Read(params, &id, &signature); err != nil {
		return nil, err
	}
	message, err := p.streams.end(uint64(id), signature)
	if err != nil {
		return nil, err
	}
	return p.put(ctx, message.data, message.timeout)
}
