// Package contracts holds what the Solidity sources of src compile to: ABIs and bytecode.
package contracts

import (
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed out/*.json
var out embed.FS

// Artifact is one compiled contract or interface.
type Artifact struct {
	// Contract is its name.
	Contract string
	// ABI is JSON, as Solidity's compiler writes it.
	ABI json.RawMessage
	// Bytecode is what deploys it, to be followed by the constructor's arguments. An interface has none.
	Bytecode []byte
	// Sources has the Keccak-256, in hex, of each file it is made of, by path below the folder of this package.
	Sources map[string]string
}

// Load returns the contract with a name, e.g. "AshlarLightClient". It fails if there is none.
func Load(name string) (*Artifact, error) { return LoadFrom(out, name) }

// LoadFrom is Load of what compile.js wrote to another folder's out.
func LoadFrom(folder fs.FS, name string) (*Artifact, error) {
	encoded, err := fs.ReadFile(folder, "out/"+name+".json")
	if err != nil {
		return nil, fmt.Errorf("contract %q: %w", name, err)
	}
	var a struct {
		Contract, Bytecode string
		ABI                json.RawMessage
		Sources            map[string]string
	}
	if err := json.Unmarshal(encoded, &a); err != nil {
		return nil, fmt.Errorf("contract %q: %w", name, err)
	}
	bytecode, err := hex.DecodeString(strings.TrimPrefix(a.Bytecode, "0x"))
	if err != nil {
		return nil, fmt.Errorf("contract %q: %w", name, err)
	}
	return &Artifact{Contract: a.Contract, ABI: a.ABI, Bytecode: bytecode, Sources: a.Sources}, nil
}
