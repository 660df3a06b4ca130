package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/spf13/pflag"

	"github.com/ashlar-da/ashlar/app"
	"github.com/ashlar-da/ashlar/fullnode/nodetest"
)

// inNode is a gateway in a node, and where it serves which protocol.
type inNode struct {
	t  *testing.T
	at map[string]string
}

// startInNode starts a node and a gateway in it that serves every protocol.
func startInNode(t *testing.T, more ...string) *inNode {
	app.ConfigureSDK()
	node, err := nodetest.Start("in-node-1", 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Stop() })
	f := pflag.NewFlagSet("start", pflag.ContinueOnError)
	addNodeGatewayFlags(f)
	args := append([]string{"--gateway.namespace", strings.Repeat("00", 19) + strings.Repeat("61", 10), "--gateway.key", nodetest.Key, "--gateway.posters", node.Signer.Address()}, more...)
	for _, p := range protocols() {
		args = append(args, "--gateway."+p.flag, "127.0.0.1:0")
	}
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	g, err := nodeGateway(t.Context(), f, &node.Config, node.Node, node.Config.Log, &out)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, g.Close()); err != nil {
			t.Error(err)
		}
	})
	n := &inNode{t, map[string]string{}}
	for line := range strings.Lines(out.String()) {
		name, address, _ := strings.Cut(strings.TrimSpace(line), " ")
		n.at[strings.TrimPrefix(name, nodeGatewayPrefix)] = address
	}
	for status, _ := n.ask("op-alt-da", "GET", "/health", nil); status != 200; status, _ = n.ask("op-alt-da", "GET", "/health", nil) {
		time.Sleep(20 * time.Millisecond)
	}
	return n
}

// ask sends a request to a protocol.
func (n *inNode) ask(protocol, method, path string, body []byte) (int, []byte) {
	n.t.Helper()
	request, err := http.NewRequestWithContext(n.t.Context(), method, "http://"+n.at[protocol]+path, bytes.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		n.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return response.StatusCode, answer
}

// call calls a method of a protocol's with parameters.
func (n *inNode) call(protocol, method string, into any, params ...any) {
	n.t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		n.t.Fatal(err)
	}
	_, encoded := n.ask(protocol, "POST", "/", body)
	answer := struct {
		Result any
		Error  any
	}{Result: into}
	if err := json.Unmarshal(encoded, &answer); err != nil || answer.Error != nil {
		n.t.Fatalf("%s: %s, %v", method, encoded, err)
	}
}

// TestEveryProtocolInANode puts by each protocol of a gateway in a node, and reads it back.
func TestEveryProtocolInANode(t *testing.T) {
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(fmt.Sprintf("%x", crypto.FromECDSA(key))), 0o600); err != nil {
		t.Fatal(err)
	}
	n := startInNode(t, "--gateway.cdk-key", file, "--gateway.cdk-sequencer", crypto.PubkeyToAddress(key.PublicKey).Hex())
	data := func(name string) []byte { return []byte("put in a node by " + name) }
	same := func(name string, got []byte) {
		t.Helper()
		if string(got) != string(data(name)) {
			t.Errorf("%s: %q", name, got)
		}
	}

	status, commitment := n.ask("op-alt-da", "POST", "/put", data("OP"))
	if status != 200 {
		t.Fatalf("OP: %d %s", status, commitment)
	}
	_, got := n.ask("op-alt-da", "GET", fmt.Sprintf("/get/0x%x", commitment), nil)
	same("OP", got)

	var stored struct {
		Certificate hexutil.Bytes `json:"serialized-da-cert"`
	}
	n.call("nitro", "daprovider_store", &stored, hexutil.Encode(data("Nitro")), "0x0")
	var recovered struct{ Payload []byte }
	message := append(make([]byte, 40), stored.Certificate...)
	n.call("nitro", "daprovider_recoverPayload", &recovered, "0x5", hexutil.Encode(make([]byte, 32)), hexutil.Encode(message))
	same("Nitro", recovered.Payload)

	namespace := base64.StdEncoding.EncodeToString(append(make([]byte, 19), "celestia's"...))
	var height uint64
	n.call("celestia", "blob.Submit", &height, []any{map[string]any{"namespace": namespace, "data": data("Celestia"), "share_version": 0}}, nil)
	var blobs []struct{ Data []byte }
	n.call("celestia", "blob.GetAll", &blobs, height, []string{namespace})
	same("Celestia", blobs[0].Data)

	var ids, gotten [][]byte
	n.call("rollkit", "da.Submit", &ids, [][]byte{data("Rollkit")}, 0, []byte("rollup"))
	n.call("rollkit", "da.Get", &gotten, ids, []byte("rollup"))
	same("Rollkit", gotten[0])

	hash := crypto.Keccak256(make([]byte, 32), crypto.Keccak256(data("CDK")))
	signature, err := crypto.Sign(hash, key)
	if err != nil {
		t.Fatal(err)
	}
	signature[64] += 27
	var signed, batch hexutil.Bytes
	n.call("cdk", "datacom_signSequence", &signed, map[string]any{"sequence": []string{hexutil.Encode(data("CDK"))}, "signature": hexutil.Encode(signature)})
	n.call("cdk", "sync_getOffChainData", &batch, hexutil.Encode(crypto.Keccak256(data("CDK"))))
	same("CDK", batch)

	_, encoded := n.ask("beacon", "GET", fmt.Sprintf("/eth/v1/beacon/blobs/%d", height), nil)
	var rows struct{ Data []hexutil.Bytes }
	if err := json.Unmarshal(encoded, &rows); err != nil || len(rows.Data) == 0 {
		t.Errorf("beacon: %v, %.200s", err, encoded)
	}
}

