package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ashlar-da/ashlar/lightnode"
)

// checkpointFlags are how a signed header to begin with is given.
type checkpointFlags struct {
	file      string
	keys      []string
	threshold int
}

func (f *checkpointFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "checkpoint", "", "file of a signed header to begin with, see 'ashlar-light checkpoint'")
	f.registerKeys(flags)
}

func (f *checkpointFlags) registerKeys(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.keys, "checkpoint-key", nil, "public key whose signature of a checkpoint is trusted, 64 hex digits; may be repeated")
	flags.IntVar(&f.threshold, "checkpoint-threshold", 0, "how many of the keys must have signed (default: all)")
}

// read reads the file into a Config, if one is given.
func (f *checkpointFlags) read(config *lightnode.Config) (err error) {
	if f.file == "" {
		if len(f.keys) > 0 || f.threshold != 0 {
			return errors.New("--checkpoint is missing: the file that the keys have signed")
		}
		return nil
	}
	if config.CheckpointSigners, err = lightnode.ParseSigners(f.keys, f.threshold); err != nil {
		return err
	}
	config.Checkpoint, err = readCheckpoint(f.file)
	return err
}

func readCheckpoint(file string) (*lightnode.Checkpoint, error) {
	encoded, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the checkpoint: %w", err)
	}
	return lightnode.DecodeCheckpoint(encoded)
}

func newCheckpoint() *cobra.Command {
	command := &cobra.Command{
		Use:   "checkpoint",
		Short: "Make, sign and verify headers for others to begin with",
		Long: `Make, sign and verify headers for others to begin with.

A checkpoint is a small JSON file: a chain's id, a height, the hashes of its header
and of its validators, its time, the unbonding period, and Ed25519 signatures. A
light node begins with it by --checkpoint FILE and a --checkpoint-key for each key
that its owner trusts. Sign only headers of a node of your own.`,
		Example: `  ashlar-light checkpoint key my.pem
  ashlar-light checkpoint sign --key my.pem --node 127.0.0.1:26659 > checkpoint.json
  ashlar-light checkpoint sign --key other.pem --add checkpoint.json > both.json
  ashlar-light checkpoint verify both.json --checkpoint-key 4F0C… --checkpoint-key 91AB…`,
	}
	command.AddCommand(newCheckpointKey(), newCheckpointSign(), newCheckpointVerify())
	return command
}

func newCheckpointKey() *cobra.Command {
	return &cobra.Command{
		Use:   "key FILE",
		Short: "Make a key to sign checkpoints with, and show its public key",
		Long:  "Make a key to sign checkpoints with, unless the file has one, and show its public key.",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			key, err := readKey(args[0])
			if errors.Is(err, os.ErrNotExist) {
				key, err = makeKey(args[0])
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(command.OutOrStdout(), hex.EncodeToString(key[ed25519.SeedSize:]))
			return err
		},
	}
}

// makeKey writes a new key to a file that does not exist, as PKCS #8 in PEM.
func makeKey(file string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	err = pem.Encode(out, &pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
	return key, errors.Join(err, out.Close())
}

func readKey(file string) (ed25519.PrivateKey, error) {
	encoded, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the key: %w", err)
	}
	block, _ := pem.Decode(encoded)
	if block == nil {
		return nil, fmt.Errorf("%s is no key: want an Ed25519 key in PEM, as `ashlar-light checkpoint key` makes it", file)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s is no key: %w", file, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s has a key of another kind: want Ed25519", file)
	}
	return key, nil
}

// signFlags say what is signed.
type signFlags struct {
	key, add, node string
	height         uint64
	unbonding      time.Duration
}

func newCheckpointSign() *cobra.Command {
	f := &signFlags{}
	command := &cobra.Command{
		Use:   "sign",
		Short: "Sign a header that a full node of yours has, or add a signature to a checkpoint",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return f.run(command) },
	}
	flags := command.Flags()
	flags.StringVar(&f.key, "key", "", "file of the key to sign with (required)")
	flags.StringVar(&f.add, "add", "", "checkpoint to add a signature to")
	flags.StringVar(&f.node, "node", "127.0.0.1:26659", "TCP address of the HTTP API of a full node of yours")
	flags.Uint64Var(&f.height, "height", 0, "height to sign (default: the newest)")
	flags.DurationVar(&f.unbonding, "unbonding", lightnode.DefaultUnbonding, "the chain's unbonding period, as its governance has it")
	return command
}

