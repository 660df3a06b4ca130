package p2p

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/prometheus/client_golang/prometheus"
)

func TestConfigRefuses(t *testing.T) {
	secp, _, err := crypto.GenerateSecp256k1Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, corrupt := range map[string]func(*Config){
		"no chain":                      func(c *Config) { c.ChainID = "" },
		"a chain with a slash":          func(c *Config) { c.ChainID = "a/b" },
		"a chain of 51 letters":         func(c *Config) { c.ChainID = string(make([]byte, 51)) },
		"no key":                        func(c *Config) { c.Key = nil },
		"a key of another kind":         func(c *Config) { c.Key = secp },
		"no log":                        func(c *Config) { c.Log = nil },
		"a hasty timeout":               func(c *Config) { c.RequestTimeout = time.Millisecond },
		"neighbours but no address":     func(c *Config) { c.MDNS, c.Listen = true, nil },
		"a listen address that is none": func(c *Config) { c.Listen = []string{"127.0.0.1:80"} },
		"an address of no transport":    func(c *Config) { c.Listen = []string{"/ip4/127.0.0.1/udp/0"} },
		"a peer without an id":          func(c *Config) { c.Peers = []string{"/ip4/127.0.0.1/tcp/1"} },
		"a negative limit":              func(c *Config) { c.Limits.Streams = -1 },
		"too little memory":             func(c *Config) { c.Limits.Memory = 1 << 20 },
		"more low peers than high":      func(c *Config) { c.Limits.LowPeers, c.Limits.HighPeers = 9, 8 },
		"more peers than connections":   func(c *Config) { c.Limits.Connections = 100 },
	} {
		h, err := New(t.Context(), testConfig(t, corrupt))
		if err == nil {
			t.Errorf("%s: accepted", name)
			_ = h.Close()
		}
	}
}

func TestMetricsAreRegistered(t *testing.T) {
	registry := prometheus.NewRegistry()
	f := newFixture(t)
	server := start(t, serving(f, f), func(c *Config) { c.Metrics = registry })
	client := start(t)
	if _, err := client.GetCells(t.Context(), connect(t, client, server), 3, f.coords); err != nil {
		t.Fatal(err)
	}
	served := func() bool {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			if family.GetName() == "ashlar_p2p_requests_served_total" {
				return family.GetMetric()[0].GetCounter().GetValue() == 1
			}
		}
		return false
	}
	eventually(t, "the request to be counted", served)
	if _, err := New(t.Context(), testConfig(t, func(c *Config) { c.Metrics = registry })); err == nil {
		t.Error("the same metrics were registered twice")
	}
}

func TestKeyIsKeptToItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	key, err := LoadOrCreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
	again, err := LoadOrCreateKey(path)
	if err != nil || !key.Equals(again) {
		t.Errorf("the key changed (%v)", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKey(path); err == nil {
		t.Error("a key that others can read was accepted")
	}
	if left, err := filepath.Glob(filepath.Dir(path) + "/.key-*"); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestKeyFileRefuses(t *testing.T) {
	secp, _, err := crypto.GenerateSecp256k1Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := crypto.MarshalPrivateKey(secp)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"nothing": nil, "noise": []byte("not a key"), "a key of another kind": encoded} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadOrCreateKey(path); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := LoadOrCreateKey(filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("a key was written into no folder")
	}
}
