package celestia

import (
	"encoding/json"

	"github.com/ashlar-da/ashlar/da"
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
