package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cosmossdk.io/math"
	cmtcfg "github.com/cometbft/cometbft/config"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/crypto/hd"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/fullnode"
)

const (
	devKey      = "dev"
	devBalance  = 1_000_000 // ASH
	devBonded   = 1000      // ASH
	devInterval = 900 * time.Millisecond
)

func devCommand(encoding *app.Encoding) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a chain of one validator for development, with a funded key",
		Long: "dev runs a chain of its own in one process: one validator, a block a second, the whole API, and a funded key\n" +
			"that pays for what is posted. Its state is thrown away when it ends, unless --home says where to keep it.",
		Args:              cobra.NoArgs,
		PersistentPreRunE: noPreparation,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return dev(cmd, encoding)
		},
	}
	f := cmd.Flags()
	f.String(flags.FlagChainID, "ashlar-dev", "chain id")
	f.String("api.address", "127.0.0.1:26659", "where the HTTP API listens; port 0 takes a free one")
	f.String("rpc.laddr", "tcp://127.0.0.1:26657", "where CometBFT's RPC listens")
	f.StringSlice("libp2p.listen", []string{"/ip4/127.0.0.1/tcp/26660"}, "multiaddresses that squares are served on")
	addTablesFlag(cmd)
	addOutputFlag(cmd)
	return cmd
}

func dev(cmd *cobra.Command, encoding *app.Encoding) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	home, remove, err := devHome(cmd)
	if err != nil {
		return err
	}
	defer remove()
	account, err := devChain(cmd, encoding, home)
	if err != nil {
		return err
	}
	node, err := fullnode.New(cmd.Context(), account.config)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(cmd.Context())
	group.Go(func() error { return node.Run(ctx) })
	group.Go(func() error { return account.announce(ctx, cmd, node) })
	return group.Wait()
}

// devHome returns the directory to work in, and what removes it if it is temporary.
func devHome(cmd *cobra.Command) (string, func(), error) {
	if cmd.Flags().Changed(flags.FlagHome) {
		home, _ := cmd.Flags().GetString(flags.FlagHome)
		return home, func() {}, os.MkdirAll(home, 0o700)
	}
	home, err := os.MkdirTemp("", "ashlar-dev-")
	return home, func() { _ = os.RemoveAll(home) }, err
}

// devAccount is the funded key and the node that spends from it.
type devAccount struct {
	address, mnemonic string
	config            fullnode.Config
}

// devChain makes the chain in home, or takes the one that is there.
func devChain(cmd *cobra.Command, encoding *app.Encoding, home string) (*devAccount, error) {
	ring, err := keyring.New(sdk.KeyringServiceName(), keyring.BackendTest, home, nil, encoding.Codec)
	if err != nil {
		return nil, fmt.Errorf("open the keyring in %s: %w", home, err)
	}
	log, err := devLogger(cmd)
	if err != nil {
		return nil, err
	}
	comet, err := devComet(cmd, home)
	if err != nil {
		return nil, err
	}
	account := &devAccount{config: devConfig(cmd, comet, ring, log)}
	mnemonicFile := filepath.Join(home, "mnemonic")
	_, err = os.Stat(comet.GenesisFile())
	if errors.Is(err, fs.ErrNotExist) {
		return account, account.create(cmd, encoding, mnemonicFile)
	}
	if err != nil {
		return nil, err
	}
	return account, account.load(mnemonicFile)
}

func devLogger(cmd *cobra.Command) (*slog.Logger, error) {
	if !cmd.Flags().Changed(flags.FlagLogLevel) {
		if err := cmd.Flags().Set(flags.FlagLogLevel, "error"); err != nil {
			return nil, err
		}
	}
	return newLogger(cmd, cmd.ErrOrStderr())
}

func devComet(cmd *cobra.Command, home string) (*cmtcfg.Config, error) {
	comet := fullnode.CometConfig()
	comet.SetRoot(home)
	comet.Moniker = devKey
	comet.Consensus.TimeoutCommit = devInterval
	comet.P2P.ListenAddress = "tcp://127.0.0.1:0"
	comet.RPC.ListenAddress, _ = cmd.Flags().GetString("rpc.laddr")
	return comet, freePort(&comet.RPC.ListenAddress)
}

