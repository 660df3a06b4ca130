package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

func blobStatusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status TX",
		Short: "Tell what became of a transaction: whether it waits, and for what, or why it is gone",
		Long: "status asks a node what it knows of a transaction, by the id that `blob submit` prints. Nodes remember it while they\n" +
			"run, and each knows its own mempool alone: what one has evicted may still wait at another.",
		Args: cobra.ExactArgs(1),
		RunE: blobStatus,
	}
	addOutputFlag(cmd)
	return cmd
}

func blobStatus(cmd *cobra.Command, args []string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	var id client.Hex
	if err := id.UnmarshalText([]byte(args[0])); err != nil || len(id) != da.HashSize {
		return fmt.Errorf("%q is no transaction id: give the 64 hex digits that `ashlar blob submit` prints as tx", args[0])
	}
	c, err := newClient(cmd.Context(), cmd, nil)
	if err != nil {
		return err
	}
	status, err := c.Tx(cmd.Context(), id)
	if err != nil {
		return err
	}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), status)
	}
	return printStatus(cmd.OutOrStdout(), status)
}

// printStatus says a status in a line.
func printStatus(w io.Writer, s *client.TxStatus) error {
	var err error
	switch {
	case s.Waiting != nil && s.Waiting.UnderBaseFee:
		_, err = fmt.Fprintf(w, "waiting since height %d: the base fee is %s and its cap %s aash per blob gas\n", s.Height, s.Waiting.BaseFee, s.Waiting.MaxBaseFee)
	case s.Waiting != nil:
		_, err = fmt.Fprintf(w, "waiting since height %d: it tips %s aash per blob gas, %d before it\n", s.Height, s.Waiting.Tip, s.Waiting.Before)
	case s.Included != nil && s.Included.Code != 0:
		_, err = fmt.Fprintf(w, "included at height %d, and failed with code %d of %s\n", s.Height, s.Included.Code, s.Included.Codespace)
	case s.By != nil:
		_, err = fmt.Fprintf(w, "replaced by %x at height %d\n", []byte(s.By), s.Height)
	case s.Cause != "":
		_, err = fmt.Fprintf(w, "%s at height %d, %s: %s\n", s.Status, s.Height, s.Cause, s.Reason)
	case s.Height > 0:
		_, err = fmt.Fprintf(w, "%s at height %d\n", s.Status, s.Height)
	default:
		_, err = fmt.Fprintf(w, "%s: this node does not remember it\n", s.Status)
	}
	return err
}
