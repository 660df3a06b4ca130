package fullnode

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/client"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/erasure"
	"github.com/ashlar-da/ashlar/p2p"
)

// forgetful configures a validator that keeps seconds of its chain.
func forgetful(cfg Config) Config {
	cfg.Retain, cfg.maintenance = 3*time.Second, 100*time.Millisecond
	return cfg
}

// TestRetention lets a chain outlive its retention: squares and CometBFT's blocks go
// together, and whoever asks for what is gone is told so, after a restart too.
func TestRetention(t *testing.T) {
	cfg := forgetful(newValidator(t))
	node := startNode(t, cfg)
	node.waitStored(t, 1)
	blob := testBlob(t, 1, 100)
	id, height := node.post(t, blob)
	await(t, "square and block are pruned", func() bool {
		return node.store.Tail() > height && node.comet.BlockStore().Base() > int64(height)
	})
	if node.comet.BlockStore().LoadBlock(int64(height)) != nil {
		t.Errorf("CometBFT still has block %d", height)
	}
	requirePruned(t, node, blob.Namespace, id, height)
	tail := node.store.Tail()
	if err := node.stop(); err != nil {
		t.Fatal(err)
	}

	again := startNode(t, cfg)
	if floor := again.store.Tail(); floor < tail {
		t.Errorf("squares from %d on after a restart, from %d before", floor, tail)
	}
	requirePruned(t, again, blob.Namespace, id, height)
	next, at := again.post(t, blob)
	if got := again.read(t, next, at); string(got) != string(blob.Data) {
		t.Errorf("the same blob again: %d bytes differ", len(got))
	}
}

// TestRetentionWaitsForTheFollower stops the follower, by a full disk, for longer than the
// retention: what it has not stored is kept, and stored in the end.
func TestRetentionWaitsForTheFollower(t *testing.T) {
	cfg, free := newShortOfSpace(t)
	cfg = forgetful(cfg)
	node := startNode(t, cfg)
	node.waitStored(t, 3)
	free.Store(scarce)
	await(t, "the disk is full", node.store.DiskFull)
	await(t, "all but the newest square is pruned", func() bool { return node.store.Tail() == node.store.Head() })
	stored := node.store.Head()
	await(t, "blocks are pruned up to there", func() bool { return node.comet.BlockStore().Base() == int64(stored) })
	executed := node.abci.committed.Load()
	await(t, "the chain has gone on", func() bool { return node.abci.committed.Load() > executed+5 })
	if base := node.comet.BlockStore().Base(); base != int64(stored) {
		t.Errorf("CometBFT's blocks begin at %d, the follower is at %d", base, stored)
	}
	free.Store(plenty)
	node.waitStored(t, uint64(executed)+5)
}

// requirePruned asks for a height in every way there is.
func requirePruned(t *testing.T, node *runningNode, namespace da.Namespace, id da.BlobID, height uint64) {
	t.Helper()
	for _, path := range []string{
		"/v1/blocks/%d", "/v1/headers/%d", "/v1/blocks/%d/cells/0/0",
		"/v1/namespaces/" + namespace.String() + "/blobs?height=%d",
		"/v1/blobs/" + id.String() + "?height=%d", "/v1/blobs/" + id.String() + "/data?height=%d",
	} {
		path = fmt.Sprintf(path, height)
		if answer := node.get(t, path); !strings.HasPrefix(answer, `410 {"error":{"code":"pruned"`) {
			t.Errorf("%s: %s", path, answer)
		}
	}
	_, err := node.client(t).List(t.Context(), namespace, height)
	if !errors.Is(err, da.ErrPruned) || client.CodeOf(err) != client.CodePruned {
		t.Errorf("the client answers %v", err)
	}
	asker := newAsker(t, node)
	_, header := asker.host.GetHeader(t.Context(), asker.from, p2p.HeaderRequest{Height: height, Proof: true})
	_, cells := asker.host.GetCells(t.Context(), asker.from, height, []erasure.Coord{{}})
	_, rows := asker.host.GetRows(t.Context(), asker.from, height, []int{0})
	_, entries := asker.host.GetNamespace(t.Context(), asker.from, height, namespace)
	for what, err := range map[string]error{"header": header, "cells": cells, "rows": rows, "namespace": entries} {
		if !errors.Is(err, da.ErrPruned) {
			t.Errorf("%s over libp2p: %v", what, err)
		}
	}
}
