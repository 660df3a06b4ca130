package gateway_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/beacon"
	"github.com/ashlar-da/ashlar/gateway/cdk"
	"github.com/ashlar-da/ashlar/gateway/celestia"
	"github.com/ashlar-da/ashlar/gateway/gatewaytest"
	"github.com/ashlar-da/ashlar/gateway/nitro"
	"github.com/ashlar-da/ashlar/gateway/opaltda"
	"github.com/ashlar-da/ashlar/gateway/rollkit"
)

// writes is a protocol, and a request of it that a token is needed for.
type writes struct {
	name, path, body string
	scopes           []string
	make             func(*gateway.Core, *gateway.Gate) http.Handler
	// params are those of the body's method, and the body of OP's, that put data.
	params func(data string) string
}

// put puts data, and returns why it was not.
func (w *writes) put(t *testing.T, h http.Handler, data string) string {
	if w.name == "OP" {
		if answer := ask(t, h, "POST", w.path, []byte(data)); answer.Code != http.StatusOK {
			return fmt.Sprint(answer.Code, answer.Body)
		}
		return ""
	}
	return rpc(t, h, w.scopes[0], w.params(data), nil)
}

// sequencer is the key of the sequencer whose sequences the member signs.
var sequencer = must(crypto.GenerateKey())

func writing() []writes {
	call := func(method, params string) string {
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params)
	}
	return []writes{
		{"OP", "/put", "x", []string{"/put"}, opaltda.New, nil},
		{"Nitro", "/", call("daprovider_store", `["0x00","0x0"]`), []string{"daprovider_store", "daprovider_startChunkedStore", "daprovider_sendChunk", "daprovider_commitChunkedStore"}, nitro.New, func(data string) string {
			return fmt.Sprintf(`["0x%x","0x0"]`, data)
		}},
		{"Celestia", "/", call("blob.Submit", `[[],{}]`), []string{"blob.Submit"}, celestia.New, func(data string) string {
			return toJSON([]any{[]celestiaBlob{newCelestiaBlob("alpha", data)}, nil})
		}},
		{"Rollkit", "/", call("da.Submit", `[["AA=="],0,null]`), []string{"da.Submit", "da.SubmitWithOptions"}, rollkit.New, func(data string) string {
			return toJSON([]any{[][]byte{[]byte(data)}, 0, nil})
		}},
		{"CDK", "/", call("datacom_signSequence", `[{}]`), []string{"datacom_signSequence", "datacom_signSequenceBanana"}, func(core *gateway.Core, gate *gateway.Gate) http.Handler {
			return must(cdk.New(core, gate, cdk.Config{Key: sequencer, Sequencer: crypto.PubkeyToAddress(sequencer.PublicKey)}))
		}, func(data string) string {
			params, _ := signSequence(sequencer, []byte(data))
			return params
		}},
	}
}

// requests are one for each scope.
func (w *writes) requests() map[string]string {
	requests := map[string]string{}
	for _, scope := range w.scopes {
		requests[scope] = strings.Replace(w.body, w.scopes[0], scope, 1)
	}
	return requests
}

// TestScopes gives each of each protocol's scopes the token of each.
func TestScopes(t *testing.T) {
	core, _ := gatewaytest.Alone(t)
	file := filepath.Join(t.TempDir(), "tokens")
	tokens, names := []string{}, []string{"", "guess", "*"}
	for _, w := range writing() {
		names = append(names, w.scopes...)
	}
	for _, name := range names[2:] {
		tokens = append(tokens, fmt.Sprintf(`{"name":%q,"sha256":"%x","scopes":[%q]}`, name, sha256.Sum256([]byte(name)), name))
	}
	if err := os.WriteFile(file, []byte("["+strings.Join(tokens, ",")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, w := range writing() {
		h := w.make(core, must(gateway.NewGate(gateway.GateConfig{Tokens: file})))
		for scope, request := range w.requests() {
			for _, token := range names {
				answer := ask(t, h, "POST", w.path, []byte(request), func(r *http.Request) {
					if token != "" {
						r.Header.Set("Authorization", "Bearer "+token)
					}
				})
				if open := answer.Code != http.StatusUnauthorized; open != (token == scope || token == "*") {
					t.Errorf("%s by the token %q: %d %s", scope, token, answer.Code, answer.Body)
				}
			}
		}
	}
}

// TestBodiesAreBounded posts without end to each protocol, and then has each out of memory.
func TestBodiesAreBounded(t *testing.T) {
	core, _ := gatewaytest.Alone(t)
	endless := func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(blanks{}), -1 }
	for _, w := range writing() {
		gate := must(gateway.NewGate(gateway.GateConfig{}))
		if answer := ask(t, w.make(core, gate), "POST", w.path, nil, endless); answer.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: an endless body: %d", w.name, answer.Code)
		}
		release, err := gate.Reserve(gateway.DefaultMemory)
		if err != nil {
			t.Fatalf("%s: what was refused is held: %v", w.name, err)
		}
		if answer := ask(t, w.make(core, gate), "POST", w.path, []byte(w.body)); answer.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: out of memory: %d", w.name, answer.Code)
		}
		release()
	}
	if answer := ask(t, beacon.New(core, must(gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(1, 1)}))), "GET", "/eth/v1/beacon/blobs/1", nil); answer.Code != http.StatusServiceUnavailable {
		t.Errorf("the beacon API out of memory: %d", answer.Code)
	}
}

