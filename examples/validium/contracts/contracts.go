// Package contracts holds what the Solidity sources of src compile to.
package contracts

import (
	"embed"

	"github.com/ashlar-da/ashlar/contracts"
)

//go:embed out/*.json
var out embed.FS

// Load returns the contract with a name. It fails if there is none.
func Load(name string) (*contracts.Artifact, error) { return contracts.LoadFrom(out, name) }
