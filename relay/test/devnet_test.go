package test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/api"
	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/relay"
	"github.com/ashlar-da/ashlar/relay/test/l1"
)

// binariesIn is the variable that says where the binaries are that TestDevnet runs.
const binariesIn = "ASHLAR_BIN"

// devChain is the id of the chain that it starts.
const devChain = "ashlar-relay"

// TestDevnet runs `ashlar dev`, a simulated Ethereum and `ashlar relay` as processes: the contract, which is deployed with a
// set that the chain had, follows the sets and takes a certificate of a height asked for. `make relay` runs it.
func TestDevnet(t *testing.T) {
	bin := os.Getenv(binariesIn)
	if bin == "" {
		t.Skip("set " + binariesIn + " to the folder of the binaries, or run make relay")
	}
	d := &devnet{t: t, ashlar: filepath.Join(bin, "ashlar")}
	d.start()
	var set api.AttesterSet
	d.wait("the chain's second epoch, whose set has a time", func() bool {
		return d.get("/v1/attesters/current", &set) == nil && set.Epoch > 0
	})
	d.deploy(&set)
	d.follow()
}

// start starts a chain on free ports.
func (d *devnet) start() {
	d.t.Helper()
	command := exec.CommandContext(d.t.Context(), d.ashlar, "dev", "--home", filepath.Join(d.t.TempDir(), "home"), "--chain-id", devChain,
		"--api.address", "127.0.0.1:0", "--rpc.laddr", "tcp://127.0.0.1:0", "--libp2p.listen", "/ip4/127.0.0.1/tcp/0", "-o", "json")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 20 * time.Second
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		d.t.Fatal(err)
	}
	var told map[string]any
	if err := json.NewDecoder(out).Decode(&told); err != nil {
		d.t.Fatalf("what ashlar dev says: %v", err)
	}
	d.node = fmt.Sprint(told["api"])
	d.t.Cleanup(func() { _ = command.Wait() }) // it was interrupted
}

// wait asks once a second until a condition holds.
func (d *devnet) wait(what string, holds func() bool) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 3*time.Minute)
	defer cancel()
	for !holds() {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			d.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// devnet is a network and the chain of the contract that follows it.
type devnet struct {
	t      *testing.T
	ashlar string // the binary
	node   string
	world  *world
	key    string
}

// get asks the node.
func (d *devnet) get(path string, answer any) error {
	response, err := http.Get(d.node + path)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // it was read
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// deploy deploys a contract that trusts a set.
func (d *devnet) deploy(set *api.AttesterSet) {
	d.t.Helper()
	chain, err := l1.Start(0, relay.AddressOf(key(0)))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = chain.Close() }) // the test is over
	chain.Mine(1)
	a := &ashlar{taken: []uint64{set.Time}, sets: []*da.AttesterSet{{Epoch: set.Epoch, Total: set.Total}}}
	for _, shown := range set.Attesters {
		operator, err := da.ParseAddress(shown.Operator)
		if err != nil {
			d.t.Fatal(err)
		}
		a.sets[0].Attesters = append(a.sets[0].Attesters, da.Attester{Operator: operator, Key: da.AttestationKey(shown.Key), Power: shown.Power})
	}
	d.world = &world{t: d.t, l1: chain, ashlar: a, node: d.node}
	d.world.address = d.world.deploy(devChain)
	d.world.bind()
	d.key = filepath.Join(d.t.TempDir(), "key")
	if err := os.WriteFile(d.key, fmt.Appendf(nil, "%x", crypto.FromECDSA(key(0))), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// run runs the relay's command line while blocks are made, until it ends.
func (d *devnet) run(args ...string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 3*time.Minute)
	defer cancel()
	args = append([]string{"relay"}, args...)
	args = append(args, "--rpc", d.world.l1.URL, "--contract", d.world.address.Hex(), "--node", d.node, "--key", d.key, "--poll", "200ms", "--confirmations", "2", "--home", d.t.TempDir())
	command := exec.CommandContext(ctx, d.ashlar, args...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		d.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for ticker := time.NewTicker(500 * time.Millisecond); ; {
		select {
		case err := <-ended:
			ticker.Stop()
			if err != nil {
				d.t.Fatalf("%v\n%s", err, out.String())
			}
			return out.String()
		case <-ticker.C:
			d.world.l1.Mine(1)
		}
	}
}

// follow has the relay bring a certificate of the epoch after the next, for which it needs rotations.
func (d *devnet) follow() {
	d.t.Helper()
	first := d.world.epoch()
	var newest api.Certificate
	d.wait("a certificate two epochs on", func() bool {
		return d.get("/v1/certificates/latest", &newest) == nil && newest.Epoch >= first+2
	})
	out := d.run("post", fmt.Sprint(newest.Height))
	if !strings.Contains(out, fmt.Sprintf("height %d: covered", newest.Height)) || d.world.epoch() < first+2 {
		d.t.Errorf("epoch %d, was %d\n%s", d.world.epoch(), first, out)
	}
	again := d.run("post", fmt.Sprint(newest.Height))
	if strings.Contains(again, "msg=sending task=\"the certificate") {
		d.t.Errorf("posted twice:\n%s", again)
	}
	if status := d.run("status"); !strings.Contains(status, "for "+devChain) {
		d.t.Error(status)
	}
}
