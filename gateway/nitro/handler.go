package nitro

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

const (
	// maxBody is what go-ethereum's server takes, by which Nitro's client cuts what it streams.
	maxBody = 5 << 20
	// inAnswer is what an answer takes for each byte of a batch: as it was read, and twice in base64 as payload and as preimage.
	inAnswer = 7
	// maxAnswer is what is set aside for a proof of reading: a batch and its rows.
	maxAnswer = 4 * gateway.MaxSize
	// sequencerHeader is the length of what comes before the certificate in a sequencer message: five numbers of 64 bits.
	sequencerHeader = 40
	// preimageType is that of what a certificate's hash stands for, see [PreimageType].
	//
	// [PreimageType]: https://github.com/OffchainLabs/nitro/blob/6dce8d139026/arbutil/preimage_type.go
	preimageType = 3
	// retentionSlack is how much longer than the chain keeps data a batch may ask for: the batch poster adds to its
	// own clock, before the batch is in a block.
	retentionSlack = 10 * time.Minute
)

// provider answers the DA API's methods.
type provider struct {
	core    *gateway.Core
	gate    *gateway.Gate
	now     func() time.Time
	streams *streams
	proving chan struct{} // one element for each proof that is being made
}

// New returns the protocol's handler.
func New(core *gateway.Core, gate *gateway.Gate) http.Handler {
	p := &provider{core: core, gate: gate, now: time.Now, streams: newStreams(time.Now), proving: make(chan struct{}, maxProving)}
	methods := map[string]jsonrpc.Method{
		"daprovider_getSupportedHeaderBytes":    {Call: p.headerBytes},
		"daprovider_getMaxMessageSize":          {Call: p.maxSize},
		"daprovider_store":                      {Call: p.store, Writes: true},
		"daprovider_startChunkedStore":          {Call: p.start, Writes: true},
		"daprovider_sendChunk":                  {Call: p.chunk, Writes: true},
		"daprovider_commitChunkedStore":         {Call: p.commit, Writes: true},
		"daprovider_recoverPayload":             {Call: p.recover(true, false)},
		"daprovider_collectPreimages":           {Call: p.recover(false, true)},
		"daprovider_recoverPayloadAndPreimages": {Call: p.recover(true, true)},

		"daprovider_generateReadPreimageProof":        {Call: p.readProof, Answer: maxAnswer},
		"daprovider_generateCertificateValidityProof": {Call: p.validityProof},
	}
	return jsonrpc.New(jsonrpc.Config{Methods: methods, Gate: gate, Guard: core.Guard(), Health: core.Health, MaxBody: maxBody, Explain: unstored})
}

func (p *provider) headerBytes(context.Context, []json.RawMessage) (any, error) {
	return map[string]octets{"headerBytes": {Header}}, nil
}

func (p *provider) maxSize(context.Context, []json.RawMessage) (any, error) {
	return map[string]int{"maxSize": gateway.MaxSize}, nil
}

// stored answers a store.
type stored struct {
	Certificate octets `json:"serialized-da-cert"`
}

func (p *provider) store(ctx context.Context, params []json.RawMessage) (any, error) {
	var message octets
	var timeout number
	if err := jsonrpc.Read(params, &message, &timeout); err != nil {
		return nil, err
	}
	return p.put(ctx, message, uint64(timeout))
}

// put posts a message and returns its certificate. timeout is when it may be forgotten, in seconds since 1970.
func (p *provider) put(ctx context.Context, message []byte, timeout uint64) (any, error) {
	keeps := p.now().Add(p.core.Retention() + retentionSlack)
	if timeout > uint64(keeps.Unix()) {
		return nil, fmt.Errorf("%w: the batch is to be kept until %d, and this chain forgets it by %d", ErrFallback, timeout, keeps.Unix())
	}
	ref, err := p.core.Put(ctx, p.gate, message)
	if err != nil {
		return nil, unstored(err)
	}
	proven, err := p.core.Prove(ctx, ref)
	if err != nil {
		return nil, unstored(err)
	}
	header := proven.Header.DA()
	certificate := Certificate{Ref: ref, DataRoot: header.DataRoot(), BlobTreeRoot: header.BlobTreeRoot, Path: proven.BlobTreeProof}
	return stored{certificate.Encode()}, nil
}

// recovered answers what reads a batch; what was not asked for is left out.
type recovered struct {
	Payload   []byte                       `json:"Payload,omitempty"`
	Preimages map[string]map[string][]byte `json:"Preimages,omitempty"`
}

// recover returns the method that reads the batch of a sequencer message.
func (p *provider) recover(payload, preimages bool) func(context.Context, []json.RawMessage) (any, error) {
	return func(ctx context.Context, params []json.RawMessage) (any, error) {
		var batch number
		var block hash
		var message octets
		if err := jsonrpc.Read(params, &batch, &block, &message); err != nil {
			return nil, err
		}
		if len(message) < sequencerHeader {
			return nil, fmt.Errorf("%w: a sequencer message has %d bytes before the certificate, this one %d in all", ErrInvalidCertificate, sequencerHeader, len(message))
		}
		encoded := message[sequencerHeader:]
		data, err := p.payload(ctx, encoded)
		if err != nil {
			return nil, err
		}
		var answer recovered
		if payload {
			answer.Payload = data
		}
		if preimages {
			name, _ := hash(da.Keccak256(encoded)).MarshalText() // never fails
			answer.Preimages = map[string]map[string][]byte{fmt.Sprint(preimageType): {string(name): data}}
		}
		return answer, nil
	}
}

// payload reads what a certificate stands for, once it is valid.
func (p *provider) payload(ctx context.Context, encoded []byte) ([]byte, error) {
	blob, err := p.batch(ctx, encoded)
	if err != nil {
		return nil, err
	}
	return blob.Data, nil
}

// validate fails with ErrInvalidCertificate where it is proven that a certificate is not valid.
func (p *provider) validate(ctx context.Context, encoded []byte) (*Certificate, error) {
	certificate, err := DecodeCertificate(encoded)
	if err != nil {
		return nil, err
	}
	header, err := p.core.Header(ctx, certificate.Ref.Height)
	if err != nil {
		return nil, err
	}
	return certificate, certificate.compare(header)
}
