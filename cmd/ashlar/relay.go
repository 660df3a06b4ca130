package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/relay"
)

const (
	rpcFlag      = "rpc"
	contractFlag = "contract"
	keyFileFlag  = "key"
	gweiInWei    = 1e9
)

func relayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "relay",
		Short: "Keep a contract on Ethereum informed of the chain",
		Long: "relay hands an AshlarLightClient on Ethereum the rotations of the validator set that it lacks, in order, and posts\n" +
			"certificates by schedule. Anyone may run one: the contract checks every signature, and so does relay before it spends\n" +
			"gas. It goes on after reorganisations and restarts with what it sent before, replaces what is not included by what\n" +
			"offers more, up to --max-fee, and says when it waits and why. docs/relay.md has what it costs and what can go wrong.",
		Example: "  ashlar relay key relay.key --new\n" +
			"  ashlar relay --rpc https://eth.example --contract 0x... --node http://127.0.0.1:26659 --key relay.key --every 10m\n" +
			"  ashlar relay post 1234 --rpc https://eth.example --contract 0x... --key relay.key",
		PersistentPreRunE: noPreparation,
		Args:              cobra.NoArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return runRelay(cmd) },
	}
	addRelayFlags(cmd)
	f := cmd.Flags()
	f.Duration("every", 0, "time between certificates, whoever posts them; 0: rotations only")
	f.UintSlice("heights", nil, "heights to have covered by certificates as soon as there are any")
	f.Bool("once", false, "end when nothing is left to do")
	f.Bool("dry-run", false, "send nothing, say what would be sent; needs no --key")
	f.String("metrics", "", "host:port to serve /metrics, for Prometheus, and /status at")
	cmd.AddCommand(relayPostCommand(), relayStatusCommand(), relayKeyCommand())
	return cmd
}

// addRelayFlags adds the flags that relay and what is below it have.
func addRelayFlags(cmd *cobra.Command) {
	p, f := relay.DefaultPolicy(), cmd.PersistentFlags()
	f.String(rpcFlag, "", "URL of an Ethereum node's JSON-RPC")
	f.String(contractFlag, "", "address of the AshlarLightClient")
	f.Uint64("chain-id", 0, "number of the chain behind --rpc; 0: the journal's, or whichever answers")
	f.StringSlice(nodeFlag, []string{defaultNode}, "URLs of Ashlar nodes' HTTP APIs, asked in turn")
	f.String(tokenFlag, "", "token of those APIs, where they ask for one")
	f.String(keyFileFlag, "", "file with the private key that pays, in hex; each relay needs one of its own")
	f.String("journal", "", "file that remembers what was sent; empty: beside the key")
	f.Float64("max-fee", float64(p.MaxFee)/gweiInWei, "gwei per gas that a certificate may cost at most")
	f.Float64("max-rotation-fee", float64(p.MaxRotationFee)/gweiInWei, "gwei per gas that a rotation may cost at most; without rotations the contract expires")
	f.Uint64("confirmations", p.Confirmations, "blocks, its own included, after which a transaction counts as final")
	f.Uint64("bump-after", p.BumpAfter, "blocks after which what is not included is replaced by what offers more")
	f.Duration("warn", p.Warn, "how long before the contract expires that is an alarm")
	f.Duration("poll", 4*time.Second, "time between looks at both chains")
}

// relayConfig reads the flags.
func relayConfig(cmd *cobra.Command) (relay.Config, error) {
	c, f := relay.Config{Policy: relay.DefaultPolicy()}, cmd.Flags()
	c.RPC, _ = f.GetString(rpcFlag)
	c.ChainID, _ = f.GetUint64("chain-id")
	c.Nodes, _ = f.GetStringSlice(nodeFlag)
	c.Token, _ = f.GetString(tokenFlag)
	c.Journal, _ = f.GetString("journal")
	c.Policy.Confirmations, _ = f.GetUint64("confirmations")
	c.Policy.BumpAfter, _ = f.GetUint64("bump-after")
	c.Policy.Warn, _ = f.GetDuration("warn")
	c.Poll, _ = f.GetDuration("poll")
	for name, to := range map[string]*uint64{"max-fee": &c.Policy.MaxFee, "max-rotation-fee": &c.Policy.MaxRotationFee} {
		value, _ := f.GetFloat64(name)
		if !(value > 0 && value < 1e9) {
			return c, fmt.Errorf("--%s is %g: give gwei per gas, above 0", name, value)
		}
		*to = uint64(value * gweiInWei)
	}
	address, _ := f.GetString(contractFlag)
	if address != "" && !common.IsHexAddress(address) {
		return c, fmt.Errorf("--%s is %q: give an address, 0x and 40 hex digits", contractFlag, address)
	}
	c.Contract = common.HexToAddress(address)
	return c, readRelayKey(cmd, &c)
}

// readRelayKey reads the key that --key names, and puts the journal beside it if it has no other place.
func readRelayKey(cmd *cobra.Command, c *relay.Config) (err error) {
	path, _ := cmd.Flags().GetString(keyFileFlag)
	if path == "" {
		return nil
	}
	if c.Key, err = relay.ReadKey(path); err != nil {
		return err
	}
	if c.Journal == "" {
		c.Journal = fmt.Sprintf("%s.%x.journal", path, c.Contract[:4])
	}
	return nil
}

func runRelay(cmd *cobra.Command) error {
	c, err := relayConfig(cmd)
	if err != nil {
		return err
	}
	f := cmd.Flags()
	c.Policy.Every, _ = f.GetDuration("every")
	heights, _ := f.GetUintSlice("heights")
	for _, height := range heights {
		c.Heights = append(c.Heights, uint64(height))
	}
	c.Once, _ = f.GetBool("once")
	c.DryRun, _ = f.GetBool("dry-run")
	if c.Log, err = newLogger(cmd, cmd.ErrOrStderr()); err != nil {
		return err
	}
	r, err := relay.New(cmd.Context(), c)
	if err != nil {
		return err
	}
	address, _ := f.GetString("metrics")
	err = serveRelay(cmd.Context(), r, address)
	if errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
		err = nil // somebody ended it
	}
	return errors.Join(err, r.Close())
}

// serveRelay runs a relay, and serves what it tells if an address is given.
func serveRelay(ctx context.Context, r *relay.Relay, address string) error {
	if address == "" {
		return r.Run(ctx)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("--metrics %q: %w", address, err)
	}
	server := &http.Server{Handler: r.Handler(), ReadHeaderTimeout: 5 * time.Second}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := r.Run(ctx)
		return errors.Join(err, server.Close())
	})
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return group.Wait()
}

func relayKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key FILE",
		Short: "Show the account of a relay's key, or make one",
		Long:  "key prints the address that a relay with this key pays from: send it ETH. With --new it makes the key first.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			read := relay.ReadKey
			if fresh, _ := cmd.Flags().GetBool("new"); fresh {
				read = relay.NewKey
			}
			key, err := read(args[0])
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), relay.AddressOf(key))
			}
			return err
		},
	}
	cmd.Flags().Bool("new", false, "make a key and write it to FILE, which must not exist")
	return cmd
}
