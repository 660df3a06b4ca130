package gateway_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ashlar-da/ashlar/da"
	"github.com/ashlar-da/ashlar/gateway"
	"github.com/ashlar-da/ashlar/gateway/nitro"
)

// rpcAnswer is what a JSON-RPC server answers.
type rpcAnswer struct {
	ID     json.RawMessage
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
	}
}

// rpc calls a method with parameters as JSON shows them.
func rpc(t testing.TB, h http.Handler, method, params string, into any) string {
	t.Helper()
	w := ask(t, h, "POST", "/", fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params))
	var answer rpcAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
		return fmt.Sprintf("%d %s", w.Code, w.Body)
	}
	if answer.Error != nil {
		return fmt.Sprintf("%d %s", answer.Error.Code, answer.Error.Message)
	}
	if into != nil {
		if err := json.Unmarshal(answer.Result, into); err != nil {
			t.Fatal(err)
		}
	}
	return ""
}

func TestNitro(t *testing.T) {
	core := live(t)
	h := nitro.New(core, must(gateway.NewGate(gateway.GateConfig{})))
	data := []byte("a batch")
	soon := fmt.Sprintf("0x%x", time.Now().Add(time.Hour).Unix())
	var stored struct {
		Certificate string `json:"serialized-da-cert"`
	}
	if problem := rpc(t, h, "daprovider_store", fmt.Sprintf(`["0x%x",%q]`, data, soon), &stored); problem != "" {
		t.Fatal(problem)
	}
	certificate := must(hex.DecodeString(strings.TrimPrefix(stored.Certificate, "0x")))
	message := func(certificate []byte) string {
		return fmt.Sprintf(`["0x5","0x%x","0x%x%x"]`, make([]byte, 32), make([]byte, 40), certificate)
	}
	var both struct {
		Payload   []byte
		Preimages map[string]map[string][]byte
	}
	if problem := rpc(t, h, "daprovider_recoverPayloadAndPreimages", message(certificate), &both); problem != "" {
		t.Fatal(problem)
	}
	if preimage := both.Preimages["3"][fmt.Sprintf("0x%x", da.Keccak256(certificate))]; !bytes.Equal(both.Payload, data) || !bytes.Equal(preimage, data) {
		t.Errorf("%+v", both)
	}
	narrow := nitro.New(core, must(gateway.NewGate(gateway.GateConfig{Memory: gateway.NewMemory(gateway.MaxSize+64<<10, 1)})))
	if problem := rpc(t, narrow, "daprovider_recoverPayload", message(certificate), nil); problem != "" {
		t.Errorf("a short batch takes more than a long one's bytes: %s", problem)
	}
	flip := func(at int) []byte {
		changed := bytes.Clone(certificate)
		changed[at] ^= 1
		return changed
	}
	for _, c := range []struct{ name, method, params, want string }{
		{"payload", "daprovider_recoverPayload", message(certificate), ""},
		{"preimages", "daprovider_collectPreimages", message(certificate), ""},
		{"header bytes", "daprovider_getSupportedHeaderBytes", "[]", ""},
		{"size", "daprovider_getMaxMessageSize", "[]", ""},
		{"another data root", "daprovider_recoverPayload", message(flip(42)), "certificate validation failed"},
		{"another blob tree root", "daprovider_recoverPayload", message(flip(74)), "certificate validation failed"},
		{"a block to come", "daprovider_recoverPayload", message(flip(5)), "the chain is behind"},
		{"no block of any chain", "daprovider_recoverPayload", message(append([]byte{1, 0x61, 0xff}, certificate[3:]...)), "certificate validation failed"},
		{"another provider's", "daprovider_recoverPayload", message(flip(1)), "certificate validation failed"},
		{"no certificate", "daprovider_recoverPayload", message(nil), "certificate validation failed"},
		{"too large", "daprovider_store", fmt.Sprintf(`["0x%s",%q]`, strings.Repeat("00", gateway.MaxSize+1), soon), "message too large for current DA backend"},
		{"to be kept for years", "daprovider_store", `["0x00","0xffffffffff"]`, "DA provider requests fallback to next writer"},
		{"a number without 0x", "daprovider_store", `["0x00","5"]`, "-32602"},
		{"no parameters", "daprovider_store", `[]`, "-32602"},
		{"no list", "daprovider_store", `{}`, "-32602"},
		{"no method", "daprovider_nothing", `[]`, "-32601"},
	} {
		problem := rpc(t, h, c.method, c.params, nil)
		if c.want == "" && problem != "" || !strings.Contains(problem, c.want) {
			t.Errorf("%s: %.200s, want %q", c.name, problem, c.want)
		}
	}
}

