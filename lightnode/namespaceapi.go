package lightnode

import (
	"context"
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/da/chain"
)

// followed gives the HTTP API what it asks of the namespace.
type followed struct {
	*following
}

var _ api.Followed = followed{}

// lightAPI is what the HTTP API asks.
func (n *Node) lightAPI() *api.Light {
	light := &api.Light{Node: answers{n}, Status: Status{}, Availability: AvailabilityReport{}, Settings: StrengthReport{}, Named: Named{}}
	if n.following != nil {
		light.Followed = followed{n.following}
	}
	return light
}

// Newest implements api.Followed.
func (a followed) Newest() uint64 { return a.node.heights.summary().newest }

// Header implements api.Followed. A header that is verified needs no verdict.
func (a followed) Header(ctx context.Context, height uint64) (*chain.Header, error) {
	r, err := a.node.heights.get(height)
	if err == nil && r == nil {
		err = a.unknown(height)
	}
	if err != nil {
		return nil, explain(err)
	}
	header, err := a.header(ctx, r)
	return header, explain(err)
}

// Namespace implements api.Followed.
func (a followed) Namespace(ctx context.Context, namespace da.Namespace, height uint64) (*api.NamespaceBlobs, error) {
	if namespace != a.config.Namespace {
		err := fmt.Errorf("%w: this node follows namespace %s alone", api.ErrBadRequest, a.config.Namespace)
		return nil, api.Advise(err, "ask a full node, or start a light node with --namespace")
	}
	found, err := a.at(ctx, height)
	if err != nil {
		return nil, explain(err)
	}
	return api.ShowNamespace(found.header.DA(), height, namespace, found.entries, found.proof), nil
}

// Blob implements api.Followed.
func (a followed) Blob(ctx context.Context, height uint64, id da.BlobID) ([]byte, error) {
	found, err := a.at(ctx, height)
	if err != nil {
		return nil, explain(err)
	}
	for i := range found.entries {
		if entry := &found.entries[i]; entry.ID == id {
			data, err := a.bytes(ctx, found, i)
			return data, explain(err)
		}
	}
	return nil, fmt.Errorf("%w: namespace %s has no blob %s in block %d", da.ErrNotFound, a.config.Namespace, id, height)
}

// at returns what a height that is judged has of the namespace.
func (f *following) at(ctx context.Context, height uint64) (*indexed, error) {
	r, err := f.judged(height)
	if err != nil {
		return nil, err
	}
	return f.read(ctx, r)
}

// bytes returns those of an entry, from the folder if they were delivered and are still there.
func (f *following) bytes(ctx context.Context, x *indexed, i int) ([]byte, error) {
	entry := &x.entries[i]
	if f.folder != nil {
		info := entry.Info()
		data, err := f.folder.blob(uint64(x.header.Height()), i, entry.ID)
		if err == nil && info.Match(data) == nil {
			return data, nil
		}
	}
	return f.blob(ctx, x, entry)
}

// explain puts why something cannot be given into the API's terms.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errContradicted):
		return api.Advise(fmt.Errorf("%w: %w", da.ErrInvalidProof, err), "no peer's answer changes what the chain committed to: see alarm in /v1/status")
	case errors.Is(err, errUnavailable):
		return api.Advise(fmt.Errorf("%w: %w", da.ErrNotFound, err), "see /v1/availability/HEIGHT; it is answered if the missing cells come")
	case isOwn(err), errors.Is(err, errWaiting), errors.Is(err, errBelowWindow), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fmt.Errorf("%w that gives it: %w", api.ErrNoPeer, err)
}
