package celestia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/batch"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

const (
	// maxBody has room for what ev-node takes for the size of a blob, 5 MiB, in base64: a blob too large hears so.
	maxBody = 8 << 20
	// maxNamespaces bounds those that are asked for at once.
	maxNamespaces = 64
	// copies is how often a blob's bytes are in memory while they become JSON, or come from it.
	copies = 4
	// shownCost is what a blob takes while it becomes JSON, besides its bytes.
	shownCost = 1 << 10
	// headerAnswer is what is set aside for a header: its commit has a signature for each validator.
	headerAnswer = 256 << 10
)

// CelestiaPath is where headers have celestia-node's form. Everywhere else they have ev-node's.
const CelestiaPath = "/celestia"

// node answers as a Celestia node would.
type node struct {
	core   *gateway.Core
	gate   *gateway.Gate
	reader *batch.Reader
	header flavour
}

// New returns the protocol's handler.
func New(core *gateway.Core, gate *gateway.Gate) http.Handler {
	reader := batch.NewReader(core, batch.KindCelestia, nameItem, jsonrpc.Hold)
	mux := http.NewServeMux()
	mux.Handle("/", (&node{core, gate, reader, evnodeHeader}).handler())
	mux.Handle(CelestiaPath, (&node{core, gate, reader, celestiaHeader}).handler())
	return mux
}

func (n *node) handler() http.Handler {
	return jsonrpc.New(jsonrpc.Config{
		Methods: map[string]jsonrpc.Method{
			"blob.Submit":             {Call: n.submit, Writes: true},
			"blob.Get":                {Call: n.get},
			"blob.GetAll":             {Call: n.getAll},
			"blob.GetProof":           {Call: n.getProof},
			"blob.Included":           {Call: n.included},
			"blob.GetCommitmentProof": {Call: n.getCommitmentProof},
			"header.GetByHeight":      {Call: n.getByHeight, Answer: headerAnswer},
			"header.WaitForHeight":    {Call: n.waitForHeight},
			"header.LocalHead":        {Call: n.head, Answer: headerAnswer},
			"header.NetworkHead":      {Call: n.head, Answer: headerAnswer},
		},
		Streams: map[string]jsonrpc.Stream{"blob.Subscribe": n.subscribe},
		Gate:    n.gate, Guard: n.core.Guard(), Health: n.core.Health, MaxBody: maxBody,
		Code: func(error) int { return codeError },
	})
}

// submit posts blobs at one height, and answers with that. What the second parameter says of fees and accounts is not
// looked at: the gateway pays as it was told.
func (n *node) submit(ctx context.Context, params []json.RawMessage) (any, error) {
	if len(params) == 0 || len(params) > 2 {
		return nil, fmt.Errorf("%w: %d parameters, want blobs and options", jsonrpc.ErrInvalidParams, len(params))
	}
	if err := jsonrpc.Hold(ctx, copies*int64(len(params[0]))); err != nil {
		return nil, err
	}
	submitted, err := jsonrpc.Elements[blobJSON](params[0], batch.MaxItems)
	if err != nil {
		return nil, err
	}
	if len(submitted) == 0 {
		return nil, fmt.Errorf("%w: no blobs provided", jsonrpc.ErrInvalidParams)
	}
	posted := batch.Batch{Kind: batch.KindCelestia}
	for i := range submitted {
		b, err := readBlob(&submitted[i])
		if err != nil {
			return nil, fmt.Errorf("blob %d: %w", i, err)
		}
		posted.Items = append(posted.Items, b.item())
	}
	encoded, err := posted.Encode()
	if err != nil {
		return nil, unsubmitted(err)
	}
	ref, err := n.core.PutBatch(ctx, n.gate, encoded)
	if err != nil {
		return nil, unsubmitted(err)
	}
	return ref.Height, nil
}

// place is what most methods are asked about.
type place struct {
	height     uint64
	namespace  namespace
	commitment []byte
}

// readPlace decodes height, namespace, what is between, and commitment.
func readPlace(params []json.RawMessage, between ...any) (*place, error) {
	var p place
	into := append([]any{&p.height, &p.namespace}, between...)
	if err := jsonrpc.Read(params, append(into, &p.commitment)...); err != nil {
		return nil, err
	}
	return &p, positive(p.height)
}

