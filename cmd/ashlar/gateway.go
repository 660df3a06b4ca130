package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/client"
)

const (
	trustFlag   = "trust"
	metricsFlag = "metrics"
)

func gatewayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Serve rollups that speak another layer's protocol",
		Long: "gateway posts what rollups hand it by the protocols they speak already, waits until it is final, and reads it back\n" +
			"verified. All gateways of a rollup take the same --namespace. docs/rollups.md says what each stack is to be told.",
		Args:              cobra.NoArgs,
		PersistentPreRunE: noPreparation,
		RunE:              func(cmd *cobra.Command, _ []string) error { return runGateway(cmd) },
	}
	f := cmd.Flags()
	addGatewayFlags(f, "", ownMemory)
	f.String(nodeFlag, defaultNode, "URL of the node's HTTP API")
	f.String(tokenFlag, "", "token of the node's HTTP API, where it asks for one")
	f.String(trustFlag, "", "header that somebody trustworthy vouches for, as height:hash: others are verified from it by who signed them; not given: headers are taken on the nodes' word")
	f.String(fromFlag, "", "key that pays; not given: the node's own, and then a put that meets the end of this process may be posted twice")
	addPayFlags(cmd)
	return cmd
}

func runGateway(cmd *cobra.Command) error {
	log, err := newLogger(cmd, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	home, err := homeOf(cmd)
	if err != nil {
		return err
	}
	o := gatewayOptions{cmd.Flags(), ""}
	dir, err := gatewayDir(o, home)
	if err != nil {
		return err
	}
	c, err := gatewayClient(cmd, dir)
	if err != nil {
		return err
	}
	g, err := openGateway(cmd.Context(), o, c, c.Accounts(), dir, log, cmd.OutOrStdout())
	if err != nil {
		return err
	}
	return errors.Join(g.Run(cmd.Context()), g.Close())
}

// gatewayClient makes the client that posts and reads.
func gatewayClient(cmd *cobra.Command, dir string) (*client.Client, error) {
	cfg, err := payerConfig(cmd)
	if err != nil {
		return nil, err
	}
	if cfg.Signer != nil && cfg.Journal == "" {
		cfg.Journal = filepath.Join(dir, "journal")
	}
	if cfg.Trust, err = trustOf(cmd, cfg); err != nil {
		return nil, err
	}
	return client.New(cmd.Context(), cfg)
}

// trustOf reads --trust; the chain id is the node's word, which the header must agree with.
func trustOf(cmd *cobra.Command, cfg client.Config) (client.Trust, error) {
	text, _ := cmd.Flags().GetString(trustFlag)
	if text == "" {
		return client.TrustNode(), nil
	}
	height, digits, _ := strings.Cut(text, ":")
	number, err := strconv.ParseUint(height, 10, 64)
	hash, hexErr := hex.DecodeString(digits)
	if err != nil || hexErr != nil || len(hash) != 32 {
		return client.Trust{}, fmt.Errorf("--%s %q: want a height and 64 hex digits, as 1:0f…", trustFlag, text)
	}
	asker, err := client.New(cmd.Context(), client.Config{URL: cfg.URL, Fallbacks: cfg.Fallbacks, Token: cfg.Token})
	if err != nil {
		return client.Trust{}, err
	}
	status, err := asker.Status(cmd.Context())
	if err = errors.Join(err, asker.Close()); err != nil {
		return client.Trust{}, fmt.Errorf("--%s: ask for the chain's id: %w", trustFlag, err)
	}
	return client.TrustAnchor(client.Anchor{ChainID: status.ChainID, Height: number, Hash: hash}), nil
}
