//go:build !purego

package erasure

import (
	"golang.org/x/sys/cpu"

	"github.com/ashlar-da/ashlar/erasure/kzg"
)

const (
	// octetLanes is how many scalars an octet has.
	octetLanes = 8
	// passDepth is how many differences are taken, or values grown, in one pass over a column.
	passDepth = 4
)

// scalarOctet holds eight scalars for vector instructions to process side by side: limb i of element j, 52 bits of it, at
// [i][j]. Limbs are signed, and any of a residue stands for it: sums and differences are taken limb by limb, and once in
// a while a multiple of the modulus is taken off.
type scalarOctet [5][octetLanes]int64

// The functions without bodies are in columns_amd64.s, which tools/octets writes.

// loadScalars reads the eight scalars at an offset of each of n > 0 cells.
//
//go:noescape
func loadScalars(values *scalarOctet, cells **kzg.Cell, offset, n int)

// storeScalars writes eight scalars to each of n > 0 cells.
//
//go:noescape
func storeScalars(cells **kzg.Cell, offset int, values *scalarOctet, n int)

// differ turns n > 0 values into their n−4 fourth differences, followed by the last third, second and first difference
// and the last value. It writes to the four octets before them.
//
//go:noescape
func differ(values *scalarOctet, n int)

// grow continues a polynomial by four values, given its n > 0 differences, the highest first and its last value at the
// end, which it moves on by as much.
//
//go:noescape
func grow(differences *scalarOctet, n int, values *scalarOctet)

// haveOctets tells whether the processor has the instructions that octets take: those of Ice Lake and Zen 4.
func haveOctets() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VBMI2
}

// octetColumn holds the differences of eight scalars' polynomials along a column, and serves one goroutine at a time.
type octetColumn struct {
	differences []scalarOctet // of the first passDepth nothing is read
	grown       [passDepth]scalarOctet
}

// newOctetColumn returns memory for columns of k rows, or nil where the processor cannot.
func newOctetColumn(k int) *octetColumn {
	if !haveOctets() {
		return nil
	}
	return &octetColumn{differences: make([]scalarOctet, passDepth+k)}
}

// extend fills the second half of a column from the first, of canonical scalars.
func (o *octetColumn) extend(column []*kzg.Cell) {
	k := len(column) / 2
	differences := &o.differences[passDepth]
	for offset := 0; offset < kzg.CellSize; offset += octetLanes * kzg.ScalarSize {
		loadScalars(differences, &column[0], offset, k)
		for n := k; n > 1; n -= passDepth {
			differ(differences, n)
		}
		for j := 0; j < k; j += passDepth {
			grow(differences, k, &o.grown[0])
			storeScalars(&column[k+j], offset, &o.grown[0], min(passDepth, k-j))
		}
	}
}
