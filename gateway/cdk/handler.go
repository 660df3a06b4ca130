package cdk

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

const (
	// maxBody bounds a request in bytes: a sequence of 16 MiB, in hex.
	maxBody = 33 << 20
	// putsAtOnce is how many batches of a sequence are on their way together.
	putsAtOnce = 32
	// maxHashes is how many hashes the member takes at once, see [maxListHashes].
	//
	// [maxListHashes]: https://github.com/0xPolygon/cdk-data-availability/blob/v0.0.13/services/sync/sync.go
	maxHashes = 100
	// maxList is how many bytes of data sync_listOffChainData answers; asks for more are to be cut.
	maxList = 16 << 20
	// inHex is what an answer takes for each byte of data: itself, and hex as it is made and as it is sent.
	inHex = 5
)

// Config is what a member is made of. Key and Sequencer are required.
type Config struct {
	// Key signs sequences.
	Key *ecdsa.PrivateKey
	// Sequencer is the account of the validium's trusted sequencer: others' sequences are neither stored nor signed.
	Sequencer common.Address
	// Sequences is the file that remembers which sequences were signed; it is created if need be. Empty: forgotten at the end.
	Sequences string
	// Version is what the status says.
	Version string
}

// member answers the methods.
type member struct {
	config Config
	core   *gateway.Core
	gate   *gateway.Gate
	signed *signed
	began  time.Time
}

// New returns the protocol's handler.
func New(core *gateway.Core, gate *gateway.Gate, config Config) (http.Handler, error) {
	if config.Key == nil || config.Sequencer == (common.Address{}) {
		return nil, errors.New("gateway: cdk: a member needs its key and the address of the sequencer")
	}
	signed, err := openSigned(config.Sequences)
	if err != nil {
		return nil, err
	}
	m := &member{config, core, gate, signed, time.Now()}
	methods := map[string]jsonrpc.Method{
		"datacom_signSequence":       {Call: m.sign(decode), Writes: true},
		"datacom_signSequenceBanana": {Call: m.sign(decodeBanana), Writes: true},
		"sync_getOffChainData":       {Call: m.get},
		"sync_listOffChainData":      {Call: m.list},
		"status_getStatus":           {Call: m.status},
	}
	served := jsonrpc.New(jsonrpc.Config{
		Methods: methods, Gate: gate, Guard: core.Guard(), Health: core.Health, MaxBody: maxBody, Code: codeOf, Malformed: http.StatusInternalServerError,
	})
	mux := http.NewServeMux()
	mux.Handle("/", served)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("zkEVM JSON RPC Server")) // what a member says to who looks whether it lives
	})
	return mux, nil
}

// failure is an error of the protocol's.
type failure struct {
	code    int
	message string
}

// Error implements error.
func (f *failure) Error() string { return f.message }

func failed(format string, args ...any) error {
	return &failure{jsonrpc.CodeServer, fmt.Sprintf(format, args...)}
}

func invalid() error { return &failure{jsonrpc.CodeInvalidParams, "Invalid Params"} }

func codeOf(err error) int {
	if known := (*failure)(nil); errors.As(err, &known) {
		return known.code
	}
	return jsonrpc.CodeServer
}

// count fails unless there are that many parameters.
func count(params []json.RawMessage, want int) error {
	switch {
	case len(params) > want:
		return &failure{jsonrpc.CodeInvalidParams, fmt.Sprintf("too many arguments, want at most %d", want)}
	case len(params) < want:
		return invalid()
	}
	return nil
}

// sign returns the method that stores a sequence's batches and signs it.
func (m *member) sign(decode func(json.RawMessage) (*sequence, error)) func(context.Context, []json.RawMessage) (any, error) {
	return func(ctx context.Context, params []json.RawMessage) (any, error) {
		if err := count(params, 1); err != nil {
			return nil, err
		}
		release, err := m.gate.Reserve(2 * int64(len(params[0]))) // its list, and half as much as bytes
		if err != nil {
			return nil, failed("failed to store offchain data. Error: %v", err)
		}
		defer release()
		s, err := decode(params[0])
		if err != nil {
			return nil, invalid()
		}
		signer, err := s.signer()
		switch {
		case err != nil:
			return nil, failed("failed to verify sender")
		case signer != m.config.Sequencer:
			return nil, failed("unauthorized")
		case len(s.batches) == 0:
			return nil, failed("failed to sign. Error: the sequence has no batches, so that nothing would be vouched for")
		}
		if err := m.store(ctx, s); err != nil {
			return nil, failed("failed to store offchain data. Error: %v", err)
		}
		signature, err := crypto.Sign(s.hash[:], m.config.Key)
		if err != nil {
			return nil, failed("failed to sign. Error: %v", err)
		}
		signature[crypto.RecoveryIDOffset] += firstRecovery
		return octets(signature), nil
	}
}

