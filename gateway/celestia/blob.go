package celestia

import (
	"bytes"
	"fmt"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway/batch"
	"github.com/ashlar-da/ashlar/gateway/jsonrpc"
)

// labelSize is the size of a label without signer: the namespace and the share version.
const labelSize = da.NamespaceSize + 1

// Blob is a blob as Celestia's clients know it.
type Blob struct {
	Namespace da.Namespace // the client's
	Version   byte         // of its shares: 0, or 1 with a Signer
	Signer    []byte       // 20 bytes, or none
	Data      []byte
}

// blobJSON is the form of a blob that [celestia-node] gives and takes.
//
// [celestia-node]: https://github.com/celestiaorg/celestia-node/blob/v0.28.4/blob/blob.go
type blobJSON struct {
	Namespace  []byte `json:"namespace"`
	Data       []byte `json:"data"`
	Version    uint8  `json:"share_version"`
	Commitment []byte `json:"commitment"`
	Signer     []byte `json:"signer,omitempty"`
	Index      int    `json:"index"`
}

// readBlob checks a blob that a client submits. It fails with jsonrpc.ErrInvalidParams.
func readBlob(in *blobJSON) (*Blob, error) {
	namespace, err := readNamespace(in.Namespace)
	if err != nil {
		return nil, err
	}
	b := &Blob{namespace, in.Version, in.Signer, in.Data}
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", jsonrpc.ErrInvalidParams, err)
	}
	if len(in.Commitment) == 0 {
		return b, nil
	}
	commitment, err := b.Commitment()
	if err == nil && !bytes.Equal(commitment, in.Commitment) {
		err = fmt.Errorf("%w: a blob with commitment %x has %x", jsonrpc.ErrInvalidParams, in.Commitment, commitment)
	}
	return b, err
}

// readNamespace takes the namespaces that Celestia lets users post to, which are those of ours. It fails with jsonrpc.ErrInvalidParams.
func readNamespace(encoded []byte) (da.Namespace, error) {
	namespace, err := da.NamespaceFromBytes(encoded)
	if err == nil {
		err = namespace.ValidateForBlob()
	}
	if err != nil {
		return namespace, fmt.Errorf("%w: %w", jsonrpc.ErrInvalidParams, err)
	}
	return namespace, nil
}

// check tells whether Celestia would take the blob.
func (b *Blob) check() error {
	switch {
	case len(b.Data) == 0:
		return fmt.Errorf("data can not be empty")
	case b.Version > 1:
		return fmt.Errorf("share version %d not supported, 0 and 1 are", b.Version)
	case b.Version == 0 && len(b.Signer) > 0:
		return fmt.Errorf("share version 0 does not support signer")
	case b.Version == 1 && len(b.Signer) != signerSize:
		return fmt.Errorf("share version 1 requires signer of size %d bytes", signerSize)
	}
	return b.Namespace.ValidateForBlob()
}

// item is how the blob is posted.
func (b *Blob) item() batch.Item {
	label := append(append(b.Namespace[:], b.Version), b.Signer...)
	return batch.Item{Label: label, Data: b.Data}
}

// fromItem reads what item wrote; ok tells whether it is that.
func fromItem(item *batch.Item) (b *Blob, ok bool) {
	if len(item.Label) < labelSize {
		return nil, false
	}
	b = &Blob{Version: item.Label[da.NamespaceSize], Signer: item.Label[labelSize:], Data: item.Data}
	copy(b.Namespace[:], item.Label)
	return b, b.check() == nil
}

// name is by what a blob is looked up: its namespace and its commitment.
func name(namespace da.Namespace, commitment []byte) string {
	return string(namespace[:]) + string(commitment)
}

// nameItem names an item for a batch.Reader.
func nameItem(item *batch.Item) (string, bool) {
	b, ok := fromItem(item)
	if !ok {
		return "", false
	}
	commitment, err := b.Commitment()
	return name(b.Namespace, commitment), err == nil
}

// show is the form in which a client gets a blob that was found. Its index is that of a share in a square that does not exist: -1.
func show(found *batch.Found) *blobJSON {
	return &blobJSON{
		Namespace: found.Label[:da.NamespaceSize], Data: found.Data, Version: found.Label[da.NamespaceSize],
		Commitment: []byte(found.Name[da.NamespaceSize:]), Signer: found.Label[labelSize:], Index: -1,
	}
}

// isOf tells whether what was found is of a namespace.
func isOf(found *batch.Found, namespace da.Namespace) bool {
	return bytes.HasPrefix(found.Label, namespace[:])
}
