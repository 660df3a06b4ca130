package adversary

import (
	"context"

	"github.com/ashlar-da/ashlar/p2p"
)

// Forge serves headers of its own making from a height on.
type Forge struct {
	p2p.HeaderSource
	from  uint64
	forge func(*p2p.Header) *p2p.Header
}

// NewForge wraps a source. What forge is given it must not change.
func NewForge(source p2p.HeaderSource, from uint64, forge func(*p2p.Header) *p2p.Header) *Forge {
	return &Forge{source, from, forge}
}

// Header implements p2p.HeaderSource.
func (f *Forge) Header(ctx context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	request.KnownValidators = nil // a forged header has a set of its own
	header, err := f.HeaderSource.Header(ctx, request)
	if err != nil || uint64(header.Signed.Height) < f.from {
		return header, err
	}
	forged := f.forge(header)
	if !request.Proof {
		forged.Proof = nil
	}
	return forged, nil
}
