// Package op has the OP Stack's own clients use a gateway: op-alt-da's DAClient, and op-service's client of beacon
// nodes. `make conformance`, from the repository's root, starts what they speak to.
package op

import (
	"io"
	"net/http"
	"os"
	"testing"
	"time"
)

// at returns where the environment says that something is.
func at(t *testing.T, name string) string {
	t.Helper()
	url := os.Getenv("ASHLAR_" + name)
	if url == "" {
		t.Skip("run by make conformance, which starts a chain and gateways")
	}
	return url
}

// control has the network do something, and waits until it has.
func control(t *testing.T, path string) {
	t.Helper()
	response, err := http.Post(at(t, "CONTROL")+path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", path, response.Status, body)
	}
}

// eventually tries until try returns true, for as long as anything here may take.
func eventually(t *testing.T, try func() (bool, error)) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		ok, err := try()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within two minutes: %v", err)
		}
		time.Sleep(250 * time.Millisecond)
	}
}
