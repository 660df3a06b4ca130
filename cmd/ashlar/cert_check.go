package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/app/attest"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/contracts/calldata"
	"github.com/ashlar-da/ashlar/da"
	attestpb "github.com/ashlar-da/ashlar/proto/attest"
)

// certificateForms says what a FILE may have in it.
const certificateForms = "FILE has a certificate in hex, as `ashlar cert get --out` writes it; the JSON of a node's /v1/certificates or of -o json; or, in hex,\n" +
	"the calldata of an Ethereum transaction that called attest or verify of AshlarLightClient. An event has no signature: take the\n" +
	"calldata of the transaction that it is of. Where another contract made the call, take the inner call's input from a trace."

func certCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check FILE|-",
		Short: "Tell whether a certificate says what the chain says",
		Long: "check compares what a certificate says with a node's chain, and verifies who signed it. One that the chain contradicts is evidence\n" +
			"against each of them: `ashlar cert accuse` submits it. The exit code is 0 only where the certificate is the chain's.\n\n" + certificateForms,
		Example: "  ashlar cert check calldata.hex --node http://127.0.0.1:26659",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return certCheck(cmd, args[0]) },
	}
	addOutputFlag(cmd)
	return cmd
}

func certAccuseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "accuse FILE|-",
		Short: "Submit a certificate that the chain contradicts: whoever signed it is slashed and expelled",
		Long: "accuse checks a certificate as `ashlar cert check` does and, where the chain contradicts it, submits it as evidence. The chain\n" +
			"judges by itself; the check saves a fee for what is no fault. Nothing is paid for evidence, and anyone may submit it.\n\n" + certificateForms,
		Example: "  ashlar cert accuse calldata.hex --from me",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return certAccuse(cmd, args[0]) },
	}
	cmd.Flags().String(fromFlag, "", "key of the account that pays the fee (required)")
	cmd.Flags().String(flags.FlagKeyringBackend, flags.DefaultKeyringBackend, "keyring of that key: os, file or test")
	addOutputFlag(cmd)
	return cmd
}

// checkedCertificate is what --output json says of a certificate that was held against the chain.
type checkedCertificate struct {
	Height uint64 `json:"height"`
	// Chains tells whether all of it is the chain's; Differs names what is not.
	Chains  bool     `json:"chains"`
	Differs []string `json:"differs,omitempty"`
	Signers []string `json:"signers"`
	Tx      string   `json:"tx,omitempty"`

	claim *da.Certificate
	epoch uint64 // of the set that signers count in
}

func certCheck(cmd *cobra.Command, file string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	c, err := newClient(cmd.Context(), cmd, nil)
	if err != nil {
		return err
	}
	checked, err := checkCertificate(cmd, c, file)
	if err != nil {
		return err
	}
	if err := printChecked(cmd, checked); err != nil {
		return err
	}
	if !checked.Chains {
		return fmt.Errorf("the certificate is not the chain's: `ashlar cert accuse %s --from KEY` submits it as evidence against who signed it", file)
	}
	return nil
}

func certAccuse(cmd *cobra.Command, file string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	signer, err := signerOf(cmd)
	if err != nil {
		return err
	}
	if signer == nil {
		return fmt.Errorf("--%s is missing: name the key of the account that pays the fee", fromFlag)
	}
	c, err := newClient(cmd.Context(), cmd, signer)
	if err != nil {
		return err
	}
	checked, err := checkCertificate(cmd, c, file)
	if err != nil {
		return err
	}
	if checked.Chains {
		return fmt.Errorf("no fault: the certificate of height %d says what the chain says", checked.Height)
	}
	id, err := c.Execute(cmd.Context(), attest.EvidenceGas(len(checked.Signers)), &attestpb.MsgSubmitAttestationEvidence{Submitter: signer.Address(), Evidence: evidenceOf(checked)})
	if err := errors.Join(err, c.Close()); err != nil {
		return fmt.Errorf("submit the evidence: %w", err)
	}
	checked.Tx = hex.EncodeToString(id)
	return printChecked(cmd, checked)
}

// evidenceOf is a certificate as the chain takes evidence.
func evidenceOf(checked *checkedCertificate) attestpb.Evidence {
	c := checked.claim
	return attestpb.Evidence{
		Attestation: &attestpb.Attestation{
			Epoch: c.Epoch, SetHash: c.SetHash[:], Height: c.Height, Time: c.Time, HeaderHash: c.HeaderHash[:],
			DataRoot: c.DataRoot[:], BlobTreeRoot: c.BlobTreeRoot[:], HistoryRoot: c.HistoryRoot[:],
		},
		Epoch: checked.epoch, Signers: c.Signers[:], Signature: c.Signature[:],
	}
}

