package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	sdkclient "github.com/cosmos/cosmos-sdk/client"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

const (
	setFlag       = "set"
	trustSetFlag  = "trust"
	certChainFlag = "chain-id"
	waitFlag      = "wait"
	// maxSetFile bounds what is read of a file with a set: 256 attesters take 60 KB.
	maxSetFile = 1 << 20
)

func certCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cert",
		Short: "Get, verify and challenge certificates: more than 2/3 of the stake signed that they hold a block",
		Long: "A certificate says that more than two thirds of an epoch's voting power signed that they durably hold the block of a\n" +
			"height, and those of the window of heights before it. It verifies without a node, against the epoch's attester set.",
		PersistentPreRunE: noPreparation,
		RunE:              sdkclient.ValidateCmd,
	}
	cmd.PersistentFlags().String(nodeFlag, defaultNode, "URL of the node's HTTP API")
	cmd.PersistentFlags().String(tokenFlag, "", "token of the node's HTTP API, where it asks for one")
	cmd.AddCommand(certGetCommand(), certVerifyCommand(), certSetCommand(), certCheckCommand(), certAccuseCommand())
	return cmd
}

func certGetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "get HEIGHT|latest",
		Short: "Get the certificate of a height",
		Long: "get asks a node for the certificate of a height, verifies it against the set that the node gives, and shows it. A later\n" +
			"certificate covers the height too, since it signs the history. To trust more than the node, verify the file.",
		Example: "  ashlar cert get latest --out block.cert && ashlar cert verify block.cert --trust 0:HASH",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return certGet(cmd, args[0]) },
	}
	cmd.Flags().String(outFlag, "", "file to write the certificate to, in hex")
	cmd.Flags().Duration(waitFlag, 0, "how long to wait for it, such as 1m")
	addOutputFlag(cmd)
	return cmd
}

func certGet(cmd *cobra.Command, name string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	var height uint64
	if name != "latest" {
		var err error
		if height, err = strconv.ParseUint(name, 10, 63); err != nil || height == 0 {
			return fmt.Errorf("height %q: want a number from 1 on, or latest", name)
		}
	}
	c, err := newClient(cmd.Context(), cmd, nil)
	if err != nil {
		return err
	}
	certificate, err := waitCertificate(cmd, c, height)
	if err != nil {
		return err
	}
	set, err := c.AttesterSet(cmd.Context(), certificate.Epoch)
	if err != nil {
		return err
	}
	if out, _ := cmd.Flags().GetString(outFlag); out != "" {
		if err := os.WriteFile(out, []byte(hex.EncodeToString(certificate.Encode())+"\n"), 0o644); err != nil {
			return err
		}
	}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), api.ShowCertificate(certificate, set))
	}
	return printCertificate(cmd.OutOrStdout(), certificate, set)
}

// waitCertificate asks until there is one, or --wait has passed.
func waitCertificate(cmd *cobra.Command, c *client.Client, height uint64) (*da.Certificate, error) {
	limit, _ := cmd.Flags().GetDuration(waitFlag)
	if limit <= 0 {
		return c.Certificate(cmd.Context(), height)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), limit)
	defer cancel()
	return c.WaitCertificate(ctx, height)
}

func printCertificate(w io.Writer, c *da.Certificate, set *da.AttesterSet) error {
	shown := api.ShowCertificate(c, set)
	_, err := fmt.Fprintf(w, "height          %d of %s\ntime            %s\nepoch           %d\nset             %x\nheader          %x\ndata root       %x\nblob tree root  %x\nhistory root    %x\nsigned          %d of %d, by %d of %d attesters\n",
		c.Height, c.ChainID, time.Unix(int64(c.Time), 0).UTC().Format(time.RFC3339), c.Epoch, c.SetHash, c.HeaderHash, c.DataRoot, c.BlobTreeRoot, c.HistoryRoot,
		shown.SignedPower, shown.TotalPower, c.Signers.Count(), len(set.Attesters))
	return err
}

func certSetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set EPOCH|current",
		Short: "Get the attester set of an epoch, as cert verify --set takes it",
		Long: "set asks a node for an epoch's attester set and shows its hash. The hash is what to compare with what others say, and what\n" +
			"`ashlar cert verify --trust EPOCH:HASH` begins with.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return certSet(cmd, args[0]) },
	}
	cmd.Flags().String(outFlag, "", "file to write the set to, as JSON")
	addOutputFlag(cmd)
	return cmd
}

func certSet(cmd *cobra.Command, name string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	c, err := newClient(cmd.Context(), cmd, nil)
	if err != nil {
		return err
	}
	var set *da.AttesterSet
	if name == "current" {
		set, err = c.CurrentAttesterSet(cmd.Context())
	} else {
		epoch, failed := strconv.ParseUint(name, 10, 63)
		if failed != nil {
			return fmt.Errorf("epoch %q: want a number from 0 on, or current", name)
		}
		set, err = c.AttesterSet(cmd.Context(), epoch)
	}
	if err != nil {
		return err
	}
	shown, err := api.ShowAttesters(set, 0)
	if err != nil {
		return err
	}
	if out, _ := cmd.Flags().GetString(outFlag); out != "" {
		var encoded bytes.Buffer
		if err := errors.Join(writeJSON(&encoded, shown), os.WriteFile(out, encoded.Bytes(), 0o644)); err != nil {
			return err
		}
	}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), shown)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d:%x\n", set.Epoch, []byte(shown.Hash))
	return err
}

func certVerifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify FILE|-",
		Short: "Verify a certificate, and say what was checked",
		Long: "verify checks that more than two thirds of the voting power of an attester set signed a certificate. Which set:\n" +
			"  --set FILE          one that you trust, as `ashlar cert set --out` writes it; no node is asked\n" +
			"  --trust EPOCH:HASH  what a set that you trust leads to: a node gives the sets since, each signed by the one before\n" +
			"FILE has the certificate in hex, as `ashlar cert get --out` writes it, or the JSON of -o json. The exit code is 0 only\n" +
			"where the certificate is valid.",
		Example: "  ashlar cert verify block.cert --set set-12.json\n  ashlar cert verify block.cert --trust 0:HASH --node https://node.example",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return certVerify(cmd, args[0]) },
	}
	cmd.Flags().String(setFlag, "", "file with the attester set to verify against")
	cmd.Flags().String(trustSetFlag, "", "attester set to begin with, EPOCH:HASH")
	cmd.Flags().String(certChainFlag, "", "chain that the certificate must be of; not given: the one it names")
	addOutputFlag(cmd)
	return cmd
}

// verifiedCertificate is what --output json says of a certificate that is valid.
type verifiedCertificate struct {
	Valid bool `json:"valid"`
	api.Certificate
	Checked []string `json:"checked"`
	Trusted []string `json:"trusted"`
}

func certVerify(cmd *cobra.Command, file string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	certificate, err := readCertificate(cmd, file)
	if err != nil {
		return err
	}
	if chain, _ := cmd.Flags().GetString(certChainFlag); chain != "" && chain != certificate.ChainID {
		return fmt.Errorf("%w: a certificate of chain %q, not %q", da.ErrMismatch, certificate.ChainID, chain)
	}
	set, trusted, err := verifyingSet(cmd, certificate)
	if err != nil {
		return err
	}
	if err := certificate.Verify(certificate.ChainID, set); err != nil {
		return err
	}
	shown := api.ShowCertificate(certificate, set)
	result := verifiedCertificate{true, shown, []string{
		fmt.Sprintf("%d of %d attesters signed, with %d of a power of %d: more than two thirds", certificate.Signers.Count(), len(set.Attesters), shown.SignedPower, shown.TotalPower),
		fmt.Sprintf("height %d of chain %s has header %x, data root %x", certificate.Height, certificate.ChainID, certificate.HeaderHash, certificate.DataRoot),
		fmt.Sprintf("the history of all heights up to it has root %x", certificate.HistoryRoot),
	}, []string{trusted, "that those who signed hold what they say they hold: a certificate vouches, and proves no storage"}}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), result)
	}
	return printVerifiedCertificate(cmd.OutOrStdout(), certificate, &result)
}

func printVerifiedCertificate(w io.Writer, c *da.Certificate, result *verifiedCertificate) error {
	var text strings.Builder
	fmt.Fprintf(&text, "valid: height %d, epoch %d\n", c.Height, c.Epoch)
	for _, line := range result.Checked {
		fmt.Fprintf(&text, "  checked  %s\n", line)
	}
	for _, line := range result.Trusted {
		fmt.Fprintf(&text, "  trusted  %s\n", line)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// readCertificate reads hex, or JSON with the hex in it.
func readCertificate(cmd *cobra.Command, file string) (*da.Certificate, error) {
	text, err := readInput(cmd, file)
	if err != nil {
		return nil, err
	}
	return parseCertificate(file, bytes.TrimPrefix(bytes.TrimSpace(text), []byte("0x")))
}

func parseCertificate(file string, text []byte) (*da.Certificate, error) {
	if bytes.HasPrefix(text, []byte("{")) {
		var answer struct {
			Certificate string `json:"certificate"`
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", file, da.ErrMalformed, err)
		}
		text = []byte(answer.Certificate)
	}
	encoded := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(encoded, text); err != nil {
		return nil, fmt.Errorf("%s: %w: want a certificate in hex, or the JSON of `ashlar cert get -o json`: %w", file, da.ErrMalformed, err)
	}
	certificate, err := da.DecodeCertificate(encoded)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return certificate, nil
}

// verifyingSet returns the set to verify against, and what is trusted about it.
func verifyingSet(cmd *cobra.Command, certificate *da.Certificate) (*da.AttesterSet, string, error) {
	file, _ := cmd.Flags().GetString(setFlag)
	trust, _ := cmd.Flags().GetString(trustSetFlag)
	switch {
	case (file == "") == (trust == ""):
		return nil, "", fmt.Errorf("say which attester set to trust: --%s FILE, or --%s EPOCH:HASH, one of both", setFlag, trustSetFlag)
	case file != "":
		set, err := readSet(file)
		return set, fmt.Sprintf("that the set %x in %s is the chain's in epoch %d", certificate.SetHash, file, certificate.Epoch), err
	}
	anchor, err := client.ParseSetAnchor(certificate.ChainID, trust)
	if err != nil {
		return nil, "", fmt.Errorf("--%s: %w", trustSetFlag, err)
	}
	url, _ := cmd.Flags().GetString(nodeFlag)
	token, _ := cmd.Flags().GetString(tokenFlag)
	c, err := client.New(cmd.Context(), client.Config{URL: url, Token: token, Sets: client.FollowSets(anchor)})
	if err != nil {
		return nil, "", err
	}
	set, err := c.AttesterSet(cmd.Context(), certificate.Epoch)
	return set, fmt.Sprintf("that %x is the set of epoch %d; those since are signed, each by the one before", anchor.Hash, anchor.Epoch), errors.Join(err, c.Close())
}

func readSet(file string) (*da.AttesterSet, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }() // it was only read
	encoded, err := io.ReadAll(io.LimitReader(opened, maxSetFile))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	set, err := client.ParseSet(encoded)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return set, nil
}
