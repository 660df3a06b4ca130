// Package world is what the modules with rollups' clients have in common: where `make conformance` serves what they speak to, and
// how they have something done to it. It is a module of its own without dependencies, so that no client's versions meet ours.
package world

import (
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"testing"
	"time"
)

// limit is as long as anything here may take.
const limit = 2 * time.Minute

// At returns the URL that the environment variable ASHLAR_name has, and skips the test where there is none.
func At(t *testing.T, name string) string {
	t.Helper()
	url := os.Getenv("ASHLAR_" + name)
	if url == "" {
		t.Skip("run by make conformance, which starts a chain and gateways")
	}
	return url
}

// Control has the network do something, such as /halt, and waits until it has. testnet/cmd/conformance says what it can do.
func Control(t *testing.T, path string) {
	t.Helper()
	response, err := http.Post(At(t, "CONTROL")+path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", path, response.Status, body)
	}
}

// Eventually tries until try returns true, for two minutes. The error is what the test says if it never does.
func Eventually(t *testing.T, try func() (bool, error)) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		ok, err := try()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %v", limit, err)
		}
		time.Sleep(250 * time.Millisecond)
	}
}

// Behind waits until the gateway that At names says that the chain is behind.
func Behind(t *testing.T, name string) {
	t.Helper()
	Eventually(t, func() (bool, error) {
		response, err := http.Get(At(t, name) + "/health")
		if err != nil {
			return false, err
		}
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode == http.StatusServiceUnavailable, nil
	})
}

// Random returns bytes that nobody has put before.
func Random(t *testing.T, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	return data
}