func printChecked(cmd *cobra.Command, checked *checkedCertificate) error {
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), checked)
	}
	var text strings.Builder
	if checked.Chains {
		fmt.Fprintf(&text, "height %d: the chain says the same\n", checked.Height)
	} else {
		fmt.Fprintf(&text, "height %d: not the chain's: %s\n", checked.Height, strings.Join(checked.Differs, ", "))
	}
	for _, operator := range checked.Signers {
		fmt.Fprintf(&text, "  signed by  %s\n", operator)
	}
	if checked.Tx != "" {
		fmt.Fprintf(&text, "  submitted  %s: whoever had stake left is slashed and expelled\n", checked.Tx)
	} else {
		fmt.Fprint(&text, "  trusted    the node, about what its chain says\n")
	}
	_, err := io.WriteString(cmd.OutOrStdout(), text.String())
	return err
}

// checkCertificate reads a certificate, finds who signed it, and compares it with a node's chain.
func checkCertificate(cmd *cobra.Command, c *client.Client, file string) (*checkedCertificate, error) {
	ctx := cmd.Context()
	status, err := c.Status(ctx)
	if err != nil {
		return nil, err
	}
	claim, fromCall, err := readClaim(cmd, file)
	if err != nil {
		return nil, err
	}
	set, err := c.AttesterSet(ctx, claim.Epoch)
	if err != nil { // of an epoch to come, or long gone: signers may be in the set at hand, under the same keys
		if set, err = c.CurrentAttesterSet(ctx); err != nil {
			return nil, err
		}
	}
	if fromCall {
		claim.ChainID = status.ChainID
		if claim.SetHash, err = set.Hash(); err != nil {
			return nil, err
		}
	}
	if claim.ChainID != status.ChainID {
		return nil, fmt.Errorf("%w: a certificate of chain %q, the node's is %q: --%s names a node of the other", da.ErrMismatch, claim.ChainID, status.ChainID, nodeFlag)
	}
	if err := set.VerifySigners(&claim.Signers, claim.Digest(), claim.Signature); err != nil {
		return nil, fmt.Errorf("%s: those named did not sign this, by the set of epoch %d: it is evidence against nobody: %w", file, set.Epoch, err)
	}
	checked := &checkedCertificate{Height: claim.Height, claim: claim, epoch: set.Epoch}
	for i := range set.Attesters {
		if claim.Signers.Has(i) {
			checked.Signers = append(checked.Signers, da.FormatAddress(set.Attesters[i].Operator))
		}
	}
	if checked.Differs, err = differences(ctx, c, claim, status.Head); err != nil {
		return nil, err
	}
	checked.Chains = len(checked.Differs) == 0
	return checked, nil
}

// readClaim reads a certificate in any of its forms. Calldata leaves out what the contract knows itself, and says so.
func readClaim(cmd *cobra.Command, file string) (_ *da.Certificate, fromCall bool, _ error) {
	text, err := readInput(cmd, file)
	if err != nil {
		return nil, false, err
	}
	text = bytes.TrimPrefix(bytes.TrimSpace(text), []byte("0x"))
	if input, err := hex.DecodeString(string(text)); err == nil {
		if claim, is, err := calldata.CertificateOf(input); is {
			if err != nil {
				err = fmt.Errorf("%s: %w", file, err)
			}
			return claim, true, err
		}
	}
	claim, err := parseCertificate(file, text)
	if err != nil {
		return nil, false, fmt.Errorf("%w\n%s", err, certificateForms)
	}
	return claim, false, nil
}

// differences names the fields in which a claim is not what a node's chain says, of which the newest height is head.
func differences(ctx context.Context, c *client.Client, claim *da.Certificate, head uint64) ([]string, error) {
	if claim.Height > head || claim.Height == 0 {
		return []string{fmt.Sprintf("height (the chain has those up to %d)", head)}, nil
	}
	own, err := c.Certificate(ctx, claim.Height)
	if err != nil {
		return nil, fmt.Errorf("the node has nothing of height %d to compare with, ask another with --%s: %w", claim.Height, nodeFlag, err)
	}
	var differs []string
	for _, field := range []struct {
		name string
		same bool
	}{
		{"epoch", claim.Epoch == own.Epoch},
		{"set hash", claim.SetHash == own.SetHash},
		{"time", claim.Time == own.Time},
		{"header hash", claim.HeaderHash == own.HeaderHash},
		{"data root", claim.DataRoot == own.DataRoot},
		{"blob tree root", claim.BlobTreeRoot == own.BlobTreeRoot},
		{"history root", claim.HistoryRoot == own.HistoryRoot},
	} {
		if !field.same {
			differs = append(differs, field.name)
		}
	}
	return differs, nil
}