// store returns once all batches are final, and the sequence is known to be signed. What was signed before is not stored again:
// it is there, or too old to be vouched for.
func (m *member) store(ctx context.Context, s *sequence) error {
	put := func(ctx context.Context, data []byte) (gateway.Ref, error) { return m.core.Put(ctx, m.gate, data) }
	if m.signed.has(s.hash) {
		put = m.core.Kept
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(putsAtOnce)
	for _, data := range s.batches {
		if len(data) == 0 {
			continue // there is nothing to keep, and everybody has it
		}
		group.Go(func() error {
			return m.core.Guard().Call(func() error {
				_, err := put(ctx, data)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return m.signed.add(s.hash)
}

// read returns the data with a hash.
func (m *member) read(ctx context.Context, hash common.Hash) (octets, error) {
	if hash == da.Keccak256(nil) { // which no blob is
		return octets{}, nil
	}
	ref, err := m.core.FindKeccak(ctx, hash)
	if err != nil {
		return nil, err
	}
	release, err := m.gate.Await(ctx, gateway.MaxSize) // not before it is known to be there, which may take long
	if err != nil {
		return nil, err
	}
	defer release()
	blob, err := m.core.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	return blob.Data, jsonrpc.Hold(ctx, inHex*int64(len(blob.Data)))
}

// get answers sync_getOffChainData.
func (m *member) get(ctx context.Context, params []json.RawMessage) (any, error) {
	if err := count(params, 1); err != nil {
		return nil, err
	}
	hash, err := parseHash(params[0])
	if err != nil {
		return nil, invalid()
	}
	data, err := m.read(ctx, hash)
	if err != nil {
		return nil, failed("failed to get the requested data: %v", err)
	}
	return data, nil
}

// list answers sync_listOffChainData: what is proven not to exist is left out.
func (m *member) list(ctx context.Context, params []json.RawMessage) (any, error) {
	if err := count(params, 1); err != nil {
		return nil, err
	}
	hashes, err := parseHashes(params[0])
	if err != nil {
		return nil, err
	}
	found, size := map[common.Hash]octets{}, 0
	for _, hash := range hashes {
		if _, ok := found[hash]; ok {
			continue
		}
		data, err := m.read(ctx, hash)
		switch {
		case errors.Is(err, da.ErrNotFound), errors.Is(err, da.ErrPruned):
			continue
		case err != nil:
			return nil, failed("failed to list the requested data: %v", err)
		}
		if size += len(data); size > maxList {
			return nil, failed("failed to list the requested data: it has more than %d bytes, ask for fewer hashes", maxList)
		}
		found[hash] = data
	}
	return found, nil
}

// parseHashes reads the parameter of sync_listOffChainData.
func parseHashes(encoded json.RawMessage) ([]common.Hash, error) {
	list, err := jsonrpc.List(encoded, maxHashes)
	switch {
	case errors.Is(err, jsonrpc.ErrTooMany):
		return nil, &failure{jsonrpc.CodeInvalidRequest, "too many hashes requested"}
	case err != nil:
		return nil, invalid()
	}
	hashes := make([]common.Hash, len(list))
	for i := range list {
		if hashes[i], err = parseHash(list[i]); err != nil {
			return nil, invalid()
		}
	}
	return hashes, nil
}

// status is what a member says of itself.
type status struct {
	Uptime  string `json:"uptime"`
	Version string `json:"version"`
	Keys    uint64 `json:"key_count"`
	// Height is Ashlar's, up to which batches are known; a member of its own would say Ethereum's.
	Height uint64 `json:"last_synchronized_block"`
}

// status answers status_getStatus.
func (m *member) status(_ context.Context, params []json.RawMessage) (any, error) {
	if err := count(params, 0); err != nil {
		return nil, err
	}
	keys, height := m.core.Indexed()
	return status{time.Since(m.began).String(), m.config.Version, uint64(keys), height}, nil
}
