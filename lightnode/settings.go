package lightnode

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/ashlar-da/ashlar/api"
)

// Named says what becomes of a height that was named.
type Named struct {
	Height uint64 `json:"height"`
	// Waiting tells that it is to be sampled; otherwise it has its verdict, or gets one
	// without being named.
	Waiting bool `json:"waiting"`
}

// Set implements api.Lights.
func (a answers) Set(ctx context.Context, settings api.LightSettings) (any, error) {
	change, err := ParseChange(settings.Samples, settings.Confidence, settings.DataBudget)
	if err != nil {
		return nil, badRequest(err)
	}
	report, err := a.node.Change(ctx, change)
	return report, badRequest(err)
}

// Name implements api.Lights.
func (a answers) Name(ctx context.Context, height uint64) (any, error) {
	err := a.node.Name(ctx, height)
	if errors.Is(err, ErrTooManyNamed) {
		return nil, fmt.Errorf("%w: %w", api.ErrRateLimited, err)
	}
	if err != nil {
		return nil, badRequest(err)
	}
	return &Named{height, a.node.phone != nil && a.node.phone.waits(height)}, nil
}

// badRequest has the API answer for what is the asker's mistake.
func badRequest(err error) error {
	if errors.Is(err, ErrConfig) {
		return fmt.Errorf("%w: %w", api.ErrBadRequest, err)
	}
	return err
}

// ParseChange reads a change of settings: samples is a number or auto, confidence a decimal,
// budget as ParseDataBudget reads it; empty texts leave as it is.
func ParseChange(samples, confidence, budget string) (c Change, err error) {
	if samples != "" {
		n := 0
		if samples != "auto" {
			if n, err = strconv.Atoi(samples); err != nil || n < 1 {
				return c, fmt.Errorf("%w: samples %.40q: want 1 to %d, or auto", ErrConfig, samples, mostSamples)
			}
		}
		c.Samples = &n
	}
	if confidence != "" {
		c.Confidence = &confidence
	}
	if budget != "" {
		b, err := ParseDataBudget(budget)
		if err != nil {
			return c, err
		}
		c.DataBudget = &b
	}
	return c, nil
}

// Listen returns what happens from now on. It is closed when the context ends, or when it is
// not read.
func (n *Node) Listen(ctx context.Context) <-chan api.Event { return n.events.listen(ctx, 0) }
