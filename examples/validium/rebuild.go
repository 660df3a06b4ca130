package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/ashlar-da/ashlar/examples/validium/l1"
	"github.com/ashlar-da/ashlar/examples/validium/ledger"
	"github.com/ashlar-da/ashlar/testnet"
)

// rebuild has a light node that never ran before deliver the namespace from the checkpoint on, the height of which the contract knows, and finds
// the state whose root the contract has.
func (s *story) rebuild(ctx context.Context) error {
	height, err := l1.Call[uint64](ctx, s.validium.Contract, "checkpointHeight")
	if err != nil {
		return err
	}
	head, err := s.Network.FullNodes[0].Head(ctx)
	if err != nil {
		return err
	}
	followed, err := s.follow(ctx, height)
	if err != nil {
		return err
	}
	s.Progress.Say("it begins with the header of height %d, which a user takes from somewhere she trusts; data older than that is not needed", height)
	s.Progress.Note("waiting for heights %d to %d", height, head)
	const complete = "a light node delivers the namespace, complete, from the checkpoint on"
	if err := followed.WaitNext(ctx, head+1); err != nil {
		return s.ExpectNo(err, complete)
	}
	published, err := read(followed.Dir)
	if err != nil {
		return s.ExpectNo(err, complete)
	}
	if err := s.Expect(len(published) > 1, complete, "%d blobs in heights %d to %d", len(published), height, head); err != nil {
		return err
	}
	root, err := s.validium.Root(ctx)
	if err != nil {
		return err
	}
	const same = "the state that results has the contract's root"
	state, batches, err := ledger.Rebuild(shape, root, published)
	if err != nil {
		return s.ExpectNo(err, same)
	}
	s.rebuilt = state
	return s.Expect(state.Root() == root, same, "a checkpoint, and batches after it: %d; root %s", batches, hexOf(root))
}

// follow starts the light node. It begins with the checkpoint's header: what is older is gone.
func (s *story) follow(ctx context.Context, height uint64) (*testnet.Followed, error) {
	trust, err := s.Network.FullNodes[0].Trust(ctx, height)
	if err != nil {
		return nil, err
	}
	f := &testnet.Followed{Namespace: s.namespace.String(), Dir: filepath.Join(filepath.Dir(s.Network.Logs()), "homes", "light-anna-blobs")}
	config := testnet.LightConfig{Name: "light-anna", Trust: trust, Namespace: f.Namespace, Out: f.Dir, From: height}
	for _, node := range s.Network.FullNodes {
		address, err := s.Network.PeerAddress(node)
		if err != nil {
			return nil, err
		}
		config.Peers = append(config.Peers, address)
	}
	if f.LightNode, err = s.Network.AddLightNode(config); err != nil {
		return nil, err
	}
	return f, f.Start()
}

// read returns what a light node delivered to a folder, in order.
func read(dir string) ([][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read what was delivered: %w", err)
	}
	var heights []uint64
	for _, entry := range entries {
		if height, err := strconv.ParseUint(entry.Name(), 10, 64); err == nil {
			heights = append(heights, height)
		}
	}
	slices.SortFunc(heights, cmp.Compare)
	var published [][]byte
	for _, height := range heights {
		folder := filepath.Join(dir, strconv.FormatUint(height, 10))
		encoded, err := os.ReadFile(filepath.Join(folder, "block.json"))
		if err != nil {
			return nil, fmt.Errorf("read what was delivered: %w", err)
		}
		var delivery testnet.Delivery
		if err := json.Unmarshal(encoded, &delivery); err != nil {
			return nil, fmt.Errorf("read what was delivered: %w", err)
		}
		for _, file := range delivery.Files {
			data, err := os.ReadFile(filepath.Join(folder, file))
			if err != nil {
				return nil, fmt.Errorf("read what was delivered: %w", err)
			}
			published = append(published, data)
		}
	}
	return published, nil
}
