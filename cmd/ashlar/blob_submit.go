package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

const (
	// maxFile bounds what is read into memory before it is split into blobs.
	maxFile = 1 << 30
	// postsPerAccount is how many parts of a file are on their way from one account at a time.
	postsPerAccount = 8
)

func blobSubmitCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "submit FILE|-",
		Short: "Post a file, or what stdin gives, as blobs and print their ids in order",
		Long: "submit posts a file to a namespace. What exceeds 16 rows (about 2 MB) is split, a transaction a part, and the\n" +
			"ids are printed in order: `ashlar blob get` with all of them joins the file again.\n\n" +
			"The node's own key pays, unless --from names a key of this home's keyring: then commitments and proofs are\n" +
			"computed and transactions are signed here, parts are posted side by side, and with --journal the same command\n" +
			"goes on where it was interrupted, and posts nothing twice.",
		Example: "  ashlar blob submit photo.jpg --namespace 0000000000000000000000000000000000000000000000000070686f74\n" +
			"  ashlar blob submit dump.bin --namespace … --from alice --journal dump.journal --max-fee-per-gas 3000000000",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return blobSubmit(cmd, args[0]) },
	}
	f := cmd.Flags()
	f.String(namespaceFlag, "", "namespace, 58 hex digits: version 00, 36 zeros, 20 of your choice (required)")
	f.String("encoding", "data", "data: any bytes; raw: canonical scalars of 32 bytes, such as an Ethereum blob")
	f.String("wait", "included", "accepted: in the mempool; included: in a block, and on the node's disk; final: that block's header is one this client takes for the chain's; attested: a certificate of > 2/3 of the stake covers it")
	f.Duration("timeout", 0, "give up waiting after so long, such as 90s; 0: never. What was accepted may still be included")
	f.String(fromFlag, "", "key that pays; not given: the node's own")
	addPayFlags(cmd)
	addOutputFlag(cmd)
	return cmd
}

func blobSubmit(cmd *cobra.Command, file string) error {
	if err := checkFormat(cmd); err != nil {
		return err
	}
	blobs, err := blobsToPost(cmd, file)
	if err != nil {
		return err
	}
	name, _ := cmd.Flags().GetString("wait")
	wait, err := client.ParseState(name)
	if err != nil {
		return err
	}
	c, err := newPayer(cmd)
	if err != nil {
		return err
	}
	return errors.Join(postAll(cmd, c, blobs, wait), c.Close())
}

// blobsToPost reads the file and splits it into blobs that one transaction takes each.
func blobsToPost(cmd *cobra.Command, file string) ([]da.Blob, error) {
	namespace, err := namespaceOf(cmd)
	if err != nil {
		return nil, err
	}
	if err := namespace.ValidateForBlob(); err != nil {
		return nil, fmt.Errorf("--%s: %w", namespaceFlag, err)
	}
	name, _ := cmd.Flags().GetString("encoding")
	encoding, err := da.ParseEncoding(name)
	if err != nil {
		return nil, fmt.Errorf("--encoding: %w", err)
	}
	data, err := readInput(cmd, file)
	if err != nil {
		return nil, err
	}
	blobs := client.Split(da.Blob{Namespace: namespace, Encoding: encoding, Data: data})
	for i := range blobs {
		if _, err := blobs[i].Rows(); err != nil { // looks at every scalar too
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return blobs, nil
}

func readInput(cmd *cobra.Command, file string) ([]byte, error) {
	in := cmd.InOrStdin()
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer func() { _ = opened.Close() }() // it was only read
		in = opened
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: %w: more than %d bytes; post it in parts", file, da.ErrTooLarge, maxFile)
	}
	return data, nil
}

// postAll posts blobs and prints what became of each, up to the first that failed. The node's key posts one after
// another; one of ours posts several at a time.
func postAll(cmd *cobra.Command, c *client.Client, blobs []da.Blob, wait client.State) error {
	bar := newProgress(cmd.ErrOrStderr(), totalSize(blobs), "posting")
	defer bar.Close()
	posted, why := make([]*client.Posted, len(blobs)), newReasons(cmd.ErrOrStderr())
	ctx, cancel := timeLimit(cmd)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, postsPerAccount*len(c.Accounts())))
	for i := range blobs {
		group.Go(func() (err error) {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			if posted[i], err = postOne(ctx, c, blobs[i], wait, why); err != nil {
				return partError(err, i, len(blobs))
			}
			bar.Add(len(blobs[i].Data))
			return nil
		})
	}
	failure := group.Wait()
	if missing := slices.Index(posted, nil); missing >= 0 {
		posted = posted[:missing]
	}
	return errors.Join(printPosted(cmd, posted), failure)
}

// timeLimit returns a context that ends with --timeout.
func timeLimit(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	if limit, _ := cmd.Flags().GetDuration("timeout"); limit > 0 {
		return context.WithTimeout(cmd.Context(), limit)
	}
	return context.WithCancel(cmd.Context())
}

func partError(err error, part, parts int) error {
	if parts == 1 {
		return err
	}
	return fmt.Errorf("part %d of %d, only ids that come before any missing one are printed: %w", part+1, parts, err)
}

func totalSize(blobs []da.Blob) int {
	total := 0
	for i := range blobs {
		total += len(blobs[i].Data)
	}
	return total
}

func printPosted(cmd *cobra.Command, posted []*client.Posted) error {
	if format(cmd) == formatJSON {
		return writeJSON(cmd.OutOrStdout(), posted)
	}
	for _, p := range posted {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), p.ID); err != nil {
			return err
		}
	}
	return nil
}
