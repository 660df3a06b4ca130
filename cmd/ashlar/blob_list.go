package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

func blobListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the blobs of a namespace, proven to be all there are",
		Long: "list prints the blobs of a namespace at one height, or at every height the node holds, and checks each list\n" +
			"against the index root of its block: the node can leave none out.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return blobList(cmd) },
	}
	f := cmd.Flags()
	f.String(namespaceFlag, "", "namespace, 58 hex digits (required)")
	f.Uint64(heightFlag, 0, "height; not given: every height the node holds")
	f.Uint64(firstFlag, 0, "first height, where --height is not given")
	addOutputFlag(cmd)
	return cmd
}

const firstFlag = "from"

// listed is a line of the list.
type listed struct {
	Height   uint64      `json:"height"`
	ID       da.BlobID   `json:"id"`
	Size     uint64      `json:"size"`
	Encoding da.Encoding `json:"encoding"`
	Row      int         `json:"row"`
	Column   int         `json:"column"`
}

func blobList(cmd *cobra.Command) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	namespace, err := namespaceOf(cmd)
	if err != nil {
		return err
	}
	c, err := newClient(cmd.Context(), cmd, nil)
	if err != nil {
		return err
	}
	from, to, err := heights(cmd.Context(), cmd, c)
	if err != nil {
		return err
	}
	lines, err := listHeights(cmd, c, namespace, from, to)
	if err != nil {
		return err
	}
	return printList(cmd, lines)
}

// heights returns the first and last height to list.
func heights(ctx context.Context, cmd *cobra.Command, c *client.Client) (uint64, uint64, error) {
	height, _ := cmd.Flags().GetUint64(heightFlag)
	if cmd.Flags().Changed(heightFlag) {
		if height == 0 {
			return 0, 0, fmt.Errorf("--%s 0: the first block has height 1", heightFlag)
		}
		return height, height, nil
	}
	status, err := c.Status(ctx)
	if err != nil {
		return 0, 0, err
	}
	from, _ := cmd.Flags().GetUint64(firstFlag)
	switch {
	case from > status.Head:
		return 0, 0, fmt.Errorf("--%s %d: %s: the newest height this node holds is %d", firstFlag, from, client.CodeFutureHeight, status.Head)
	case from > 0 && from < status.Tail:
		cmd.PrintErrf("heights %d to %d are pruned at this node: a node that retains more has them\n", from, status.Tail-1)
	}
	return max(from, status.Tail, 1), status.Head, nil
}

func listHeights(cmd *cobra.Command, c *client.Client, namespace da.Namespace, from, to uint64) ([]listed, error) {
	bar := newProgress(cmd.ErrOrStderr(), int(to)-int(from)+1, "listing")
	defer bar.Close()
	lines := []listed{}
	for height := from; height <= to; height++ {
		entries, err := c.List(cmd.Context(), namespace, height)
		if err != nil {
			return nil, fmt.Errorf("height %d: %w", height, err)
		}
		for i := range entries {
			e := &entries[i]
			lines = append(lines, listed{height, e.ID, e.Size, e.Encoding, e.Row(), e.Column()})
		}
		bar.Add(1)
	}
	return lines, nil
}

func printList(cmd *cobra.Command, lines []listed) error {
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), lines)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(w, "HEIGHT\tID\tSIZE\tENCODING")
	for _, l := range lines {
		if err == nil {
			_, err = fmt.Fprintf(w, "%d\t%s\t%d\t%s\n", l.Height, l.ID, l.Size, l.Encoding)
		}
	}
	return errors.Join(err, w.Flush())
}