func (f *signFlags) run(command *cobra.Command) error {
	if f.key == "" {
		return errors.New("--key is missing: make one with `ashlar-light checkpoint key FILE`")
	}
	key, err := readKey(f.key)
	if err != nil {
		return err
	}
	c, err := f.checkpoint(command)
	if err != nil {
		return err
	}
	if err := c.Sign(key); err != nil {
		return err
	}
	encoded, err := c.Encode()
	if err != nil {
		return err
	}
	command.PrintErrf("signed header %v of chain %s, of %s\n", c.Trust(), c.ChainID, c.Time.Format(time.RFC3339))
	_, err = command.OutOrStdout().Write(encoded)
	return err
}

// checkpoint returns what is to be signed. To add a signature to what others say takes that this
// node says the same.
func (f *signFlags) checkpoint(command *cobra.Command) (*lightnode.Checkpoint, error) {
	if f.add == "" {
		return f.ask(command, f.height)
	}
	c, err := readCheckpoint(f.add)
	if err != nil {
		return nil, err
	}
	own, err := f.ask(command, c.Height)
	if err != nil {
		return nil, err
	}
	if string(own.SignBytes()) != string(c.SignBytes()) {
		return nil, fmt.Errorf("%s is not what the node at %s has at height %d, or it names another unbonding period than --unbonding: nothing is signed. It says\n%swhere you would sign\n%s", f.add, f.node, c.Height, c.SignBytes(), own.SignBytes())
	}
	return c, nil
}

// ask makes a checkpoint of a header that a full node has.
func (f *signFlags) ask(command *cobra.Command, height uint64) (*lightnode.Checkpoint, error) {
	q := &query{api: f.node, flag: "--node", kind: "full node"}
	var status struct {
		ChainID string `json:"chain_id"`
		Head    uint64 `json:"height"`
	}
	body, err := q.get(command.Context(), "/v1/status")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &status); err != nil {
		return nil, fmt.Errorf("the answer of %s is not a full node's: %w", f.node, err)
	}
	if height == 0 {
		height = status.Head
	}
	if body, err = q.get(command.Context(), fmt.Sprintf("/v1/headers/%d", height)); err != nil {
		return nil, err
	}
	return lightnode.CheckpointOf(body, status.ChainID, f.unbonding)
}

func newCheckpointVerify() *cobra.Command {
	f := &checkpointFlags{}
	var chainID string
	command := &cobra.Command{
		Use:   "verify FILE",
		Short: "Verify a checkpoint's signatures, and show what it says",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			signers, err := lightnode.ParseSigners(f.keys, f.threshold)
			if err != nil {
				return err
			}
			c, err := readCheckpoint(args[0])
			if err != nil {
				return err
			}
			if chainID == "" {
				chainID = c.ChainID
			}
			if err := signers.Verify(c, chainID); err != nil {
				return err
			}
			printCheckpoint(command.OutOrStdout(), c, signers)
			return nil
		},
	}
	f.registerKeys(command.Flags())
	command.Flags().StringVar(&chainID, "chain-id", "", "chain that it must be of (default: whatever it names)")
	return command
}

func printCheckpoint(out io.Writer, c *lightnode.Checkpoint, signers lightnode.Signers) {
	table(out, [][2]string{
		{"chain", c.ChainID},
		{"header", c.Trust().String()},
		{"time", c.Time.Format(time.RFC3339) + ", " + age(time.Since(c.Time)) + " ago"},
		{"validators", fmt.Sprintf("%x", []byte(c.ValidatorsHash))},
		{"unbonding", c.UnbondingPeriod().String()},
		{"signed by", signers.Among(c)},
	})
}