// freePort replaces port 0 of an address by one that is free now: CometBFT does not tell
// which it takes.
func freePort(address *string) error {
	host, found := strings.CutSuffix(strings.TrimPrefix(*address, "tcp://"), ":0")
	if !found {
		return nil
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(strings.Trim(host, "[]"), "0"))
	if err != nil {
		return fmt.Errorf("--rpc.laddr %s: %w", *address, err)
	}
	*address = "tcp://" + listener.Addr().String()
	return listener.Close()
}

func devConfig(cmd *cobra.Command, comet *cmtcfg.Config, ring keyring.Keyring, log *slog.Logger) fullnode.Config {
	address, _ := cmd.Flags().GetString("api.address")
	listen, _ := cmd.Flags().GetStringSlice("libp2p.listen")
	tables, _ := cmd.Flags().GetInt(tablesFlag)
	return fullnode.Config{
		Comet:        comet,
		MinGasPrices: "0" + app.BaseDenom,
		API:          fullnode.APISettings{Address: address, Key: devKey},
		Libp2p:       fullnode.Libp2pSettings{Listen: listen},
		KZG:          fullnode.KZGSettings{Tables: tables},
		Keyring:      ring,
		Version:      version,
		Log:          log,
	}
}

// create makes a chain whose one validator is the funded key.
func (a *devAccount) create(cmd *cobra.Command, encoding *app.Encoding, mnemonicFile string) error {
	chainID, _ := cmd.Flags().GetString(flags.FlagChainID)
	ring := a.config.Keyring
	_, mnemonic, err := ring.NewMnemonic(devKey, keyring.English, hd.CreateHDPath(118, 0, 0).String(), "", hd.Secp256k1)
	if err != nil {
		return fmt.Errorf("create the key: %w", err)
	}
	if err := os.WriteFile(mnemonicFile, []byte(mnemonic), 0o600); err != nil {
		return err
	}
	if _, err := fullnode.InitHome(a.config.Comet, encoding, chainID, encoding.ShortEpochs); err != nil {
		return err
	}
	stake := fullnode.Stake{
		Key: devKey, Ring: ring,
		Balance: app.OneASH().Mul(math.NewInt(devBalance)),
		Bonded:  app.OneASH().Mul(math.NewInt(devBonded)),
	}
	if err := fullnode.AddValidator(cmd.Context(), a.config.Comet, encoding, chainID, stake); err != nil {
		return err
	}
	return a.load(mnemonicFile)
}

// load reads what the funded key is.
func (a *devAccount) load(mnemonicFile string) error {
	mnemonic, err := os.ReadFile(mnemonicFile)
	if err != nil {
		return fmt.Errorf("this home was not made by `ashlar dev`: %w", err)
	}
	record, err := a.config.Keyring.Key(devKey)
	if err != nil {
		return fmt.Errorf("key %q: %w", devKey, err)
	}
	address, err := record.GetAddress()
	if err != nil {
		return err
	}
	a.address, a.mnemonic = address.String(), string(mnemonic)
	return nil
}

// announce waits for the first block and says where everything is.
func (a *devAccount) announce(ctx context.Context, cmd *cobra.Command, node *fullnode.Node) error {
	if err := node.WaitStored(ctx, 1); err != nil {
		return nil //nolint:nilerr // the node ended first, and says why
	}
	facts := map[string]string{
		"api": "http://" + node.APIAddress(), "rpc": strings.Replace(a.config.Comet.RPC.ListenAddress, "tcp://", "http://", 1), "chain_id": node.ChainID(),
		"address": a.address, "mnemonic": a.mnemonic, "home": a.config.Comet.RootDir,
	}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), facts)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), devBanner, facts["chain_id"], facts["api"], facts["rpc"], facts["home"],
		devBalance, devBonded, facts["address"], facts["mnemonic"], devExamples(os.Args[0], node.APIAddress()))
	return err
}

const devBanner = `Chain %s is up: one validator, a block a second. Ctrl-C ends it.

  HTTP API      %s
  CometBFT RPC  %s
  files         %s
  funded key    %d ASH, of which %d bonded; it pays for what is posted here
    address     %s
    mnemonic    %s

Try:
%s`

// devExamples are commands that work when pasted: program is what this one was called by.
func devExamples(program, api string) string {
	const namespace = "0000000000000000000000000000000000000000000000000064656d6f"
	return fmt.Sprintf(`  echo hello | %[3]s blob submit - --namespace %[2]s --node http://%[1]s
  %[3]s blob list --namespace %[2]s --node http://%[1]s
  curl -s http://%[1]s/v1/status
`, api, namespace, program)
}