// answered is what a method that proves something answers.
type answered struct{ Proof string }

func (a *answered) bytes() []byte { return must(hex.DecodeString(strings.TrimPrefix(a.Proof, "0x"))) }

// TestNitroProves: pieces of a batch are opened as the contract reads them, and certificates judged with evidence that
// verifies. That the contract takes both is for make conformance to show.
func TestNitroProves(t *testing.T) {
	core := live(t)
	h := nitro.New(core, must(gateway.NewGate(gateway.GateConfig{})))
	data := bytes.Repeat([]byte("a batch of some size. "), 50)
	ref := put(t, core, data)
	proven := must(core.Prove(t.Context(), ref))
	header := proven.Header.DA()
	certificate := (&nitro.Certificate{Ref: ref, DataRoot: header.DataRoot(), BlobTreeRoot: header.BlobTreeRoot, Path: proven.BlobTreeProof}).Encode()
	prove := func(method, params string) []byte {
		t.Helper()
		var proof answered
		for {
			problem := rpc(t, h, method, params, &proof)
			if problem == "" {
				return proof.bytes()
			}
			if !strings.Contains(problem, "the chain is behind") || t.Context().Err() != nil {
				t.Fatal(problem)
			}
			time.Sleep(50 * time.Millisecond) // no certificate covers the height yet
		}
	}
	for offset, openings := range map[int]int{0: 2, 64: 2, 1088: 1, 1100: 0, 1 << 40: 0} {
		proof := prove("daprovider_generateReadPreimageProof", fmt.Sprintf(`["0x%x","0x%x"]`, offset, certificate))
		if want := 29 + 1 + 32 + 8 + 1 + 32 + 128*openings; len(proof) != want {
			t.Errorf("from %d on: %d bytes, want %d", offset, len(proof), want)
		}
		for i := range openings {
			at := (offset/31 + i) * 31
			if value := proof[103+128*i:][:32]; !bytes.HasPrefix(value[1:], data[at:min(at+31, len(data))]) {
				t.Errorf("from %d on: scalar %x", offset, value)
			}
		}
	}
	judge := func(certificate []byte) []byte {
		return prove("daprovider_generateCertificateValidityProof", fmt.Sprintf(`["0x%x"]`, certificate))
	}
	flip := func(at int) []byte {
		changed := bytes.Clone(certificate)
		changed[at] ^= 1
		return changed
	}
	for name, c := range map[string]struct {
		certificate []byte
		claim       byte
		evidence    bool
	}{"valid": {certificate, 1, true}, "another data root": {flip(42), 0, true}, "malformed": {flip(1), 0, false}, "another path": {flip(10), 0, false}, "empty": {nil, 0, false}} {
		proof := judge(c.certificate)
		if proof[0] != c.claim || (len(proof) > 1) != c.evidence {
			t.Errorf("%s: %d bytes, claim %d", name, len(proof), proof[0])
		}
		dataRoot := header.DataRoot()
		if c.evidence && (len(proof) < 505 || (len(proof)-505)%32 != 0 || !bytes.Equal(proof[441:473], dataRoot[:])) {
			t.Errorf("%s: evidence of %d bytes", name, len(proof))
		}
	}
	for name, c := range map[string]struct{ method, params, want string }{
		"a piece of what is invalid":   {"daprovider_generateReadPreimageProof", fmt.Sprintf(`["0x0","0x%x"]`, flip(42)), "certificate validation failed"},
		"a piece of what is malformed": {"daprovider_generateReadPreimageProof", `["0x0","0x0161"]`, "certificate validation failed"},
		"a piece of a block to come":   {"daprovider_generateReadPreimageProof", fmt.Sprintf(`["0x0","0x%x"]`, flip(6)), "the chain is behind"},
		"a block to come":              {"daprovider_generateCertificateValidityProof", fmt.Sprintf(`["0x%x"]`, flip(6)), "the chain is behind"},
		"no offset":                    {"daprovider_generateReadPreimageProof", fmt.Sprintf(`["0x%x"]`, certificate), "-32602"},
		"a negative offset":            {"daprovider_generateReadPreimageProof", fmt.Sprintf(`["-0x1","0x%x"]`, certificate), "-32602"},
		"no certificate":               {"daprovider_generateCertificateValidityProof", `[]`, "-32602"},
		"too many parameters":          {"daprovider_generateCertificateValidityProof", `["0x","0x"]`, "-32602"},
	} {
		if problem := rpc(t, h, c.method, c.params, nil); !strings.Contains(problem, c.want) {
			t.Errorf("%s: %.200s, want %q", name, problem, c.want)
		}
	}
}

