package celestia

import (
	"encoding/json"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

// namespace is a client's namespace, which JSON shows in base64.
type namespace da.Namespace

// UnmarshalJSON implements json.Unmarshaler.
func (n *namespace) UnmarshalJSON(encoded []byte) error {
	var raw []byte
	if err := json.Unmarshal(encoded, &raw); err != nil {
		return err
	}
	read, err := readNamespace(raw)
	*n = namespace(read)
	return err
}

// read decodes parameters, as many as there are targets. It fails with jsonrpc.ErrInvalidParams.
func read(params []json.RawMessage, into ...any) error {
	if len(params) != len(into) {
		return fmt.Errorf("%w: %d parameters, want %d", jsonrpc.ErrInvalidParams, len(params), len(into))
	}
	for i := range into {
		if err := json.Unmarshal(params[i], into[i]); err != nil {
			return fmt.Errorf("%w: parameter %d: %w", jsonrpc.ErrInvalidParams, i, err)
		}
	}
	return nil
}

// list is a list in a parameter, of at most most elements.
func list[T any](encoded json.RawMessage, most int) ([]T, error) {
	raw, err := jsonrpc.List(encoded, most)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", jsonrpc.ErrInvalidParams, err)
	}
	out := make([]T, len(raw))
	for i := range raw {
		if err := json.Unmarshal(raw[i], &out[i]); err != nil {
			return nil, fmt.Errorf("%w: element %d: %w", jsonrpc.ErrInvalidParams, i, err)
		}
	}
	return out, nil
}
