package main

import (
	"errors"
	"fmt"

	"cosmossdk.io/math"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
)

const (
	fromFlag     = "from"
	lanesFlag    = "lanes"
	journalFlag  = "journal"
	fallbackFlag = "fallback"
)

// addPayFlags adds what says how a key of ours pays.
func addPayFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	addKeyringFlag(cmd)
	f.Int(lanesFlag, 0, "post from so many sub-accounts of --from, which 'ashlar blob lanes open' opens")
	f.String(journalFlag, "", "file that remembers what was submitted, so that the same command goes on after an interruption")
	f.StringSlice(fallbackFlag, nil, "URL of another node of the same chain, asked where --node fails; may be repeated")
	f.String("max-fee-per-gas", "", "most to offer per unit of blob gas, in aash; not given: no bound")
	f.String("max-fee", "", "most to offer per transaction, execution included, in aash; not given: no bound")
	f.Int("within", 0, "offer what the node's estimate says nine in ten need to be included within so many blocks")
}

func addKeyringFlag(cmd *cobra.Command) {
	cmd.Flags().String(flags.FlagKeyringBackend, keyring.BackendOS, "keyring of --from: os, file or test")
}

// newPayer makes the client that posts as the flags say.
func newPayer(cmd *cobra.Command) (*client.Client, error) {
	cfg, err := payerConfig(cmd)
	if err != nil {
		return nil, err
	}
	if cfg.Signer == nil {
		return newUnsigned(cmd)
	}
	return client.New(cmd.Context(), cfg)
}

// payerConfig reads the flags that say which nodes are asked and how a key of ours pays.
func payerConfig(cmd *cobra.Command) (cfg client.Config, err error) {
	if cfg.Signer, err = signerOf(cmd); err != nil {
		return cfg, err
	}
	f := cmd.Flags()
	cfg.URL, _ = f.GetString(nodeFlag)
	cfg.Token, _ = f.GetString(tokenFlag)
	cfg.Fallbacks, _ = f.GetStringSlice(fallbackFlag)
	cfg.Lanes, _ = f.GetInt(lanesFlag)
	cfg.Journal, _ = f.GetString(journalFlag)
	cfg.Within, _ = f.GetInt("within")
	if cfg.MaxFeePerGas, err = amountGiven(cmd, "max-fee-per-gas"); err != nil {
		return cfg, err
	}
	cfg.MaxFee, err = amountGiven(cmd, "max-fee")
	return cfg, err
}

// newUnsigned makes the client that has the node pay, and refuses flags that would say nothing then.
func newUnsigned(cmd *cobra.Command) (*client.Client, error) {
	for _, name := range []string{lanesFlag, journalFlag, fallbackFlag, "max-fee-per-gas", "max-fee", "within"} {
		if cmd.Flags().Changed(name) {
			return nil, fmt.Errorf("--%s is of use only with a key that signs here: name it by --%s", name, fromFlag)
		}
	}
	return newClient(cmd.Context(), cmd, nil)
}

// signerOf returns the key that --from names, nil where the node's own is to pay.
func signerOf(cmd *cobra.Command) (*client.Signer, error) {
	name, _ := cmd.Flags().GetString(fromFlag)
	if name == "" {
		return nil, nil
	}
	encoding, err := app.NewEncoding()
	if err != nil {
		return nil, err
	}
	backend, _ := cmd.Flags().GetString(flags.FlagKeyringBackend)
	home, err := homeOf(cmd)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.New(sdk.KeyringServiceName(), backend, home, cmd.InOrStdin(), encoding.Codec)
	if err != nil {
		return nil, fmt.Errorf("open the keyring in %s: %w", home, err)
	}
	return client.KeyringSigner(ring, name)
}

var errAmount = errors.New("want a whole number of aash (10^18 aash are 1 ASH), such as 3000000000")

// amountGiven reads a flag that is an amount of aash, nil if it is not given.
func amountGiven(cmd *cobra.Command, name string) (math.Int, error) {
	text, _ := cmd.Flags().GetString(name)
	if text == "" && !cmd.Flags().Changed(name) {
		return math.Int{}, nil
	}
	amount, ok := math.NewIntFromString(text)
	if !ok || !amount.IsPositive() {
		return math.Int{}, fmt.Errorf("--%s %q: %w", name, text, errAmount)
	}
	return amount, nil
}
