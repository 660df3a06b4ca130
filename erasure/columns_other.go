//go:build !amd64 || purego

package erasure

import "github.com/ashlar-da/ashlar/erasure/kzg"

// octetColumn extends columns eight scalars at a time where the processor can; here it cannot.
type octetColumn struct{}

func newOctetColumn(int) *octetColumn { return nil }

func (*octetColumn) extend([]*kzg.Cell) {}
