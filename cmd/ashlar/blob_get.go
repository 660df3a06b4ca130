package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

func blobGetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "get ID...",
		Short: "Read blobs, check them against their ids and join them",
		Long:  "get reads blobs by id and writes their bytes, joined in the order given, to stdout or to --out.",
		Args:  cobra.MinimumNArgs(1),
		RunE:  blobGet,
	}
	cmd.Flags().String("out", "", "file to write to; not given: stdout")
	addOutputFlag(cmd)
	return cmd
}

// gotBlob is what --output json says of a blob that was read.
type gotBlob struct {
	ID     da.BlobID `json:"id"`
	Height uint64    `json:"height"`
	Size   int       `json:"size"`
}

func blobGet(cmd *cobra.Command, args []string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	ids, err := parseIDs(args)
	if err != nil {
		return err
	}
	out, _ := cmd.Flags().GetString("out")
	if out == "" && format(cmd) == formatJSON {
		return fmt.Errorf("--%s json needs --out: stdout cannot take both the blob and what is said of it", outputFlag)
	}
	c, err := newClient(cmd.Context(), cmd, nil)
	if err != nil {
		return err
	}
	var joined bytes.Buffer
	got, err := readAll(cmd, c, ids, &joined)
	if err != nil {
		return err
	}
	if out == "" {
		_, err := cmd.OutOrStdout().Write(joined.Bytes())
		return err
	}
	if err := os.WriteFile(out, joined.Bytes(), 0o644); err != nil {
		return err
	}
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), got)
	}
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%d bytes written to %s\n", joined.Len(), out)
	return err
}

// readAll reads blobs into w. Nothing is written for a blob that is not its id's.
func readAll(cmd *cobra.Command, c *client.Client, ids []da.BlobID, w io.Writer) ([]gotBlob, error) {
	bar := newProgress(cmd.ErrOrStderr(), len(ids), "reading")
	defer bar.Close()
	got := make([]gotBlob, 0, len(ids))
	for _, id := range ids {
		blob, err := c.Get(cmd.Context(), id)
		if err != nil {
			return nil, fmt.Errorf("blob %s: %w", id, err)
		}
		if _, err := w.Write(blob.Data); err != nil {
			return nil, err
		}
		got = append(got, gotBlob{ID: id, Height: blob.Height, Size: len(blob.Data)})
		bar.Add(1)
	}
	return got, nil
}
