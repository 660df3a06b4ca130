package testnet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// followLimit bounds the wait for a light node to deliver what was posted.
const followLimit = 2 * time.Minute

// Delivery is what a light node says, beside a height's blobs, of what they are.
type Delivery struct {
	Height  uint64 `json:"height"`
	Verdict string `json:"verdict"`
	Entries []struct {
		ID string `json:"id"`
	} `json:"entries"`
	// Files are the names of the blobs' files, one for each entry.
	Files []string `json:"files"`
}

// Followed is a light node that delivers a namespace to a folder.
type Followed struct {
	*LightNode
	Namespace, Dir string
}

// Next returns the height that the node delivers next, 0 if it has not begun.
func (f *Followed) Next() (uint64, error) {
	encoded, err := os.ReadFile(filepath.Join(f.Dir, "cursor.json"))
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var cursor struct {
		Next uint64 `json:"next"`
	}
	return cursor.Next, json.Unmarshal(encoded, &cursor)
}

// WaitNext waits until all heights below one are delivered.
func (f *Followed) WaitNext(ctx context.Context, next uint64) error {
	what := fmt.Sprintf("%s to deliver the heights below %d", f.Name(), next)
	return Wait(ctx, followLimit, what, func(context.Context) (bool, error) {
		have, err := f.Next()
		return have >= next, err
	})
}

// Blobs returns what was delivered: the bytes of each blob by its height and id.
func (f *Followed) Blobs() (map[string][]byte, error) {
	heights, err := os.ReadDir(f.Dir)
	if err != nil {
		return nil, err
	}
	blobs := map[string][]byte{}
	for _, height := range heights {
		if _, err := strconv.ParseUint(height.Name(), 10, 64); err != nil {
			continue
		}
		if err := readDelivery(filepath.Join(f.Dir, height.Name()), blobs); err != nil {
			return nil, fmt.Errorf("height %s: %w", height.Name(), err)
		}
	}
	return blobs, nil
}

func readDelivery(dir string, blobs map[string][]byte) error {
	encoded, err := os.ReadFile(filepath.Join(dir, "block.json"))
	if err != nil {
		return err
	}
	var d Delivery
	if err := json.Unmarshal(encoded, &d); err != nil {
		return err
	}
	if d.Verdict != available || len(d.Files) != len(d.Entries) {
		return fmt.Errorf("verdict %s, %d files of %d blobs", d.Verdict, len(d.Files), len(d.Entries))
	}
	for i, file := range d.Files {
		if blobs[blobKey(d.Height, d.Entries[i].ID)], err = os.ReadFile(filepath.Join(dir, file)); err != nil {
			return err
		}
	}
	return nil
}

func blobKey(height uint64, id string) string { return fmt.Sprintf("%s of height %d", id, height) }

// Follow starts a light node that delivers a namespace from the first height on, kills it once it
// has begun, and starts it again. It expects it to deliver, byte for byte, all that was posted to the
// namespace and nothing else.
func (s *Scenario) Follow(ctx context.Context, name, namespace string, receipts []Receipt, knows ...*FullNode) (*Followed, error) {
	const all = "a light node delivers all of a namespace, and nothing else, though killed"
	f := &Followed{Namespace: namespace, Dir: s.Network.home(name + "-blobs")}
	var err error
	if f.LightNode, err = s.StartLightNode(ctx, LightConfig{Name: name, Namespace: namespace, Out: f.Dir}, knows...); err != nil {
		return nil, err
	}
	want, last := map[string][]byte{}, uint64(0)
	for _, receipt := range receipts {
		last = max(last, receipt.Height)
		if receipt.Namespace == namespace {
			want[blobKey(receipt.Height, receipt.ID)] = receipt.Data
		}
	}
	s.Progress.Note("waiting for %s to deliver %d blobs", name, len(want))
	if err := f.WaitNext(ctx, 2); err != nil {
		return f, s.ExpectNo(err, all)
	}
	f.Kill()
	next, err := f.Next()
	if err != nil {
		return f, s.ExpectNo(err, all)
	}
	if err := f.Start(); err != nil {
		return f, err
	}
	if err := f.WaitNext(ctx, last+1); err != nil {
		return f, s.ExpectNo(err, all)
	}
	return f, s.compare(f, want, all, next)
}

// compare holds what was delivered against what was posted.
func (s *Scenario) compare(f *Followed, want map[string][]byte, expect string, killed uint64) error {
	have, err := f.Blobs()
	if err != nil {
		return s.ExpectNo(err, expect)
	}
	size := 0
	for key, data := range want {
		if !bytes.Equal(have[key], data) {
			return s.Expect(false, expect, "blob %s: %d bytes delivered that are not the %d posted", key, len(have[key]), len(data))
		}
		size += len(data)
	}
	return s.Expect(len(have) == len(want), expect, "%d of %d blobs, %s, killed at height %d", len(have), len(want), Mebibytes(size), killed)
}
