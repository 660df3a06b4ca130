package main

import (
	"context"
	"fmt"

	sdkclient "github.com/cosmos/cosmos-sdk/client"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

const (
	nodeFlag      = "node"
	tokenFlag     = "token"
	namespaceFlag = "namespace"
	heightFlag    = "height"
	defaultNode   = "http://127.0.0.1:26659"
)

func blobCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "blob",
		Short:             "Post, read, list and check blobs over a node's HTTP API",
		PersistentPreRunE: noPreparation,
		RunE:              sdkclient.ValidateCmd,
	}
	cmd.PersistentFlags().String(nodeFlag, defaultNode, "URL of the node's HTTP API")
	cmd.PersistentFlags().String(tokenFlag, "", "token of the node's HTTP API, where it asks for one")
	cmd.AddCommand(blobSubmitCommand(), blobGetCommand(), blobListCommand(), blobVerifyCommand(), blobStatusCommand(), blobLanesCommand())
	return cmd
}

// newClient makes the client of the node that the flags name.
func newClient(ctx context.Context, cmd *cobra.Command, signer *client.Signer) (*client.Client, error) {
	url, _ := cmd.Flags().GetString(nodeFlag)
	token, _ := cmd.Flags().GetString(tokenFlag)
	return client.New(ctx, client.Config{URL: url, Token: token, Signer: signer})
}

// namespaceOf reads the required flag.
func namespaceOf(cmd *cobra.Command) (da.Namespace, error) {
	text, _ := cmd.Flags().GetString(namespaceFlag)
	if text == "" {
		return da.Namespace{}, fmt.Errorf("--%s is missing: give 58 hex digits, version 00, 36 zeros and 20 of your choice", namespaceFlag)
	}
	namespace, err := da.ParseNamespace(text)
	if err != nil {
		return namespace, fmt.Errorf("--%s: %w", namespaceFlag, err)
	}
	return namespace, nil
}

// parseIDs reads blob ids from the command line.
func parseIDs(args []string) ([]da.BlobID, error) {
	ids := make([]da.BlobID, len(args))
	for i, arg := range args {
		id, err := da.ParseBlobID(arg)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
		ids[i] = id
	}
	return ids, nil
}
