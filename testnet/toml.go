package testnet

import (
	"fmt"
	"os"
	"strings"
)

// Settings are values of a TOML file by "section.key", or "key" above the first section.
// A value is written as it is: strings bring their quotes.
type Settings map[string]string

// Apply changes the settings in a TOML file, line by line, so that its comments stay. A
// setting the file does not hold is an error: a node would ignore it.
func (s Settings) Apply(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	changed, err := s.edit(string(text))
	if err != nil {
		return fmt.Errorf("change settings in %s: %w", path, err)
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	return nil
}

// edit returns the text with the settings in it changed.
func (s Settings) edit(text string) (string, error) {
	var out strings.Builder
	section, found := "", map[string]bool{}
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "[") {
			section = strings.Trim(trimmed, "[]") + "."
		}
		key, _, isSetting := strings.Cut(trimmed, "=")
		name := section + strings.TrimSpace(key)
		if value, ok := s[name]; ok && isSetting {
			line = strings.TrimSpace(key) + " = " + value + "\n"
			found[name] = true
		}
		out.WriteString(line)
	}
	for name := range s {
		if !found[name] {
			return "", fmt.Errorf("there is no %s", name)
		}
	}
	return out.String(), nil
}
