// Command octets writes the assembly with which packages kzg and erasure compute on eight field elements at a time. It is a
// module of its own, so that nothing else depends on the assembler it takes; `go generate ./erasure/kzg` runs it.
//
// For kzg the files go from small to large: constants.go and field.go compute on limbs, multiply.go on octets, memory.go
// moves points between memory and limbs, and elements.go, denominators.go and sums.go are what Go calls. For
// scalars scalars.go computes on limbs and moves them, transform.go is what kzg calls, and columns.go what erasure does.
package main

import (
	"fmt"
	"os"

	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// committed are the files to write, seen from this folder, by the function that generates them.
var committed = map[string]func() ([]byte, error){
	"../../erasure/kzg/octets_amd64.s":    generate,
	"../../erasure/kzg/transform_amd64.s": generateTransform,
	"../../erasure/columns_amd64.s":       generateColumns,
}

func main() {
	for path, generate := range committed {
		if err := write(path, generate); err != nil {
			fmt.Fprintln(os.Stderr, "octets:", err)
			os.Exit(1)
		}
	}
}

func write(path string, generate func() ([]byte, error)) error {
	source, err := generate()
	if err != nil {
		return err
	}
	return os.WriteFile(path, source, 0o644)
}

// generate returns the assembly of package kzg.
func generate() ([]byte, error) {
	a := newProgram()
	a.multiply()
	a.chordDenominators()
	a.storeSums()
	a.chordSums()
	a.tangentDenominators()
	a.tangentSums()
	a.multiplyOctet()
	a.squareOctet()
	a.addOctet()
	a.subtractOctet()
	return a.print()
}

// generateTransform returns that of package kzg's transforms.
func generateTransform() ([]byte, error) {
	a := newTransformProgram()
	a.loadLines()
	a.storeLines()
	a.splitOctets()
	a.joinOctets()
	a.addOctets()
	return a.print()
}

// generateColumns returns the assembly of package erasure.
func generateColumns() ([]byte, error) {
	a := newColumnProgram()
	a.loadScalars()
	a.differ()
	a.grow()
	a.storeScalars()
	return a.print()
}

// print returns the source.
func (a *program) print() ([]byte, error) {
	file, err := a.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	return printer.NewGoAsm(printer.Config{Argv: []string{"go", "generate", "./erasure/kzg"}}).Print(file)
}
