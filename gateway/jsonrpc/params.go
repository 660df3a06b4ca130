package jsonrpc

import (
	"encoding/json"
	"fmt"
)

// Read decodes parameters, as many as there are targets. It fails with ErrInvalidParams.
func Read(params []json.RawMessage, into ...any) error {
	if len(params) != len(into) {
		return fmt.Errorf("%w: %d parameters, want %d", ErrInvalidParams, len(params), len(into))
	}
	for i := range into {
		if err := json.Unmarshal(params[i], into[i]); err != nil {
			return fmt.Errorf("%w: parameter %d: %w", ErrInvalidParams, i, err)
		}
	}
	return nil
}

// Elements decodes a list of most elements at most. It fails with ErrInvalidParams.
func Elements[T any](encoded json.RawMessage, most int) ([]T, error) {
	raw, err := List(encoded, most)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidParams, err)
	}
	out := make([]T, len(raw))
	for i := range raw {
		if err := json.Unmarshal(raw[i], &out[i]); err != nil {
			return nil, fmt.Errorf("%w: element %d: %w", ErrInvalidParams, i, err)
		}
	}
	return out, nil
}