// TestANodeOutlivesItsGateway has the gateway in a node fail and panic, and the node end.
func TestANodeOutlivesItsGateway(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	until := func(ctx context.Context) error { <-ctx.Done(); return nil }
	for name, fails := range map[string]func(context.Context) error{
		"fails":  func(context.Context) error { return errors.New("the gateway's") },
		"panics": func(context.Context) error { panic("the gateway's") },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		err := besides(ctx, until, func(ctx context.Context) error {
			defer close(ended)
			defer time.AfterFunc(10*time.Millisecond, cancel) // the node is to be there still
			return fails(ctx)
		}, log)
		<-ended
		if ctx.Err() == nil || err != nil {
			t.Errorf("a gateway that %s ended the node: %v", name, err)
		}
	}
	wrong := errors.New("the node's")
	if err := besides(t.Context(), func(context.Context) error { return wrong }, until, log); !errors.Is(err, wrong) {
		t.Errorf("a gateway outlived its node: %v", err)
	}
}

// TestWhatIsOpenIsSaid looks at what is said of addresses.
func TestWhatIsOpenIsSaid(t *testing.T) {
	everywhere, here := &net.TCPAddr{IP: net.IPv4zero, Port: 1}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
	const posts, reads = "posts at this gateway's expense", "can be read and changed"
	for _, c := range []struct {
		name, protocol string
		at             net.Addr
		args           []string
		want           []string
	}{
		{"loopback", "op-alt-da", here, nil, nil},
		{"open", "op-alt-da", everywhere, nil, []string{posts, reads}},
		{"open to IPv6", "celestia", &net.TCPAddr{IP: net.IPv6unspecified, Port: 1}, nil, []string{posts, reads}},
		{"with tokens", "cdk", everywhere, []string{"--tokens", "file"}, []string{reads}},
		{"with a certificate", "rollkit", everywhere, []string{"--tls-cert", "file"}, []string{posts}},
		{"with both", "op-alt-da", everywhere, []string{"--tokens", "file", "--tls-cert", "file"}, nil},
		{"Nitro's secret", "nitro", everywhere, []string{"--nitro-jwtsecret", "file", "--tls-cert", "file"}, nil},
		{"Nitro's secret, another's protocol", "cdk", everywhere, []string{"--nitro-jwtsecret", "file", "--tls-cert", "file"}, []string{posts}},
		{"reading", "beacon", everywhere, nil, []string{reads}},
		{"metrics", "metrics", everywhere, nil, nil},
	} {
		f := pflag.NewFlagSet("gateway", pflag.ContinueOnError)
		addGatewayFlags(f, "", ownMemory)
		if err := f.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		warnOpen(slog.New(slog.NewTextHandler(&said, nil)), gatewayOptions{f, ""}, c.protocol, c.at)
		for _, about := range []string{posts, reads} {
			wanted := strings.Contains(strings.Join(c.want, "\n"), about)
			if strings.Contains(said.String(), about) != wanted {
				t.Errorf("%s: %s", c.name, &said)
			}
		}
	}
}
