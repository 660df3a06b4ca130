package kzg

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	goethkzg "github.com/crate-crypto/go-eth-kzg"
)

// ceremonySHA256 is the hash of trusted_setup_4096.json in ethereum/consensus-specs, the output of the ceremony.
const ceremonySHA256 = "f8e44a31ebf0a6d0734dcb301b0716e2c77f3ae18ed0cab0870fbcc2ca55616f"

var update = flag.Bool("update", false, "rewrite setup.bin from the trusted setup in the go-eth-kzg module")

// sharedSetup loads the setup once for the whole test package.
var sharedSetup = sync.OnceValues(NewSetup)

func newSetup(tb testing.TB) *Setup {
	tb.Helper()
	setup, err := sharedSetup()
	if err != nil {
		tb.Fatal(err)
	}
	return setup
}

// moduleDir returns where the go-eth-kzg module lies in the module cache.
func moduleDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/crate-crypto/go-eth-kzg").Output()
	if err != nil {
		t.Fatalf("find the go-eth-kzg module, which holds the official vectors: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// TestSetupIsTheCeremonys rebuilds setup.bin from the JSON file of the ceremony and checks every point on the way.
func TestSetupIsTheCeremonys(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(moduleDir(t), "trusted_setup.json"))
	if err != nil {
		t.Fatal(err)
	}
	if have := fmt.Sprintf("%x", sha256.Sum256(data)); have != ceremonySHA256 {
		t.Fatalf("trusted_setup.json has hash %s, the one of the consensus specifications %s", have, ceremonySHA256)
	}
	var ceremony goethkzg.JSONTrustedSetup
	if err := json.Unmarshal(data, &ceremony); err != nil {
		t.Fatal(err)
	}
	want := encodeCeremony(t, &ceremony)
	sum := sha256.Sum256(want)
	if *update {
		if err := os.WriteFile("setup.bin", want, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Fatalf("setup.bin rewritten; its SHA-256 is %x", sum)
	}
	if have := hex.EncodeToString(sum[:]); have != setupSHA256 {
		t.Errorf("the ceremony's setup has hash %s, pinned is %s", have, setupSHA256)
	}
	if !bytes.Equal(want, []byte(setupBytes)) {
		t.Error("setup.bin differs from the ceremony's setup")
	}
}

func encodeCeremony(t *testing.T, ceremony *goethkzg.JSONTrustedSetup) []byte {
	t.Helper()
	var out []byte
	for _, s := range append(ceremony.SetupG1Lagrange[:], ceremony.SetupG1Monomial[:CellScalars]...) {
		var p bls12381.G1Affine
		decodeHex(t, s, p.SetBytes)
		raw := p.RawBytes()
		out = append(out, raw[:]...)
	}
	for _, power := range []int{0, 1, CellScalars} {
		var p bls12381.G2Affine
		decodeHex(t, ceremony.SetupG2[power], p.SetBytes)
		raw := p.RawBytes()
		out = append(out, raw[:]...)
	}
	return out
}

func decodeHex(t *testing.T, s string, set func([]byte) (int, error)) {
	t.Helper()
	data, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set(data); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
}
