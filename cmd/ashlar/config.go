package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/spf13/cobra"
)

func cometConfigFile(comet *cmtcfg.Config) string {
	return filepath.Join(comet.RootDir, "config", "config.toml")
}

var chainIDLine = regexp.MustCompile(`(?m)^chain-id = .*$`)

// writeClientChainID makes chainID the default of the commands run in this home.
func writeClientChainID(cmd *cobra.Command, chainID string) error {
	path := filepath.Join(client.GetClientContextFromCmd(cmd).HomeDir, "config", "client.toml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("chain-id = %q", chainID)
	return os.WriteFile(path, chainIDLine.ReplaceAllLiteral(text, []byte(line)), 0o600)
}
