package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

func blobVerifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify ID...",
		Short: "Check blobs down to the block's header, and say what was checked",
		Long: "verify reads blobs, recomputes their commitments and ids, and follows the proofs of their index entries, their\n" +
			"namespaces and the DA header up to the data hash of the block's header. It says what it took on the node's word.",
		Args: cobra.MinimumNArgs(1),
		RunE: blobVerify,
	}
	addOutputFlag(cmd)
	return cmd
}

// verified is what --output json says of a blob that was checked.
type verified struct {
	ID      da.BlobID `json:"id"`
	Height  uint64    `json:"height"`
	Checked []string  `json:"checked"`
	Trusted []string  `json:"trusted"`
}

func blobVerify(cmd *cobra.Command, args []string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	ids, err := parseIDs(args)
	if err != nil {
		return err
	}
	c, err := newClient(cmd.Context(), cmd, nil)
	if err != nil {
		return err
	}
	results, err := verifyAll(cmd, c, ids)
	if err != nil {
		return err
	}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), results)
	}
	for _, result := range results {
		if err := printVerified(cmd, result); err != nil {
			return err
		}
	}
	return nil
}

func verifyAll(cmd *cobra.Command, c *client.Client, ids []da.BlobID) ([]verified, error) {
	bar := newProgress(cmd.ErrOrStderr(), len(ids), "verifying")
	defer bar.Close()
	results := make([]verified, 0, len(ids))
	for _, id := range ids {
		v, err := c.Verify(cmd.Context(), id)
		if err != nil {
			return nil, fmt.Errorf("blob %s: %w", id, err)
		}
		results = append(results, verified{id, v.Blob.Height, v.Checked, v.Trusted})
		bar.Add(1)
	}
	return results, nil
}

func printVerified(cmd *cobra.Command, v verified) error {
	var text strings.Builder
	fmt.Fprintf(&text, "blob %s at height %d\n", v.ID, v.Height)
	for _, line := range v.Checked {
		fmt.Fprintf(&text, "  checked  %s\n", line)
	}
	for _, line := range v.Trusted {
		fmt.Fprintf(&text, "  trusted  %s\n", line)
	}
	_, err := io.WriteString(cmd.OutOrStdout(), text.String())
	return err
}
