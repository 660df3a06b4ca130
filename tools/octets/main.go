// Command octets writes the assembly with which package kzg computes on eight field elements at a time. It is a module
// of its own, so that nothing else depends on the assembler it takes; `go generate ./erasure/kzg` runs it.
//
// The files go from small to large: constants.go and field.go compute on limbs, multiply.go on octets, memory.go moves
// points between memory and limbs, and elements.go, denominators.go and sums.go are what Go calls.
package main

import (
	"fmt"
	"os"

	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// committed is the file to write, seen from this folder.
const committed = "../../erasure/kzg/octets_amd64.s"

func main() {
	if err := write(committed); err != nil {
		fmt.Fprintln(os.Stderr, "octets:", err)
		os.Exit(1)
	}
}

func write(path string) error {
	source, err := generate()
	if err != nil {
		return err
	}
	return os.WriteFile(path, source, 0o644)
}

// generate returns the assembly.
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
	file, err := a.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	return printer.NewGoAsm(printer.Config{Argv: []string{"go", "generate", "./erasure/kzg"}}).Print(file)
}
