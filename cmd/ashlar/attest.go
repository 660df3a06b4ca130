package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	sdkclient "github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/fullnode"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// registerGas is the execution gas that a registration offers.
const registerGas = 600_000

func attestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "attest",
		Short:             "Show and register a validator's attestation key",
		PersistentPreRunE: noPreparation,
		RunE:              sdkclient.ValidateCmd,
	}
	cmd.AddCommand(attestKeyCommand(), attestRegisterCommand())
	return cmd
}

// operatorFlag names the account that a proof of possession is for.
const operatorFlag = "operator"

func attestKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Show this home's attestation key, and its proof of possession for an operator; make one where there is none",
		Long: "key shows the public key that this home's node attests with and, with --operator, the proof that it has the secret, with\n" +
			"which that operator alone can register the key. The secret is in\n" +
			"config/attestation_key, for its owner alone, and is never shown. It belongs to one home: two nodes with the same\n" +
			"secret can sign two attestations of one height, which costs the validator its stake.\n\n" +
			"To replace a key, rename the file to attestation_key.old, make and register another key and restart the node. It signs with\n" +
			"the old one for the epochs whose sets have that, two at most: delete it then, and not before, or the validator misses them.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return attestKey(cmd) },
	}
	cmd.Flags().String(operatorFlag, "", "account that operates the validator, for which possession is proven")
	addOutputFlag(cmd)
	return cmd
}

// shownKey is what --output json says of an attestation key.
type shownKey struct {
	Key      api.Hex `json:"key"`
	Operator string  `json:"operator,omitempty"`
	Proof    api.Hex `json:"proof,omitempty"`
}

// nodeHome returns the home that the flags name, where there is a node.
func nodeHome(cmd *cobra.Command) (string, error) {
	home, err := homeOf(cmd)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(home, "config")); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no node in %s: create one with `ashlar init`, or give the --home of one", home)
	}
	return home, nil
}

// registration reads the key of the home that the flags name, or makes it, and proves possession for an operator.
func registration(cmd *cobra.Command, operator string) (r fullnode.Registration, _ error) {
	address, err := da.ParseAddress(operator)
	if err != nil {
		return r, fmt.Errorf("operator: %w", err)
	}
	home, err := nodeHome(cmd)
	if err != nil {
		return r, err
	}
	return fullnode.RegistrationOf(home, address)
}

// keyFor returns the key of the home that the flags name, with a proof where there is an operator for it.
func keyFor(cmd *cobra.Command, operator string) (shownKey, error) {
	if operator != "" {
		r, err := registration(cmd, operator)
		return shownKey{r.Key[:], operator, r.Proof[:]}, err
	}
	home, err := nodeHome(cmd)
	if err != nil {
		return shownKey{}, err
	}
	key, err := fullnode.AttestationKeyOf(home)
	return shownKey{Key: key[:]}, err
}

func attestKey(cmd *cobra.Command) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	operator, err := cmd.Flags().GetString(operatorFlag)
	if err != nil {
		return err
	}
	shown, err := keyFor(cmd, operator)
	if err != nil {
		return err
	}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), shown)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "key    %x\n", []byte(shown.Key))
	if err == nil && operator != "" {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "proof  %x (for %s)\n", []byte(shown.Proof), operator)
	}
	return err
}

func attestRegisterCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Register this home's attestation key for the validator that --from operates",
		Long: "register names the key that a validator attests with, or replaces the one before, and waits until a block has it. The\n" +
			"key is in the attester set that the next epoch takes, and attests from the epoch after that.",
		Example: "  ashlar attest register --from operator",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return attestRegister(cmd) },
	}
	f := cmd.Flags()
	f.String(nodeFlag, defaultNode, "URL of the node's HTTP API")
	f.String(tokenFlag, "", "token of the node's HTTP API, where it asks for one")
	f.String(fromFlag, "", "key of the account that operates the validator (required)")
	f.String(flags.FlagKeyringBackend, flags.DefaultKeyringBackend, "keyring of that key: os, file or test")
	addOutputFlag(cmd)
	return cmd
}

// registered is what --output json says of a registration.
type registered struct {
	Operator string  `json:"operator"`
	Key      api.Hex `json:"key"`
	Tx       string  `json:"tx"`
}

func attestRegister(cmd *cobra.Command) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	signer, err := signerOf(cmd)
	if err != nil {
		return err
	}
	if signer == nil {
		return fmt.Errorf("--%s is missing: name the key of the account that operates the validator", fromFlag)
	}
	r, err := registration(cmd, signer.Address())
	if err != nil {
		return err
	}
	c, err := newClient(cmd.Context(), cmd, signer)
	if err != nil {
		return err
	}
	id, err := c.Execute(cmd.Context(), registerGas, &attestpb.MsgRegisterAttestationKey{Operator: signer.Address(), Key: r.Key[:], Proof: r.Proof[:]})
	if err := errors.Join(err, c.Close()); err != nil {
		return fmt.Errorf("register the attestation key of %s: %w", signer.Address(), err)
	}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), registered{signer.Address(), r.Key[:], hex.EncodeToString(id)})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s attests with %s, from the epoch after next at the latest\n", signer.Address(), r.Key)
	return err
}

// genesisKeyCommand is one of the commands below `ashlar genesis`.
func genesisKeyCommand(encoding *app.Encoding) *cobra.Command {
	return &cobra.Command{
		Use:   "add-attestation-key OPERATOR KEY PROOF",
		Short: "Register a validator's attestation key in the genesis file",
		Long: "add-attestation-key registers a key in config/genesis.json, so that the validator attests from the first block on. OPERATOR is\n" +
			"the account that operates it; KEY and PROOF are what `ashlar attest key --operator OPERATOR` shows at the validator's home.",
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			home, err := homeOf(cmd)
			if err != nil {
				return err
			}
			var r fullnode.Registration
			for i, into := range [][]byte{r.Key[:], r.Proof[:]} {
				decoded, err := hex.DecodeString(args[i+1])
				if err != nil || copy(into, decoded) != len(into) || len(decoded) != len(into) {
					return fmt.Errorf("%s: %w: want %d hex digits", []string{"KEY", "PROOF"}[i], da.ErrMalformed, 2*len(into))
				}
			}
			return fullnode.AddAttestationKey(filepath.Join(home, "config", "genesis.json"), encoding, args[0], r)
		},
	}
}
