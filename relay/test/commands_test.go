package test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/relay"
)

// binary is the command line: that of ASHLAR_BIN, or built here.
func binary(t *testing.T) string {
	t.Helper()
	if folder := os.Getenv(binariesIn); folder != "" {
		return filepath.Join(folder, "ashlar")
	}
	path := filepath.Join(t.TempDir(), "ashlar")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/ashlar")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build ashlar: %v\n%s", err, out)
	}
	return path
}

// keyFile writes an account's key where the command line reads it.
func keyFile(t *testing.T, i byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, fmt.Appendf(nil, "%x", crypto.FromECDSA(key(i))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCommandSays: what is wrong with how a relay is started, or with what its account has, is what its last words are about.
func TestCommandSays(t *testing.T) {
	w, ashlar := newWorld(t, 5), binary(t)
	foreign := w.deploy("another-chain")
	other, err := w.l1.Deploy("AshlarHistory")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		key  byte
		args []string
		says []string
	}{
		{"no funds", 9, nil, []string{relay.AddressOf(key(9)).Hex(), "has 0 ETH", "send it at least"}},
		{"no funds, on demand", 9, []string{"post", "1"}, []string{"has 0 ETH", "send it at least"}},
		{"no contract there", 0, []string{"--contract", common.Address{1}.Hex()}, []string{"has no code", "--contract", "--rpc"}},
		{"another contract", 0, []string{"--contract", other.Hex()}, []string{relay.ErrNotLightClient.Error(), other.Hex()}},
		{"another chain's contract", 0, []string{"--contract", foreign.Hex()}, []string{relay.ErrOtherChain.Error(), chainID}},
		{"no address", 0, []string{"--contract", "0x12"}, []string{"40 hex digits"}},
		{"another Ethereum", 0, []string{"--chain-id", "1"}, []string{relay.ErrWrongL1.Error(), "1337", "--chain-id is 1"}},
		{"no place for metrics", 0, []string{"--metrics", "nowhere"}, []string{"--metrics"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			args := []string{"relay", "--rpc", w.l1.URL, "--contract", w.address.Hex(), "--node", w.node, "--key", keyFile(t, row.key), "--home", t.TempDir()}
			if len(row.args) == 0 || row.args[0] != "post" {
				args = append(args, "--once")
			}
			out, err := exec.CommandContext(ctx, ashlar, append(args, row.args...)...).CombinedOutput()
			if err == nil || ctx.Err() != nil {
				t.Errorf("ended with %v", err)
			}
			for _, want := range row.says {
				if !strings.Contains(strings.ToLower(string(out)), strings.ToLower(want)) {
					t.Errorf("does not say %q:\n%s", want, out)
				}
			}
		})
	}
	if w.nonce(0) != 0 {
		t.Error("something was sent")
	}
}

// TestCommandServesMetrics has the command line serve what it knows while it runs.
func TestCommandServesMetrics(t *testing.T) {
	w, ashlar := newWorld(t, 5), binary(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, ashlar, "relay", "--rpc", w.l1.URL, "--contract", w.address.Hex(), "--node", w.node, "--key", keyFile(t, 0),
		"--home", t.TempDir(), "--poll", "50ms", "--metrics", address)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = time.Minute
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for ctx.Err() == nil {
		var status relay.Status
		if text, err := read("http://" + address + "/status"); err == nil && json.Unmarshal([]byte(text), &status) == nil && status.Epoch == 1 {
			break
		}
		w.l1.Mine(1)
		time.Sleep(100 * time.Millisecond)
	}
	text, err := read("http://" + address + "/metrics")
	if err != nil || !strings.Contains(text, "\nashlar_relay_contract_epoch 1\n") {
		t.Errorf("%v\n%s", err, text)
	}
	cancel()
	if err := command.Wait(); err != nil && command.ProcessState.ExitCode() != 0 {
		t.Errorf("%v\n%s", err, said.String())
	}
}

func read(url string) (string, error) {
	response, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }() // it was read
	body, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", url, response.Status)
	}
	return string(body), err
}

// TestMetrics holds each number that Prometheus is told against what happened.
func TestMetrics(t *testing.T) {
	w := newWorld(t, 5)
	c := w.config(0)
	c.Policy.Every = 10 * time.Minute
	r := w.open(c)
	w.relayed(r, 10, func() bool { return w.attested(1) && w.epoch() == 1 && idle(r) })
	s := r.Status()
	paid := told(t, r, "paid_eth_total")
	if paid <= 0 || paid > 1 {
		t.Errorf("paid %g ETH", paid)
	}
	for name, want := range map[string]float64{
		"contract_epoch": 1, "contract_expired": 0, "contract_expires_seconds": float64(w.ashlar.taken[1] + trusting),
		"last_attest_seconds": float64(s.LastAttest.Unix()), "looked_seconds": float64(s.Looked.Unix()), "alarms": 0, "waiting": 0,
		"base_fee_wei": float64(s.BaseFee), "sent_total": 2, "rotated_total": 1, "attested_total": 1, "reverted_total": 0, "failures_total": 0,
	} {
		if have := told(t, r, name); have != want {
			t.Errorf("%s is %g, want %g", name, have, want)
		}
	}

	w.sleep((trusting + 3600) * time.Second)
	w.l1.Mine(1)
	w.step(r)
	if told(t, r, "contract_expired") != 1 || told(t, r, "alarms") != 1 {
		t.Errorf("expired %g, %g alarms", told(t, r, "contract_expired"), told(t, r, "alarms"))
	}
}

// told is what /metrics says of a number.
func told(t *testing.T, r *relay.Relay, name string) (value float64) {
	t.Helper()
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(recorder.Body.String()) {
		if rest, ok := strings.CutPrefix(line, "ashlar_relay_"+name+" "); ok {
			if _, err := fmt.Sscan(rest, &value); err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	t.Fatalf("no %s", name)
	return 0
}
