package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

const (
	outputFlag = "output"
	formatText = "text"
	formatJSON = "json"
)

// noPreparation keeps a command from reading, or creating, the home directory.
func noPreparation(*cobra.Command, []string) error { return nil }

func addOutputFlag(cmd *cobra.Command) {
	cmd.Flags().StringP(outputFlag, "o", formatText, "text or json")
}

func format(cmd *cobra.Command) string {
	value, _ := cmd.Flags().GetString(outputFlag)
	return value
}

// checkFormat refuses an output format there is none of.
func checkFormat(cmd *cobra.Command) error {
	if f := format(cmd); f != formatText && f != formatJSON {
		return fmt.Errorf("--%s is %q: choose %s or %s", outputFlag, f, formatText, formatJSON)
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// isTerminal tells whether w is a terminal, where progress may be drawn.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
