package erasure

import (
	"testing"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

// TestExtendingColumnsAllocatesNothing holds that an extender works in memory that it has, with octets and without.
func TestExtendingColumnsAllocatesNothing(t *testing.T) {
	const k = 7
	fast, plain := newColumnExtender(k), newColumnExtender(k)
	plain.withoutOctets(k)
	for name, e := range map[string]*columnExtender{"as the processor can": fast, "scalar by scalar": plain} {
		for i := range e.column {
			e.column[i] = new(kzg.Cell)
		}
		if n := testing.AllocsPerRun(10, func() { _ = e.extend() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
