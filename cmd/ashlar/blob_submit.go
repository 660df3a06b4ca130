package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/crypto/keyring"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/spf13/cobra"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
)

// maxFile bounds what is read into memory before it is split into blobs.
const maxFile = 1 << 30

func blobSubmitCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "submit FILE|-",
		Short: "Post a file, or what stdin gives, as blobs and print their ids in order",
		Long: "submit posts a file to a namespace. What exceeds 16 rows (about 2 MB) is split, a transaction a part, and the\n" +
			"ids are printed in order: `ashlar blob get` with all of them joins the file again.\n\n" +
			"The node's own key pays, unless --from names a key of this home's keyring: then commitments and proofs are\n" +
			"computed and the transaction is signed here.",
		Example: "  ashlar blob submit photo.jpg --namespace 0000000000000000000000000000000000000000000000000070686f74",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return blobSubmit(cmd, args[0]) },
	}
	f := cmd.Flags()
	f.String(namespaceFlag, "", "namespace, 58 hex digits: version 00, 36 zeros, 20 of your choice (required)")
	f.String("encoding", "data", "data: any bytes; raw: canonical scalars of 32 bytes, such as an Ethereum blob")
	f.String("wait", "included", "accepted: in the mempool; included: in a block, and on the node's disk; final: that block's header is one this client takes for the chain's; attested: vouched for by > 2/3 of the stake, if the node can tell")
	f.String("from", "", "key that pays; not given: the node's own")
	f.String(flags.FlagKeyringBackend, keyring.BackendOS, "keyring of --from: os, file or test")
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
	signer, err := signerOf(cmd)
	if err != nil {
		return err
	}
	name, _ := cmd.Flags().GetString("wait")
	wait, err := client.ParseState(name)
	if err != nil {
		return err
	}
	c, err := newClient(cmd.Context(), cmd, signer)
	if err != nil {
		return err
	}
	return postAll(cmd.Context(), cmd, c, blobs, wait)
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

// signerOf returns the key that --from names, nil where the node's own is to pay.
func signerOf(cmd *cobra.Command) (*client.Signer, error) {
	name, _ := cmd.Flags().GetString("from")
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

// postAll posts blobs one after another and prints what became of each. The parts that
// were posted before an error are printed: they are on the chain.
func postAll(ctx context.Context, cmd *cobra.Command, c *client.Client, blobs []da.Blob, wait client.State) error {
	bar := newProgress(cmd.ErrOrStderr(), totalSize(blobs), "posting")
	defer bar.Close()
	posted := make([]*client.Posted, 0, len(blobs))
	var failure error
	for i := range blobs {
		answer, err := c.Post(ctx, blobs[i], wait)
		if err != nil {
			failure = partError(err, i, len(blobs))
			break
		}
		posted = append(posted, answer)
		bar.Add(len(blobs[i].Data))
	}
	if err := printPosted(cmd, posted); err != nil {
		return err
	}
	return failure
}

func partError(err error, part, parts int) error {
	if parts == 1 {
		return err
	}
	return fmt.Errorf("part %d of %d, the ids of those before it are printed: %w", part+1, parts, err)
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
