// Package contracts holds what the Solidity sources of src compile to.
package contracts

import (
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed out/*.json
var out embed.FS

// Artifact is a compiled contract.
type Artifact struct {
	// ABI is JSON.
	ABI []byte
	// Bytecode deploys it, followed by the constructor's arguments.
	Bytecode []byte
	// Sources has the Keccak-256, in hex, of each file it is made of.
	Sources map[string]string
}

// Load returns the contract with a name. It fails if there is none.
func Load(name string) (*Artifact, error) {
	encoded, err := out.ReadFile("out/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("contract %q: %w", name, err)
	}
	var a struct {
		Bytecode string
		ABI      json.RawMessage
		Sources  map[string]string
	}
	if err := json.Unmarshal(encoded, &a); err != nil {
		return nil, fmt.Errorf("contract %q: %w", name, err)
	}
	bytecode, err := hex.DecodeString(strings.TrimPrefix(a.Bytecode, "0x"))
	if err != nil {
		return nil, fmt.Errorf("contract %q: %w", name, err)
	}
	return &Artifact{a.ABI, bytecode, a.Sources}, nil
}