type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	copy(b, bytes.Repeat([]byte(" "), len(b)))
	return len(b), nil
}

// selfSigned writes a certificate for 127.0.0.1 and its key, and returns their files and who trusts it.
func selfSigned(t *testing.T) (certificate, key string, trusts *x509.CertPool) {
	t.Helper()
	secret := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret))
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	private := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: must(x509.MarshalECPrivateKey(secret))})
	for path, content := range map[string][]byte{certificate: encoded, key: private} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trusts = x509.NewCertPool()
	trusts.AppendCertsFromPEM(encoded)
	return certificate, key, trusts
}

func TestTLS(t *testing.T) {
	certificate, key, trusts := selfSigned(t)
	_, otherKey, trustsOther := selfSigned(t)
	config := gateway.ServerConfig{
		Protocol: "test", Address: "127.0.0.1:0", Certificate: certificate, Key: key, Log: discard(),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("encrypted")) }),
	}
	server, err := gateway.NewServer(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	for _, c := range []struct {
		name, scheme string
		tls          *tls.Config
		status       int // 0: no answer
	}{
		{"who trusts the certificate", "https", &tls.Config{RootCAs: trusts}, 200},
		{"who trusts another", "https", &tls.Config{RootCAs: trustsOther}, 0},
		{"who wants another name", "https", &tls.Config{RootCAs: trusts, ServerName: "elsewhere.example"}, 0},
		{"an old TLS", "https", &tls.Config{RootCAs: trusts, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, 0},
		{"no TLS", "http", nil, 400},
	} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: c.tls, DisableKeepAlives: true}}
		response, err := client.Get(c.scheme + "://" + server.Addr().String())
		status := 0
		if err == nil {
			status = response.StatusCode
			body, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if (string(body) == "encrypted") != (status == 200) {
				t.Errorf("%s: %s", c.name, body)
			}
		}
		if status != c.status {
			t.Errorf("%s: %d, %v", c.name, status, err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	config.Key = otherKey
	if _, err := gateway.NewServer(t.Context(), config); err == nil {
		t.Error("another certificate's key is taken")
	}
	config.Key = ""
	if _, err := gateway.NewServer(t.Context(), config); err == nil {
		t.Error("a certificate without key is taken")
	}
}

// TestOtherSites has a browser post for a page of the gateway's own, and for one of another site.
func TestOtherSites(t *testing.T) {
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	server, err := gateway.NewServer(t.Context(), gateway.ServerConfig{Protocol: "test", Address: "127.0.0.1:0", Handler: handler, Log: discard()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	url := "http://" + server.Addr().String()
	for _, c := range []struct {
		method, origin string
		want           int
	}{
		{http.MethodPost, "", http.StatusOK},
		{http.MethodPost, url, http.StatusOK},
		{http.MethodPost, "https://elsewhere.example", http.StatusForbidden},
		{http.MethodPost, "null", http.StatusForbidden},
		{http.MethodGet, "https://elsewhere.example", http.StatusOK},
	} {
		request := must(http.NewRequestWithContext(t.Context(), c.method, url, strings.NewReader("{}")))
		if c.origin != "" {
			request.Header.Set("Origin", c.origin)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("%s from %q: %d, want %d", c.method, c.origin, response.StatusCode, c.want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestWhoReadsNothing holds that every part of an answer has a time by which it is to be read.
func TestWhoReadsNothing(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 64<<10)) })
	served := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	gateway.Watched(gateway.ServerConfig{Protocol: "test", Handler: handler, Log: discard()}).ServeHTTP(served, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if len(served.write) != 2 || !served.write[0].IsZero() || served.write[1].IsZero() {
		t.Errorf("deadlines %v", served.write)
	}
}

// deadlines notes until when an answer may be written.
type deadlines struct {
	*httptest.ResponseRecorder
	write []time.Time
}

func (d *deadlines) SetWriteDeadline(until time.Time) error {
	d.write = append(d.write, until)
	return nil
}
