package testnet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Genesis is values of a genesis file by their path, as "app_state.blob.params.max_rows".
type Genesis map[string]any

// Apply changes the values in a genesis file. A value the file does not hold is an error: a
// node would ignore it.
func (g Genesis) Apply(path string) error {
	if len(g) == 0 {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("change the genesis: %w", err)
	}
	changed, err := g.edit(text)
	if err != nil {
		return fmt.Errorf("change %s: %w", path, err)
	}
	if err := os.WriteFile(path, changed, 0o644); err != nil {
		return fmt.Errorf("change the genesis: %w", err)
	}
	return nil
}

// edit returns the JSON with the values in it changed.
func (g Genesis) edit(text []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var root map[string]any
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	for path, value := range g {
		keys := strings.Split(path, ".")
		inner := root
		for _, key := range keys[:len(keys)-1] {
			inner, _ = inner[key].(map[string]any)
		}
		last := keys[len(keys)-1]
		if _, ok := inner[last]; !ok {
			return nil, fmt.Errorf("there is no %s", path)
		}
		inner[last] = value
	}
	return json.MarshalIndent(root, "", "  ")
}