// positive fails for heights that no chain has.
func positive(height uint64) error {
	switch {
	case height == 0:
		return fmt.Errorf("%w: height is equal to 0", jsonrpc.ErrInvalidParams)
	case height > math.MaxInt64:
		return fmt.Errorf("%w: %d", ErrFuture, height)
	}
	return nil
}

// find returns the blobs of a place: more than one where the same was submitted more than once. It fails with ErrNotFound
// where it is proven that there is none.
func (n *node) find(ctx context.Context, p *place) ([]batch.Found, error) {
	at, err := n.reader.At(ctx, p.height)
	if err != nil {
		return nil, unread(err)
	}
	var found []batch.Found
	for i := range at.Items {
		if at.Items[i].Name == name(da.Namespace(p.namespace), p.commitment) {
			found = append(found, at.Items[i])
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: none with commitment %x at height %d", ErrNotFound, p.commitment, p.height)
	}
	return found, nil
}

func (n *node) get(ctx context.Context, params []json.RawMessage) (any, error) {
	p, err := readPlace(params)
	if err != nil {
		return nil, err
	}
	found, err := n.find(ctx, p)
	if err != nil {
		return nil, err
	}
	return show(&found[0]), jsonrpc.Hold(ctx, copies*int64(len(found[0].Data)))
}

// getAll answers with all blobs of namespaces at a height, in the order of the namespaces; with none where there are none.
func (n *node) getAll(ctx context.Context, params []json.RawMessage) (any, error) {
	var height uint64
	var encoded json.RawMessage
	if err := jsonrpc.Read(params, &height, &encoded); err != nil {
		return nil, err
	}
	namespaces, err := jsonrpc.Elements[namespace](encoded, maxNamespaces)
	if err == nil {
		err = positive(height)
	}
	if err != nil {
		return nil, err
	}
	at, err := n.reader.At(ctx, height)
	if err != nil {
		return nil, unread(err)
	}
	blobs := []*blobJSON{}
	for _, wanted := range namespaces {
		of, err := shown(ctx, at, da.Namespace(wanted))
		if err != nil {
			return nil, err
		}
		blobs = append(blobs, of...)
	}
	return blobs, nil
}

// shown returns what a height has of a namespace.
func shown(ctx context.Context, at *batch.Height, namespace da.Namespace) (blobs []*blobJSON, err error) {
	size := 0
	for i := range at.Items {
		if isOf(&at.Items[i], namespace) {
			size += shownCost + copies*len(at.Items[i].Data)
		}
	}
	if err := jsonrpc.Hold(ctx, int64(size)); err != nil {
		return nil, err
	}
	for i := range at.Items {
		if isOf(&at.Items[i], namespace) {
			blobs = append(blobs, show(&at.Items[i]))
		}
	}
	return blobs, nil
}

func (n *node) getCommitmentProof(_ context.Context, params []json.RawMessage) (any, error) {
	if _, err := readPlace(params); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: a commitment's proof goes to the rows of one; ask for blob.GetProof, and verify by blob.Included", ErrNoSquare)
}

// included tells whether a height has a blob, by the proof that getProof gave. It fails with ErrInvalidProof where the
// height has it, and the proof is not of that.
func (n *node) included(ctx context.Context, params []json.RawMessage) (any, error) {
	var proof Proof
	p, err := readPlace(params, &proof)
	if err != nil {
		return nil, err
	}
	found, err := n.find(ctx, p)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return nil, err
	}
	header, err := n.core.Header(ctx, p.height)
	if err != nil {
		return nil, unread(err)
	}
	for i := range found {
		if proof.verify(header.DA().BlobTreeRoot, found[i].Ref.ID) == nil {
			return true, nil
		}
	}
	return nil, fmt.Errorf("%w: of commitment %x at height %d", ErrInvalidProof, p.commitment, p.height)
}

func (n *node) getProof(ctx context.Context, params []json.RawMessage) (any, error) {
	p, err := readPlace(params)
	if err != nil {
		return nil, err
	}
	found, err := n.find(ctx, p)
	if err != nil {
		return nil, err
	}
	inclusion, err := n.core.Prove(ctx, found[0].Ref)
	if err != nil {
		return nil, unread(err)
	}
	return prove(found[0].Ref.ID, inclusion.BlobTreeProof), nil
}
