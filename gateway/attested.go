package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// Attested returns the newest certificate, with the proof of a height in its history. It fails with ErrBehind where no
// certificate covers the height yet, with da.ErrPruned where nodes say that they do not prove it any more, and otherwise
// with ErrUnavailable.
func (c *Core) Attested(ctx context.Context, height uint64) (*client.AttestedBlock, error) {
	attested, err := c.client.AttestedNewest(ctx, height)
	switch {
	case err == nil:
		return attested, nil
	case client.CodeOf(err) == client.CodeNotAttested:
		return nil, fmt.Errorf("%w: height %d: %v", ErrBehind, height, err) //nolint:errorlint // a node's word, not ours
	case errors.Is(err, da.ErrPruned):
		return nil, fmt.Errorf("%w: height %d: %v", da.ErrPruned, height, err) //nolint:errorlint // a node's word, not ours
	}
	return nil, c.unread(height, err)
}

// Setup returns what openings of rows are made with.
func (c *Core) Setup() (*kzg.Setup, error) { return c.client.Setup() }
