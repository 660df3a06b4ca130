package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/spf13/cobra"
)

// newLogger makes the logger that --log_level and --log_format describe.
func newLogger(cmd *cobra.Command, w io.Writer) (*slog.Logger, error) {
	name, _ := cmd.Flags().GetString(flags.FlagLogLevel)
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return nil, fmt.Errorf("--%s is %q: choose debug, info, warn or error", flags.FlagLogLevel, name)
	}
	options := &slog.HandlerOptions{Level: level}
	layout, _ := cmd.Flags().GetString(flags.FlagLogFormat)
	switch layout {
	case "plain":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case formatJSON:
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("--%s is %q: choose plain or json", flags.FlagLogFormat, layout)
}
