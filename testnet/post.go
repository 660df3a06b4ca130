package testnet

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Limits of waiting, far above what is usual, so that they end only what hangs.
const (
	postLimit = 110 * time.Second
	readLimit = 60 * time.Second
)

// Receipt is a file that was posted.
type Receipt struct {
	File
	Posted
	// Node is the index, in Network.FullNodes, of the node that received it.
	Node int
}

// Post posts files through the validators, each taking one file after another, and
// returns once every blob is final and durable at the node that received it.
func (s *Scenario) Post(ctx context.Context, files []File) ([]Receipt, error) {
	next := make(chan File, len(files))
	total := 0
	for _, file := range files {
		next <- file
		total += len(file.Data)
	}
	close(next)
	var mu sync.Mutex
	var receipts []Receipt
	done := 0
	group, groupCtx := errgroup.WithContext(ctx)
	for i, node := range s.Network.Validators() {
		group.Go(func() error {
			for file := range next {
				receipt, err := post(groupCtx, node, i, file)
				if err != nil {
					return err
				}
				mu.Lock()
				receipts = append(receipts, receipt)
				done += len(file.Data)
				s.Progress.Note("%d of %d blobs, %s of %s", len(receipts), len(files), Mebibytes(done), Mebibytes(total))
				mu.Unlock()
			}
			return nil
		})
	}
	return receipts, group.Wait()
}

// post posts one file through one node.
func post(ctx context.Context, node *FullNode, index int, file File) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, postLimit)
	defer cancel()
	posted, err := node.PostBlob(ctx, file.Namespace, file.Encoding, file.Data)
	if err != nil {
		return Receipt{}, fmt.Errorf("post %s (%d bytes, %s) through %s: %w", file.Name, len(file.Data), file.Encoding, node.Name, err)
	}
	if posted.Status != "included" || posted.Height == 0 || posted.ID == "" {
		return Receipt{}, fmt.Errorf("%s answered %+v to a blob that was to be included", node.Name, posted)
	}
	return Receipt{File: file, Posted: posted, Node: index}, nil
}

// ReadBack reads every blob from a node that did not receive it, and returns how many
// came back byte for byte before the first that did not.
func (s *Scenario) ReadBack(ctx context.Context, receipts []Receipt) (int, error) {
	for i, receipt := range receipts {
		node := s.Network.other(receipt.Node, i)
		if err := readBack(ctx, node, receipt); err != nil {
			return i, err
		}
		s.Progress.Note("%d of %d blobs read back", i+1, len(receipts))
	}
	return len(receipts), nil
}

// readBack reads one blob, once the node has stored its height, and compares it.
func readBack(ctx context.Context, node *FullNode, receipt Receipt) error {
	if err := node.WaitHeight(ctx, readLimit, receipt.Height); err != nil {
		return err
	}
	data, err := node.BlobData(ctx, receipt.ID)
	if err != nil {
		return fmt.Errorf("read %s back from %s: %w", receipt.Name, node.Name, err)
	}
	if !bytes.Equal(data, receipt.Data) {
		return fmt.Errorf("%s returns %d bytes that are not the %d bytes of %s", node.Name, len(data), len(receipt.Data), receipt.Name)
	}
	return nil
}

// Mebibytes writes a number of bytes.
func Mebibytes(bytes int) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
