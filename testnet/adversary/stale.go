package adversary

import (
	"context"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/p2p"
)

// Stale claims that the chain ends at a height, whatever came since.
type Stale struct {
	p2p.HeaderSource
	newest uint64
}

// NewStale wraps a source.
func NewStale(source p2p.HeaderSource, newest uint64) *Stale { return &Stale{source, newest} }

// Header implements p2p.HeaderSource.
func (s *Stale) Header(ctx context.Context, request p2p.HeaderRequest) (*p2p.Header, error) {
	if request.Height == 0 {
		request.Height = s.newest
	}
	if request.Height > s.newest {
		return nil, da.ErrFutureHeight
	}
	return s.HeaderSource.Header(ctx, request)
}
