package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLinksNoSDK holds the promise that a light node is small: what runs a full node, or
// a browser's transport, is not in it.
func TestLinksNoSDK(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	if len(linked) < 100 {
		t.Fatalf("go list names %d packages", len(linked))
	}
	const ours = "github.com/ashlar-da/ashlar/"
	below := []string{
		"github.com/cosmos/cosmos-sdk", "cosmossdk.io/", "github.com/cosmos/iavl", "github.com/cometbft/cometbft/node",
		"github.com/cometbft/cometbft/consensus", "github.com/cometbft/cometbft/state", "github.com/pion",
		"github.com/quic-go/webtransport-go", ours + "app", ours + "fullnode", ours + "proto/blob",
	}
	exactly := []string{"github.com/libp2p/go-libp2p", "github.com/libp2p/go-libp2p/config", ours + "da/store"}
	for _, path := range linked {
		for _, banned := range below {
			if path == banned || strings.HasPrefix(path, strings.TrimSuffix(banned, "/")+"/") {
				t.Errorf("ashlar-light links %s", path)
			}
		}
		for _, banned := range exactly {
			if path == banned {
				t.Errorf("ashlar-light links %s", path)
			}
		}
	}
}
