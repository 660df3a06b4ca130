package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/api"
)

// TestValidators runs a chain of four validators, one of which is replaced, a simulated Ethereum and `ashlar relay` as processes:
// the contract, which is deployed with a set of before, learns the set with the one and without the other, and takes a
// certificate that it signed. `make relay` runs it.
func TestValidators(t *testing.T) {
	bin := os.Getenv(binariesIn)
	if bin == "" {
		t.Skip("set " + binariesIn + " to the folder of the binaries, or run make relay")
	}
	d := &devnet{t: t, ashlar: filepath.Join(bin, "ashlar")}
	change := d.startValidators(bin)
	var before, after api.AttesterSet
	d.wait("the chain's second epoch, whose set has a time", func() bool {
		return d.get("/v1/attesters/current", &before) == nil && before.Epoch > 0
	})
	d.deploy(&before)

	epoch := change()
	if err := d.get(fmt.Sprintf("/v1/attesters/%d", epoch), &after); err != nil {
		t.Fatal(err)
	}
	if same(&before, &after) || len(after.Attesters) != len(before.Attesters) {
		t.Fatalf("the set of epoch %d is %+v, and that of epoch %d %+v", before.Epoch, before.Attesters, epoch, after.Attesters)
	}
	var newest api.Certificate
	d.wait("a certificate of the new set", func() bool {
		return d.get("/v1/certificates/latest", &newest) == nil && newest.Epoch >= epoch
	})
	out := d.run("post", fmt.Sprint(newest.Height))
	if !strings.Contains(out, fmt.Sprintf("height %d: covered", newest.Height)) || d.world.epoch() < epoch {
		t.Errorf("the contract is in epoch %d, want %d\n%s", d.world.epoch(), epoch, out)
	}
}

// startValidators starts the chain, and returns what replaces a validator and tells the first epoch of the new set.
func (d *devnet) startValidators(bin string) func() (epoch uint64) {
	d.t.Helper()
	command := exec.CommandContext(d.t.Context(), filepath.Join(bin, "changing"), "-bin", bin, "-out", filepath.Join(d.t.TempDir(), "chain"), "-chain-id", devChain)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 30 * time.Second
	command.Stderr = d.t.Output()
	in, err := command.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = in.Close(); _ = command.Wait() }) // it may have been interrupted
	var told struct {
		API   string `json:"api"`
		Epoch uint64 `json:"epoch"`
	}
	says := json.NewDecoder(out)
	if err := says.Decode(&told); err != nil {
		d.t.Fatalf("what the chain says: %v", err)
	}
	d.node = told.API
	return func() uint64 {
		d.t.Helper()
		if _, err := fmt.Fprintln(in); err != nil {
			d.t.Fatal(err)
		}
		if err := says.Decode(&told); err != nil {
			d.t.Fatalf("what the chain says of its change: %v", err)
		}
		return told.Epoch
	}
}

// same tells whether two sets have the same operators.
func same(a, b *api.AttesterSet) bool {
	operators := func(set *api.AttesterSet) (names []string) {
		for _, attester := range set.Attesters {
			names = append(names, attester.Operator)
		}
		slices.Sort(names)
		return names
	}
	return slices.Equal(operators(a), operators(b))
}