// TestNitroClaims: where nodes do not prove a height any more, only the claim is answered, for a contract that knows the verdict.
func TestNitroClaims(t *testing.T) {
	var pruned atomic.Bool
	core, _ := open(t, liar(t, func(r *http.Request, status int, body []byte) (int, []byte) {
		if pruned.Load() && strings.Contains(r.URL.Path, "/v1/history/") {
			return http.StatusGone, []byte(`{"error":{"code":"pruned","message":"outside the window"}}`)
		}
		return status, body
	}), t.TempDir(), nil)
	ready(t, core)
	ref := put(t, core, []byte("a batch of long ago"))
	for { // until a certificate covers the height
		if _, err := core.Attested(t.Context(), ref.Height); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	pruned.Store(true)
	proven := must(core.Prove(t.Context(), ref))
	header := proven.Header.DA()
	certificate := &nitro.Certificate{Ref: ref, DataRoot: header.DataRoot(), BlobTreeRoot: header.BlobTreeRoot, Path: proven.BlobTreeProof}
	other := *certificate
	other.DataRoot[0] ^= 1
	h := nitro.New(core, must(gateway.NewGate(gateway.GateConfig{})))
	for want, c := range []*nitro.Certificate{&other, certificate} {
		var proof answered
		problem := rpc(t, h, "daprovider_generateCertificateValidityProof", fmt.Sprintf(`["0x%x"]`, c.Encode()), &proof)
		if problem != "" || !bytes.Equal(proof.bytes(), []byte{byte(want)}) {
			t.Errorf("%s %s, want %d", proof.Proof, problem, want)
		}
	}
}

func TestJSONRPC(t *testing.T) {
	core, _ := open(t, "http://127.0.0.1:1", t.TempDir(), nil)
	h := nitro.New(core, must(gateway.NewGate(gateway.GateConfig{})))
	size := `{"jsonrpc":"2.0","id":"a","method":"daprovider_getMaxMessageSize"}`
	for name, c := range map[string]struct {
		body, want string
		status     int
	}{
		"a call":           {size, `{"jsonrpc":"2.0","id":"a","result":{"maxSize":2031616}}`, 200},
		"a batch":          {"[" + size + "," + size + "]", `[{"jsonrpc":"2.0","id":"a","result"`, 200},
		"a notification":   {`{"jsonrpc":"2.0","method":"daprovider_getMaxMessageSize"}`, "", 200},
		"an empty batch":   {`[]`, "-32600", 200},
		"a large batch":    {"[" + strings.Repeat(size+",", 100) + size + "]", "-32600", 200},
		"no JSON":          {`{`, "-32700", 200},
		"half a batch":     {"[" + size, "-32700", 200},
		"more than one":    {size + size, "-32700", 200},
		"nothing":          {``, "-32700", 200},
		"another version":  {`{"id":1,"method":"daprovider_getMaxMessageSize"}`, "-32600", 200},
		"an id of no type": {`{"jsonrpc":"2.0","id":{},"method":"daprovider_getMaxMessageSize"}`, "-32600", 200},
		"too much":         {strings.Repeat(" ", 5<<20+1), "", 413},
	} {
		w := ask(t, h, "POST", "/", []byte(c.body))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || c.want == "" && c.status == 200 && w.Body.Len() > 0 {
			t.Errorf("%s: %d %.200s", name, w.Code, w.Body)
		}
	}
	if problem := rpc(t, h, "daprovider_store", `["0x00","0x0"]`, nil); !strings.Contains(problem, "DA provider requests fallback to next writer") {
		t.Errorf("with no chain: %s", problem)
	}
}
